// The scenarios with amqplib, for the argument's jobs; see test/support/amqp091-scenario.ts.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Channel, GetMessage, Message } from 'amqplib';
import {
  type Amqp091ClientTask,
  type Amqp091Job,
  type Amqp091Scenario,
  scenarioTimeoutMs,
} from '../../support/amqp091-scenario.js';
import { Inbox, mustBe, pause, Stage, send } from './amqplib-stage.js';
import { exchangedTypes } from './amqplib-types.js';

const task = JSON.parse(process.argv[2]!) as Amqp091ClientTask;
const entry = createRequire(import.meta.url).resolve('amqplib');
const { version } = JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8')) as {
  version: string;
};
const numbers = Array.from({ length: 20 }, (_, index) => `m${100 + index}`);

const scenarios: Readonly<Partial<Record<Amqp091Scenario, (stage: Stage) => Promise<void>>>> = {
  'work queue': workQueue,
  fanout,
  routing,
  'direct reply-to': directReplyTo,
  'reply queue': replyQueue,
  retry,
  mandatory,
  cancel,
  refusals,
  'large message': largeMessage,
  types: (stage) => exchangedTypes(stage, task),
};

async function workQueue(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const doomed = await stage.connect();
  const channel = await stage.channel(doomed);
  mustBe('declared', await channel.assertQueue(queue), { queue, messageCount: 0, consumerCount: 0 });
  await channel.prefetch(5);
  const worker = await Inbox.open(channel, queue);
  const publisher = await stage.confirming();
  await send(publisher, '', queue, ...numbers);
  while (worker.arrived.length < 5) await pause();
  while ((await publisher.checkQueue(queue)).messageCount !== 15) await pause();
  mustBe(
    'prefetched',
    worker.arrived.map(({ content }) => content.toString()),
    numbers.slice(0, 5),
  );
  channel.ack(worker.arrived[1]!, true);
  while (worker.arrived.length < 7) await pause();
  stage.cut(doomed);
  const second = await stage.channel();
  await second.prefetch(10);
  const left = await Inbox.open(second, queue);
  const seen = new Map<string, boolean>();
  while (seen.size < 18) {
    const message = await left.take();
    seen.set(message.content.toString(), message.fields.redelivered);
  }
  mustBe('left', [...seen.keys()].sort(), numbers.slice(2));
  const flags = numbers.slice(2).map((number) => seen.get(number));
  mustBe(
    'redelivered',
    flags,
    flags.map((_, index) => index < 5),
  );
}

async function fanout(stage: Stage): Promise<void> {
  const exchange = stage.named('x');
  const publisher = await stage.confirming();
  await publisher.assertExchange(exchange, 'fanout', { durable: false, autoDelete: true });
  const inboxes: { readonly inbox: Inbox; readonly queue: string }[] = [];
  for (let i = 0; i < 2; i++) {
    const channel = await stage.channel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '');
    inboxes.push({ queue, inbox: await Inbox.open(channel, queue, { noAck: true }) });
  }
  await send(publisher, exchange, 'any', '1', '2', '3');
  const bodies = async (inbox: Inbox, count: number) => {
    const all = [];
    while (all.length < count) all.push((await inbox.receive()).content.toString());
    return all;
  };
  for (const { inbox } of inboxes) mustBe('received', await bodies(inbox, 3), ['1', '2', '3']);
  const [first, second] = inboxes as [(typeof inboxes)[0], (typeof inboxes)[0]];
  await first.inbox.channel.unbindQueue(first.queue, exchange, '');
  await send(publisher, exchange, '', 'unbound');
  await send(publisher, '', first.queue, 'directly');
  mustBe('after its unbinding', await bodies(first.inbox, 1), ['directly']);
  mustBe('of the other', await bodies(second.inbox, 1), ['unbound']);
}

