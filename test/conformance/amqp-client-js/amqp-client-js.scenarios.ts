// The scenarios with amqp-client.js, for the argument's jobs; see test/support/amqp091-scenario.ts.
import { randomBytes } from 'node:crypto';
import type { AMQPChannel, AMQPMessage, AMQPProperties } from '@cloudamqp/amqp-client';
import { VERSION } from '@cloudamqp/amqp-client/amqp-base-client';
import {
  type Amqp091ClientTask,
  type Amqp091Job,
  type Amqp091Scenario,
  scenarioTimeoutMs,
} from '../../support/amqp091-scenario.js';
import { codeOf, Inbox, mustBe, pause, Stage, send } from './amqp-client-js-stage.js';
import { exchangedTypes } from './amqp-client-js-types.js';

const task = JSON.parse(process.argv[2]!) as Amqp091ClientTask;
const numbers = Array.from({ length: 20 }, (_, index) => `m${100 + index}`);
const durable = { durable: true };

const scenarios: Readonly<Record<Amqp091Scenario, (stage: Stage) => Promise<void>>> = {
  'work queue': workQueue,
  fanout,
  routing,
  'direct reply-to': directReplyTo,
  'reply queue': replyQueue,
  retry,
  mandatory,
  transaction,
  cancel,
  refusals,
  'large message': largeMessage,
  types: (stage) => exchangedTypes(stage, task),
};

async function workQueue(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const doomed = await stage.connect();
  const channel = await stage.channel(doomed);
  const declared = await channel.queueDeclare(queue, durable);
  mustBe('declared', declared, { name: queue, messageCount: 0, consumerCount: 0 });
  await channel.prefetch(5);
  const worker = await Inbox.open(channel, queue);
  const publisher = await stage.confirming();
  await send(publisher, '', queue, ...numbers);
  while (worker.arrived.length < 5) await pause();
  while ((await publisher.queueDeclare(queue, { passive: true })).messageCount !== 15) await pause();
  const prefetched = worker.arrived.map((message) => message.bodyString());
  mustBe('prefetched', prefetched, numbers.slice(0, 5));
  await worker.arrived[1]!.ack(true);
  while (worker.arrived.length < 7) await pause();
  stage.cut(doomed);
  const second = await stage.channel();
  await second.prefetch(10);
  const left = await Inbox.open(second, queue);
  const seen = new Map<string, boolean>();
  while (seen.size < 18) {
    const message = await left.take();
    seen.set(message.bodyString()!, message.redelivered);
  }
  mustBe('left', [...seen.keys()].sort(), numbers.slice(2));
  const flags = numbers.slice(2).map((number) => seen.get(number));
  const expected = flags.map((_, index) => index < 5);
  mustBe('redelivered', flags, expected);
}

async function fanout(stage: Stage): Promise<void> {
  const publisher = await stage.session();
  const exchange = await publisher.fanoutExchange(stage.named('x'), { durable: false, autoDelete: true });
  const subscribers: { readonly texts: (string | null)[]; readonly queue: { readonly name: string } }[] = [];
  for (let i = 0; i < 2; i++) {
    const subscriber = await stage.session();
    const queue = await subscriber.queue('', { exclusive: true, autoDelete: true, durable: false });
    await queue.bind(exchange);
    const texts: (string | null)[] = [];
    await queue.subscribe({ noAck: true }, (message) => void texts.push(message.bodyString()));
    subscribers.push({ texts, queue });
  }
  for (const body of ['1', '2', '3']) await exchange.publish(body, { routingKey: 'any' });
  const untilAll = async (texts: (string | null)[], count: number) => {
    while (texts.length < count) await pause();
  };
  for (const { texts } of subscribers) {
    await untilAll(texts, 3);
    mustBe('received', texts, ['1', '2', '3']);
  }
  const [first, second] = subscribers as [(typeof subscribers)[0], (typeof subscribers)[0]];
  const direct = await stage.confirming();
  await exchange.publish('4');
  await untilAll(second.texts, 4);
  await untilAll(first.texts, 4);
  await send(direct, '', first.queue.name, 'directly');
  await untilAll(first.texts, 5);
  mustBe('of the first', first.texts.slice(3), ['4', 'directly']);
  mustBe('of the other', second.texts.slice(3), ['4']);
}

