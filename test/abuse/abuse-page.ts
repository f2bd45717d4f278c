// docs/bad-input.md, made from the tables alone: `test/abuse/abuse-page.spec.ts` sees that the page says the same.
// `PULSEGATE_WRITE_PAGES=1` writes it.
import { fileURLToPath } from 'node:url';
import { type AbuseItem, type AbuseTable, abuseItems } from './abuse.js';
import { adminAbuse } from './admin-abuse.js';
import { amqpAbuse } from './amqp/amqp-abuse.js';
import { amqp091Abuse } from './amqp091/amqp091-abuse.js';
import { everyProtocol } from './every-protocol.js';
import { kafkaAbuse } from './kafka/kafka-abuse.js';
import { mqttAbuse } from './mqtt/mqtt-abuse.js';
import { webSocketAbuse } from './websocket-abuse.js';

export const abusePage = fileURLToPath(new URL('../../../docs/bad-input.md', import.meta.url));

const ofMessages = [
  kafkaAbuse,
  mqttAbuse,
  amqpAbuse,
  amqp091Abuse,
] as unknown as readonly AbuseTable<unknown>[];

export const abuseTables = [
  ...ofMessages.map((table) => ({ ...table, rows: [...table.rows, ...everyProtocol] })),
  webSocketAbuse,
  adminAbuse,
] as readonly AbuseTable<unknown>[];

const items = Object.entries(abuseItems) as [AbuseItem, string][];

export function abusePageText(): string {
  const rows = abuseTables.flatMap((table) => table.rows);
  const introduction = [
    '# Bad input',
    '',
    'What hostile clients try, on each protocol, and what they meet. Each row is a test in every `npm test`, most of them before a real gateway. The numbers are',
    'those of the list that the tests were made from: P is tried before authentication, A after it.',
    '',
    `${items.length} kinds of abuse, ${rows.length} ways to try.`,
  ];
  const sections = items.map(([item, title]) => section(item, title));
  return [introduction.join('\n'), ...sections].map((each) => `${each.trimEnd()}\n`).join('\n');
}

function section(item: AbuseItem, title: string): string {
  const lines = abuseTables.flatMap(({ protocol, rows, without }) => [
    ...rows.flatMap((row) => (row.item === item ? [`| ${protocol} | ${row.tries} | ${row.meets} |`] : [])),
    ...(without[item] === undefined ? [] : [`| ${protocol} | - | ${without[item]} |`]),
  ]);
  return [`## ${item}: ${title}`, '', '| | a client | what it meets |', '|---|---|---|', ...lines].join('\n');
}