async function routing(stage: Stage): Promise<void> {
  const channel = await stage.confirming();
  const [topic, headers] = [stage.named('topic'), stage.named('headers')];
  await channel.assertExchange(topic, 'topic');
  await channel.assertExchange(headers, 'headers');
  await channel.bindExchange(headers, topic, 'to.headers');
  const bound = async (name: string, exchange: string, pattern: string, args?: object) => {
    const queue = stage.named(name);
    await channel.assertQueue(queue, { exclusive: true });
    await channel.bindQueue(queue, exchange, pattern, args);
    return queue;
  };
  const europe = await bound('europe', topic, 'order.*.eu');
  const orders = await bound('orders', topic, 'order.#');
  const red = await bound('red', headers, '', { 'x-match': 'all', colour: 'red', size: 3 });
  for (const key of ['order', 'order.new.eu', 'order.new.us', 'order.a.b.eu', 'bill.new.eu']) {
    await send(channel, topic, key, key);
  }
  for (const colour of ['blue', 'red']) {
    channel.publish(topic, 'to.headers', Buffer.from(colour), { headers: { colour, size: 3 } });
  }
  await channel.waitForConfirms();
  const got = async (queue: string, count: number) => (await Inbox.open(channel, queue)).texts(count);
  mustBe('order.*.eu', await got(europe, 1), ['order.new.eu']);
  mustBe('order.#', await got(orders, 4), ['order', 'order.new.eu', 'order.new.us', 'order.a.b.eu']);
  mustBe('headers', await got(red, 1), ['red']);
}

async function answerTo(stage: Stage, requests: string): Promise<void> {
  const server = await stage.channel();
  await server.assertQueue(requests, { exclusive: true });
  await server.consume(requests, (message) => {
    const { replyTo, correlationId } = message!.properties;
    server.sendToQueue(replyTo!, Buffer.from(`answer to ${message!.content}`), { correlationId });
    server.ack(message!);
  });
}

async function ask(channel: Channel, requests: string, replies: string, answers: Inbox): Promise<void> {
  for (const id of ['a', 'b']) {
    const options = { replyTo: replies, correlationId: id };
    channel.sendToQueue(requests, Buffer.from(`question ${id}`), options);
  }
  for (const id of ['a', 'b']) {
    const { content, properties } = await answers.receive();
    mustBe('answer', [content.toString(), properties.correlationId], [`answer to question ${id}`, id]);
  }
}

async function directReplyTo(stage: Stage): Promise<void> {
  const requests = stage.named('requests');
  await answerTo(stage, requests);
  const channel = await stage.channel();
  const replies = 'amq.rabbitmq.reply-to';
  await ask(channel, requests, replies, await Inbox.open(channel, replies, { noAck: true }));
}

async function replyQueue(stage: Stage): Promise<void> {
  const requests = stage.named('requests');
  await answerTo(stage, requests);
  const channel = await stage.channel();
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  await ask(channel, requests, queue, await Inbox.open(channel, queue, { noAck: true }));
  const other = await stage.channel();
  const refused = await other.checkQueue(queue).catch((error: { code: number }) => error.code);
  mustBe('for another connection', refused, 405);
}

async function retry(stage: Stage): Promise<void> {
  const channel = await stage.confirming();
  const [work, later] = [stage.named('work'), stage.named('later')];
  await channel.assertQueue(later, {
    messageTtl: 300,
    deadLetterExchange: '',
    deadLetterRoutingKey: work,
  });
  await channel.assertQueue(work, { deadLetterExchange: '', deadLetterRoutingKey: later });
  const worker = await Inbox.open(channel, work);
  await send(channel, '', work, 'hard');
  for (let attempt = 0; ; attempt++) {
    const message = await worker.receive();
    mustBe('body', message.content.toString(), 'hard');
    const deaths = (message.properties.headers?.['x-death'] ?? []) as unknown as {
      reason: string;
      queue: string;
      count: number;
    }[];
    const told = deaths.map(({ reason, queue, count }) => [reason, queue, count]);
    const expected = [
      ['expired', later, attempt],
      ['rejected', work, attempt],
    ];
    mustBe('x-death', told, attempt === 0 ? [] : expected);
    if (attempt === 2) {
      channel.ack(message);
      break;
    }
    channel.nack(message, false, false);
  }
}