async function routing(stage: Stage): Promise<void> {
  const channel = await stage.confirming();
  const [topic, headers] = [stage.named('topic'), stage.named('headers')];
  await channel.exchangeDeclare(topic, 'topic', durable);
  await channel.exchangeDeclare(headers, 'headers', durable);
  await channel.exchangeBind(headers, topic, 'to.headers');
  const bound = async (name: string, exchange: string, pattern: string, args = {}) => {
    const queue = stage.named(name);
    await channel.queueDeclare(queue, { exclusive: true, durable: false });
    await channel.queueBind(queue, exchange, pattern, args);
    return queue;
  };
  const europe = await bound('europe', topic, 'order.*.eu');
  const orders = await bound('orders', topic, 'order.#');
  const red = await bound('red', headers, '', { 'x-match': 'all', colour: 'red', size: 3 });
  for (const key of ['order', 'order.new.eu', 'order.new.us', 'order.a.b.eu', 'bill.new.eu']) {
    await send(channel, topic, key, key);
  }
  for (const colour of ['blue', 'red']) {
    await channel.basicPublish(topic, 'to.headers', colour, { headers: { colour, size: 3 } });
  }
  const got = async (queue: string, count: number) => (await Inbox.open(channel, queue)).texts(count);
  mustBe('order.*.eu', await got(europe, 1), ['order.new.eu']);
  mustBe('order.#', await got(orders, 4), ['order', 'order.new.eu', 'order.new.us', 'order.a.b.eu']);
  mustBe('headers', await got(red, 1), ['red']);
}

/** Its own RPC, which goes over direct reply-to. */
async function directReplyTo(stage: Stage): Promise<void> {
  const requests = stage.named('requests');
  const server = await (await stage.session()).rpcServer(requests, (message) => {
    return `answer to ${message.bodyString()}`;
  });
  const client = await (await stage.session()).rpcClient();
  for (const id of ['a', 'b']) {
    const answer = await client.call(requests, `question ${id}`);
    mustBe('answer', answer.bodyString(), `answer to question ${id}`);
  }
  await client.close();
  await server.close();
}

async function replyQueue(stage: Stage): Promise<void> {
  const requests = stage.named('requests');
  const server = await stage.channel();
  await server.queueDeclare(requests, { exclusive: true, durable: false });
  await server.basicConsume(requests, { noAck: false }, async (message) => {
    const { replyTo, correlationId } = message.properties;
    const properties: AMQPProperties = { correlationId: correlationId! };
    await server.basicPublish('', replyTo!, `answer to ${message.bodyString()}`, properties);
    await message.ack();
  });
  const channel = await stage.channel();
  const { name: replies } = await channel.queueDeclare('', { exclusive: true, durable: false });
  const answers = await Inbox.open(channel, replies, true);
  for (const id of ['a', 'b']) {
    await channel.basicPublish('', requests, `question ${id}`, { replyTo: replies, correlationId: id });
  }
  for (const id of ['a', 'b']) {
    const answer = await answers.receive();
    const told = [answer.bodyString(), answer.properties.correlationId];
    mustBe('answer', told, [`answer to question ${id}`, id]);
  }
  const other = await stage.channel();
  const refused = await other.queueDeclare(replies, { passive: true }).catch(codeOf);
  mustBe('for another connection', refused, 405);
}

async function retry(stage: Stage): Promise<void> {
  const channel = await stage.confirming();
  const [work, later] = [stage.named('work'), stage.named('later')];
  const deadLetters = (key: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key });
  await channel.queueDeclare(later, durable, { 'x-message-ttl': 300, ...deadLetters(work) });
  await channel.queueDeclare(work, durable, deadLetters(later));
  const worker = await Inbox.open(channel, work);
  await send(channel, '', work, 'hard');
  for (let attempt = 0; ; attempt++) {
    const message = await worker.receive();
    mustBe('body', message.bodyString(), 'hard');
    const deaths = (message.properties.headers?.['x-death'] ?? []) as {
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
    if (attempt === 2) return await message.ack();
    await message.nack(false);
  }
}

