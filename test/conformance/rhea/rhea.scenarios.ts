// The scenarios with rhea, for the argument's jobs; see test/support/amqp-scenario.ts.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import rhea, { type Message, type Source } from 'rhea';
import {
  type AmqpClientTask,
  type AmqpJob,
  type AmqpScenario,
  scenarioTimeoutMs,
} from '../../support/amqp-scenario.js';
import { type Inbox, message, Stage, texts } from './rhea-stage.js';
import { values, valuesFault } from './rhea-values.js';

const task = JSON.parse(process.argv[2]!) as AmqpClientTask;
const { version } = createRequire(import.meta.url)('rhea/package.json') as { version: string };
const numbers = Array.from({ length: 20 }, (_, index) => `m${100 + index}`);
const chosen = "colour = 'red' AND size BETWEEN 2 AND 5 OR JMSType LIKE 'spe%'";

const scenarios: Readonly<Partial<Record<AmqpScenario, (stage: Stage) => Promise<void>>>> = {
  queue,
  topic,
  'durable subscriber': durableSubscriber,
  'shared subscriber': sharedSubscriber,
  'reply queue': replyQueue,
  selector,
  acknowledgement,
  'large message': largeMessage,
  delay,
  browser,
  types: exchangedTypes,
};

function mustBe(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** Every member gets some of them, all together each once. */
async function eachOnce(members: readonly Inbox[], wanted: readonly string[]): Promise<void> {
  const got: string[] = [];
  for (const member of members) got.push((await member.take()).body);
  while (got.length < wanted.length) {
    for (const member of members) {
      const more = await member.takeIfThere();
      if (more) got.push(more.body);
    }
  }
  mustBe('each once', got.sort(), wanted);
}

async function queue(stage: Stage): Promise<void> {
  const address = stage.queue('q');
  const members = [];
  for (let i = 0; i < 2; i++) members.push(await stage.receive(await stage.connect(), { address }));
  const connection = await stage.connect();
  await stage.send(connection, address, texts(...numbers));
  await eachOnce(members, numbers);
  for (const member of members) await member.end('close');
  await stage.send(connection, address, texts('end'));
  const last = await stage.receive(connection, { address });
  mustBe('left', (await last.take()).body, 'end');
}

async function topic(stage: Stage): Promise<void> {
  const address = stage.topic('t');
  const subscribers = [];
  for (let i = 0; i < 2; i++) subscribers.push(await stage.receive(await stage.connect(), { address }));
  const publisher = await stage.connect();
  await stage.send(publisher, address, texts('1', '2', '3'));
  for (const subscriber of subscribers) mustBe('received', await subscriber.bodies(3), ['1', '2', '3']);
  subscribers.push(await stage.receive(publisher, { address }));
  await stage.send(publisher, address, texts('end'));
  for (const subscriber of subscribers) mustBe('at the end', (await subscriber.take()).body, 'end');
}

async function durableSubscriber(stage: Stage): Promise<void> {
  const address = stage.topic('t');
  const source = { address, durable: 2, expiry_policy: 'never' } as Source;
  const first = await stage.connect('durable');
  await (await stage.receive(first, source, { name: 'sub' })).end('detach');
  first.close();
  const publisher = await stage.connect();
  await stage.send(publisher, address, texts('1', '2', '3'));
  const again = await stage.connect('durable');
  let back = await stage.receive(again, source, { name: 'sub' });
  mustBe('received', await back.bodies(3), ['1', '2', '3']);
  await stage.send(publisher, address, texts('4'));
  await back.end('close');
  back = await stage.receive(again, source, { name: 'sub' });
  await stage.send(publisher, address, texts('5'));
  mustBe('after its end', (await back.take()).body, '5');
}

/** The subscription is in the address, which is a plain name. */
async function sharedSubscriber(stage: Stage): Promise<void> {
  const address = stage.address('t');
  const source = { address: `${address}::sub` };
  const members = [];
  for (let i = 0; i < 2; i++) members.push(await stage.receive(await stage.connect(), source));
  const publisher = await stage.connect();
  await stage.send(publisher, address, texts(...numbers));
  await eachOnce(members, numbers);
  for (const member of members) await member.end('detach');
  await stage.send(publisher, address, texts('away'));
  const back = await stage.receive(publisher, source);
  mustBe('while away', (await back.take()).body, 'away');
}

async function replyQueue(stage: Stage): Promise<void> {
  const requests = stage.queue('requests');
  const respond = async () => {
    const connection = await stage.connect('responder');
    const question = await (await stage.receive(connection, { address: requests })).take();
    const answer = message({
      to: question.reply_to,
      correlation_id: question.correlation_id,
      body: `answer to ${question.body}`,
    });
    await stage.send(connection, undefined, [answer]);
  };
  const connection = await stage.connect('requester');
  const answers = await stage.receive(connection, {});
  const question = message({
    body: 'question',
    reply_to: answers.address,
    correlation_id: rhea.types.wrap_ulong(7),
  });
  const [answer] = await Promise.all([
    answers.take(),
    respond(),
    stage.send(connection, requests, [question]),
  ]);
  mustBe('answer', answer.body, 'answer to question');
  mustBe('correlation', answer.correlation_id, 7);
}

async function selector(stage: Stage): Promise<void> {
  const connection = await stage.connect();
  const addresses = [stage.topic('t'), stage.queue('q')];
  const filter = rhea.filter.selector(chosen) as unknown as Source['filter'];
  const receivers: Inbox[] = [];
  for (const address of addresses)
    receivers.push(await stage.receive(connection, { address, filter } as Source));
  const messages = [0, 1, 2, 3].map((number) =>
    message({
      body: `m${number}`,
      ...(number === 3 ? { subject: 'special' } : {}),
      application_properties: {
        colour: number % 2 === 0 ? 'red' : 'blue',
        size: rhea.types.wrap_int(number),
      },
    }),
  );
  for (const address of addresses) await stage.send(connection, address, messages);
  mustBe('topic', await receivers[0]!.bodies(2), ['m2', 'm3']);
  mustBe('queue', (await receivers[1]!.bodies(2)).sort(), ['m2', 'm3']);
  await receivers[1]!.end('close');
  const left = await stage.receive(connection, { address: addresses[1]! });
  mustBe('left in the queue', (await left.bodies(2)).sort(), ['m0', 'm1']);
}

async function acknowledgement(stage: Stage): Promise<void> {
  const address = stage.queue('q');
  const connection = await stage.connect();
  await stage.send(connection, address, texts('1', '2', '3'));
  const inbox = await stage.receive(connection, { address });
  const first = await inbox.receive();
  mustBe('first', first.message.body, '1');
  first.delivery.release();
  const all = [await inbox.receive(), await inbox.receive(), await inbox.receive()];
  mustBe('all', all.map((each) => each.message.body).sort(), ['1', '2', '3']);
  all[0]!.delivery.accept();
  all[1]!.delivery.accept();
  all[2]!.delivery.modified({ delivery_failed: true, undeliverable_here: false });
  const failed = await inbox.receive();
  mustBe('counted', (failed.message.delivery_count ?? 0) > 0, true);
  failed.delivery.reject({ condition: 'amqp:not-allowed', description: 'unfit' });
  await stage.send(connection, address, texts('4'));
  mustBe('after reject', (await inbox.receive()).message.body, '4');
  connection.close();
  const left = await stage.receive(await stage.connect(), { address });
  mustBe('unsettled', (await left.take()).body, '4');
}

async function largeMessage(stage: Stage): Promise<void> {
  const address = stage.queue('q');
  const connection = await stage.connect();
  const content = randomBytes(task.largeBytes);
  await stage.send(connection, address, [message({ body: rhea.message.data_section(content) })]);
  const inbox = await stage.receive(connection, { address });
  mustBe('equal', content.equals((await inbox.take()).body.content), true);
}

async function delay(stage: Stage): Promise<void> {
  const address = stage.queue('q');
  const connection = await stage.connect();
  const inbox = await stage.receive(connection, { address });
  const annotations = { 'x-opt-delivery-delay': rhea.types.wrap_long(1_500) };
  const late = message({ body: 'late', message_annotations: annotations });
  const arrivedAt = new Map<unknown, number>();
  const sentAt = Date.now();
  await stage.send(connection, address, [late, ...texts('now')]);
  while (arrivedAt.size < 2) arrivedAt.set((await inbox.take()).body, Date.now());
  mustBe('received', [...arrivedAt.keys()].sort(), ['late', 'now']);
  mustBe('waited', arrivedAt.get('late')! - sentAt >= 1_400, true);
}

async function browser(stage: Stage): Promise<void> {
  const address = stage.queue('q');
  const connection = await stage.connect();
  await stage.send(connection, address, texts('1', '2', '3'));
  const seen = await stage.receive(connection, { address, distribution_mode: 'copy' } as Source);
  mustBe('seen', await seen.bodies(3), ['1', '2', '3']);
  mustBe('no more', await seen.takeIfThere(), undefined);
  await seen.end('close');
  const taker = await stage.receive(connection, { address });
  mustBe('still there', await taker.bodies(3), ['1', '2', '3']);
}

async function exchangedTypes(stage: Stage): Promise<void> {
  const connection = await stage.connect();
  const queueOf = (...names: readonly string[]) => `/queues/${[task.exchange, ...names].join('-')}`;
  const encoded = task.corpus.map((each) => Buffer.from(each.hex, 'hex'));
  for (const reader of task.readers) await stage.send(connection, queueOf('rhea', reader), values());
  for (const reader of task.raw) await stage.send(connection, queueOf('raw', 'rhea', reader), encoded);
  for (const writer of task.writers) {
    const inbox = await stage.receive(connection, { address: queueOf(writer, 'rhea') });
    for (let place = 0; place < 5; place++) {
      const fault = valuesFault(writer, (await inbox.take()) as Message, place);
      if (fault) throw new Error(fault);
    }
  }
  for (const writer of task.raw) {
    const inbox = await stage.receive(connection, { address: queueOf('raw', writer, 'rhea') });
    for (const { name, hex } of task.corpus) {
      const received = await inbox.receive();
      received.delivery.accept();
      const sections = received.encoded.toString('hex');
      if (!sections.endsWith(hex))
        throw new Error(`${writer}'s ${name}: ${sections} does not end with ${hex}`);
    }
  }
}

async function perform(job: AmqpJob, scenario: AmqpScenario): Promise<void> {
  const stage = new Stage(task, job, scenario.replace(' ', '-'));
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('takes too long')), scenarioTimeoutMs);
  let fault: string | undefined;
  try {
    await Promise.race([scenarios[scenario]!(stage), late.promise]);
  } catch (error) {
    fault = (error as Error).message;
  } finally {
    clearTimeout(timer);
    stage.end();
  }
  console.log(JSON.stringify({ transport: job.transport, scenario, fault }));
}

console.log(JSON.stringify({ version: `rhea ${version}` }));
await Promise.all(
  task.jobs.flatMap((job) =>
    job.scenarios.split(',').map((scenario) => perform(job, scenario as AmqpScenario)),
  ),
);
process.exit(0);