async function mandatory(stage: Stage): Promise<void> {
  const channel = await stage.confirming();
  const told: unknown[] = [];
  channel.on('return', ({ fields, content }: Message) => {
    const { replyCode, replyText } = fields as unknown as { replyCode: number; replyText: string };
    told.push([replyCode, replyText, content.toString()]);
  });
  const confirmed = new Promise((resolve) => {
    channel.publish('', stage.named('nowhere'), Buffer.from('lost'), { mandatory: true }, (fault) => {
      told.push(fault === null ? 'confirmed' : 'refused');
      resolve(undefined);
    });
  });
  await confirmed;
  mustBe('told', told, [[312, 'NO_ROUTE', 'lost'], 'confirmed']);
}

async function cancel(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const channel = await stage.confirming();
  await channel.assertQueue(queue);
  const own = await Inbox.open(channel, queue, { consumerTag: 'mine' });
  mustBe('tag', own.consumerTag, 'mine');
  await send(channel, '', queue, '1');
  mustBe('before', await own.texts(1), ['1']);
  await channel.cancel('mine');
  await send(channel, '', queue, '2');
  let got: GetMessage | false = false;
  while (!got) got = await channel.get(queue);
  mustBe('got', [got.content.toString(), got.fields.redelivered], ['2', false]);
  channel.ack(got);
  const other = await Inbox.open(await stage.channel(), queue);
  await channel.deleteQueue(queue);
  while (!other.isCancelled) await pause();
}

async function refusals(stage: Stage): Promise<void> {
  const connection = await stage.connect();
  const refused = async (what: (channel: Channel) => Promise<unknown>) => {
    const channel = await stage.channel(connection);
    return await what(channel).then(
      () => 'nothing',
      (error: { code: number }) => error.code,
    );
  };
  const queue = stage.named('q');
  mustBe('absent', await refused((channel) => channel.checkQueue(queue)), 404);
  mustBe('absent exchange', await refused((channel) => channel.bindQueue(queue, queue, '')), 404);
  await (await stage.channel(connection)).assertQueue(queue, { durable: true });
  mustBe('unequal', await refused((channel) => channel.assertQueue(queue, { durable: false })), 406);
  mustBe('reserved', await refused((channel) => channel.assertQueue('amq.mine')), 403);
  mustBe('default exchange', await refused((channel) => channel.bindQueue(queue, '', 'k')), 403);
  await (await stage.channel(connection)).deleteQueue(queue);
}

async function largeMessage(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const channel = await stage.confirming();
  await channel.assertQueue(queue);
  const content = randomBytes(task.largeBytes);
  channel.sendToQueue(queue, content);
  await channel.waitForConfirms();
  const { content: got } = await (await Inbox.open(channel, queue)).take();
  mustBe('equal', got.equals(content), true);
}

async function perform(job: Amqp091Job, scenario: Amqp091Scenario): Promise<void> {
  const stage = new Stage(task, job, scenario.replaceAll(' ', '-'));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('takes too long')), scenarioTimeoutMs);
  });
  const fault = await Promise.race([scenarios[scenario]!(stage), late]).then(
    () => undefined,
    (error: Error) => `${error.message}`,
  );
  clearTimeout(timer);
  process.stdout.write(`${JSON.stringify({ transport: job.transport, scenario, fault })}\n`);
  await Promise.race([stage.end(), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
}

process.stdout.write(`${JSON.stringify({ version: `amqplib ${version}` })}\n`);
await Promise.all(
  task.jobs.flatMap((job) =>
    job.scenarios.split(',').map((scenario) => perform(job, scenario as Amqp091Scenario)),
  ),
);
process.exit(0);