async function mandatory(stage: Stage): Promise<void> {
  const channel = await stage.confirming();
  const told: unknown[] = [];
  channel.onReturn = (message: AMQPMessage) => {
    told.push([message.replyCode, message.replyText, message.bodyString()]);
  };
  await channel.basicPublish('', stage.named('nowhere'), 'lost', {}, true);
  told.push('confirmed');
  mustBe('told', told, [[312, 'NO_ROUTE', 'lost'], 'confirmed']);
}

async function transaction(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const channel = await stage.channel();
  await channel.queueDeclare(queue, durable);
  await channel.txSelect();
  await channel.basicPublish('', queue, 'rolled back');
  await channel.txRollback();
  for (const body of ['1', '2']) await channel.basicPublish('', queue, body);
  const plain = await stage.channel();
  mustBe('before commit', await plain.basicGet(queue), null);
  await channel.txCommit();
  mustBe('committed', await (await Inbox.open(plain, queue)).texts(2), ['1', '2']);
  await plain.connection.close();
  await send(await stage.confirming(), '', queue, '3');
  mustBe('inside', await (await Inbox.open(channel, queue)).texts(1), ['3']);
  await channel.txRollback();
  await channel.close();
  const again = await (await Inbox.open(await stage.channel(), queue)).take();
  mustBe('its rolled back acknowledgement', [again.bodyString(), again.redelivered], ['3', true]);
}

async function cancel(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const channel = await stage.confirming();
  await channel.queueDeclare(queue, durable);
  const own = await Inbox.open(channel, queue, false, 'mine');
  mustBe('tag', own.tag, 'mine');
  await send(channel, '', queue, '1');
  mustBe('before', await own.texts(1), ['1']);
  await channel.basicCancel('mine');
  await send(channel, '', queue, '2');
  let got: AMQPMessage | null = null;
  while (got === null) got = await channel.basicGet(queue, { noAck: false });
  mustBe('got', [got.bodyString(), got.redelivered], ['2', false]);
  await got.ack();
  const other = await Inbox.open(await stage.channel(), queue);
  await channel.queueDelete(queue);
  while (other.fault === undefined) await pause();
  mustBe('told', other.fault.message, 'Consumer cancelled by the server');
}

async function refusals(stage: Stage): Promise<void> {
  const client = await stage.connect();
  const refused = async (what: (channel: AMQPChannel) => Promise<unknown>) =>
    await what(await stage.channel(client)).then(() => 'nothing', codeOf);
  const queue = stage.named('q');
  mustBe('absent', await refused((channel) => channel.queueDeclare(queue, { passive: true })), 404);
  mustBe('absent exchange', await refused((channel) => channel.queueBind(queue, queue, '')), 404);
  await (await stage.channel(client)).queueDeclare(queue, durable);
  mustBe('unequal', await refused((channel) => channel.queueDeclare(queue, { durable: false })), 406);
  mustBe('reserved', await refused((channel) => channel.queueDeclare('amq.mine')), 403);
  mustBe('default exchange', await refused((channel) => channel.queueBind(queue, '', 'k')), 403);
  await (await stage.channel(client)).queueDelete(queue);
}

async function largeMessage(stage: Stage): Promise<void> {
  const queue = stage.named('q');
  const channel = await stage.confirming();
  await channel.queueDeclare(queue, durable);
  const content = randomBytes(task.largeBytes);
  await channel.basicPublish('', queue, content);
  const { body } = await (await Inbox.open(channel, queue)).take();
  mustBe('equal', content.equals(body as Uint8Array), true);
}

async function perform(job: Amqp091Job, scenario: Amqp091Scenario): Promise<void> {
  const stage = new Stage(task, job, scenario.replaceAll(' ', '-'));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('takes too long')), scenarioTimeoutMs);
  });
  const fault = await Promise.race([scenarios[scenario](stage), late]).then(
    () => undefined,
    (error: Error) => error.message,
  );
  clearTimeout(timer);
  process.stdout.write(`${JSON.stringify({ transport: job.transport, scenario, fault })}\n`);
  await Promise.race([stage.end(), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
}

process.stdout.write(`${JSON.stringify({ version: `amqp-client.js ${VERSION}` })}\n`);
await Promise.all(
  task.jobs.flatMap((job) =>
    job.scenarios.split(',').map((scenario) => perform(job, scenario as Amqp091Scenario)),
  ),
);
process.exit(0);
