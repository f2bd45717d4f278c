// docs/amqp091-behaviours.md, made from the table alone: the check sees that all of it is so, and that the page says the same.
import { fileURLToPath } from 'node:url';
import type { Behaviour, BehaviourArea } from './behaviour.js';

export const behavioursPage = fileURLToPath(
  new URL('../../../../docs/amqp091-behaviours.md', import.meta.url),
);

const escaped = (text: string) => text.replaceAll('|', '\\|');

function row({ id, says, source, instead }: Behaviour): string {
  const result = instead === undefined ? 'pass' : `exception: ${escaped(instead)}`;
  return `| \`${id}\` | ${escaped(says)} | ${source} | ${result} |`;
}

function section({ title, behaviours }: BehaviourArea): string {
  return [
    `## ${title}`,
    '',
    '| test | RabbitMQ | by | |',
    '|---|---|---|---|',
    ...behaviours.map(row),
    '',
  ].join('\n');
}

export function behavioursPageText(areas: readonly BehaviourArea[]): string {
  const all = areas.flatMap(({ behaviours }) => behaviours);
  const exceptions = all.filter(({ instead }) => instead !== undefined).length;
  const introduction = [
    '# AMQP 0-9-1: what RabbitMQ does, and what the gateway does',
    '',
    `${all.length} behaviours of RabbitMQ, in our words, each a test of this name with clients before a gateway and a real Pulsar: ${all.length - exceptions} are`,
    `the same here, ${exceptions} are exceptions, where what happens in their place is tested. All of them run in every \`npm test\`;`,
    '`npm run check -- amqp091-behaviours` runs them over two gateways, the clients of each test at both, and writes this page.',
    '',
    '`spec` is a clause of AMQP 0-9-1 (its specification, or the XML of its methods); `docs/<page>` is `https://www.rabbitmq.com/docs/<page>`, where RabbitMQ says',
    'what it does beyond; `server` is what the server does and answers, as its clients and their own tests know it.',
    '',
  ].join('\n');
  return [introduction, ...areas.map(section)].map((each) => `${each.trimEnd()}\n`).join('\n');
}
