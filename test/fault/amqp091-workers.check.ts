// A work queue with ten workers that crash, over two gateways and a broker that are killed and restarted: what was confirmed comes, and what comes again says so (full: 100,000 messages)
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { consume } from '../bench/amqp091-load/consuming.js';
import { LoadSocket } from '../bench/amqp091-load/load-socket.js';
import { type Amqp091Wire, openAmqp091Wire } from '../support/amqp091-wire.js';
import { checkForm, inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

import { buildOracle, oracleRead } from '../support/pulsar-oracle.js';
import { createPulsarNamespace, testPulsar } from '../support/pulsar.js';
import { RandomNumbers } from '../support/random-numbers.js';
import { ConfirmedPublisher, CrashingWorker, type WorkerPlan, WorkRecord } from './crashing-workers.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';
import { until } from '../support/until.js';

const messageCount = inForm({ short: 4_000, full: 100_000 });
const testTimeoutMs = inForm({ short: 90_000, full: 900_000 });
const waitMsMax = inForm({ short: 30_000, full: 180_000 });
const [publisherCount, workerCount] = [4, 10];
const queue = 'work';
const seed = 20_261_122;

let own: OwnPulsar | undefined;
let namespace: string;
let gateways: TestGateway[] = [];
let publishers: ConfirmedPublisher[] = [];
let workers: CrashingWorker[] = [];
const record = new WorkRecord();
const plan: WorkerPlan = {
  record,
  random: new RandomNumbers(seed),
  prefetch: 100,
  livesFor: inForm({ short: 200, full: 1_000 }),
};

beforeAll(async () => {
  if (checkForm === 'full') own = await OwnPulsar.start();
  namespace = own === undefined ? await createPulsarNamespace('acme') : 'public/faults';
  const { serviceUrl, adminUrl } = own?.broker ?? testPulsar;
  const options = {
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    stateNamespace: `public/pulsegate-workers-${randomBytes(4).toString('hex')}`,
    amqp: { listener: { anonymousTenant: 'acme' } },
    config: { pulsar: { serviceUrl, adminUrl } },
  };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
  // To be counted at the end.
  const retention = { retentionTimeInMinutes: -1, retentionSizeInMB: -1 };
  await admin('POST', `namespaces/${namespace}/retention`, retention);
}, brokerTimeoutMs);

afterAll(async () => {
  for (const each of [...publishers, ...workers]) each.end();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await own?.stop();
}, brokerTimeoutMs);

const confirmed = () => publishers.reduce((sum, each) => sum + each.confirmed.size, 0);
const crashes = () => workers.reduce((sum, each) => sum + each.crashes, 0);
const tell = () =>
  `${confirmed()} confirmed, ${record.size} came, ${record.again} again (${record.unsaid.length} as if for the first time), ` +
  `${record.saidInVain} said so in vain, ${crashes()} crashes`;
const within = (condition: () => boolean) => until(condition, tell, waitMsMax);

async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
  const { adminUrl } = own?.broker ?? testPulsar;
  const answer = await fetch(`${adminUrl}/admin/v2/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  const text = await answer.text();
  return text === '' ? undefined : JSON.parse(text);
}

async function backlog(): Promise<number> {
  const { subscriptions } = (await admin('GET', `persistent/${namespace}/${queue}/partitioned-stats`)) as {
    subscriptions: Record<string, { msgBacklog: number }>;
  };
  return subscriptions['pulsegate.queue']!.msgBacklog;
}

/**
 * How often each message is in the topic: what has no receipt when a broker is lost is sent again, and may be stored twice.
 * Those are two messages, which come for the first time each.
 */
async function storedCopies(): Promise<Map<string, number>> {
  buildOracle();
  const { serviceUrl } = own?.broker ?? testPulsar;
  const copies = new Map<string, number>();
  for (const { valueBase64 } of await oracleRead(serviceUrl, `persistent://${namespace}/${queue}`, 'all')) {
    const text = Buffer.from(valueBase64!, 'base64').toString();
    copies.set(text, (copies.get(text) ?? 0) + 1);
  }
  return copies;
}

/** More are published, and come: whatever happens to those who carry them. */
async function goOn(part: number): Promise<void> {
  const [before, came] = [confirmed(), record.size];
  for (const each of publishers) each.goOnTo((messageCount * part) / publisherCount);
  const step = Math.min(200, messageCount / 40);
  await within(() => confirmed() > before + step && record.size > came + step);
}

async function opened(gateway: TestGateway): Promise<Amqp091Wire> {
  const wire = await openAmqp091Wire(gateway.amqp.tcp);
  await wire.open({ heartbeat: 0 });
  await wire.openChannel();
  return wire;
}

async function consuming(wire: Amqp091Wire, from: string, prefetchCount: number): Promise<void> {
  await wire.call({ name: 'basic.qos', prefetchSize: 0, prefetchCount, global: false }, 'basic.qos-ok');
  wire.link.write(consume(from));
}

describe('a gateway that is killed', () => {
  it(
    'leaves messages that others give as what they may have been given before, though they have seen none so late',
    async () => {
      const [first, second] = gateways as [TestGateway, TestGateway];
      const other = await opened(second);
      await other.declare('left');
      await consuming(other, 'left', 1);
      other.publish('', 'left', '0');
      const held = await other.first('basic.deliver');
      const lost = await opened(first);
      await consuming(lost, 'left', 10);
      for (const text of ['1', '2', '3']) other.publish('', 'left', text);
      await lost.take('basic.deliver', 3);
      await first.kill();
      const came: [string, boolean][] = [[held.body.toString(), held.redelivered]];
      try {
        other.publish('', 'left', '4');
        let { deliveryTag } = held;
        while (came.length < 5) {
          other.send({ name: 'basic.ack', deliveryTag, multiple: false });
          const next = await other.first('basic.deliver');
          ({ deliveryTag } = next);
          came.push([next.body.toString(), next.redelivered]);
        }
      } finally {
        other.cut();
        await first.restart();
      }
      expect(came.sort()).toEqual(['0', '1', '2', '3', '4'].map((text) => [text, '123'.includes(text)]));
    },
    testTimeoutMs,
  );
});

describe(`${messageCount} messages for ${workerCount} workers`, () => {
  it(
    'are not said to come again, as long as nothing happens',
    async () => {
      const endpoints = gateways.map(({ amqp }) => amqp.tcp);
      const declarer = await LoadSocket.open(endpoints[0]!);
      await declarer.client.declare(queue);
      declarer.close();
      const calm = { ...plan, livesFor: 0 };
      publishers = Array.from(
        { length: publisherCount },
        (_, at) => new ConfirmedPublisher(at, endpoints, queue),
      );
      workers = Array.from(
        { length: workerCount },
        (_, at) => new CrashingWorker(at, endpoints, queue, calm),
      );
      for (const each of publishers) each.goOnTo(messageCount / 10 / publisherCount);
      await within(() => publishers.every(({ isDone }) => isDone) && record.size === messageCount / 10);
      expect([record.again, record.saidInVain]).toEqual([0, 0]);
      for (const each of workers) each.end();
      workers = endpoints.flatMap((_, at) =>
        Array.from(
          { length: workerCount / endpoints.length },
          () => new CrashingWorker(at, endpoints, queue, plan),
        ),
      );
    },
    testTimeoutMs,
  );

  it(
    'all come, and say so when they come again',
    async () => {
      const killed = inForm({ short: [0], full: [0, 1, 0, 1] });
      for (const [at, which] of killed.entries()) {
        await goOn(0.1 + ((at + 1) * 0.4) / killed.length);
        await gateways[which]!.kill();
        const came = record.size;
        await within(() => record.size > came);
        await gateways[which]!.restart();
      }
      await goOn(0.6);
      if (own === undefined) await admin('PUT', `persistent/${namespace}/${queue}/unload`);
      else await own.restartBroker();
      await goOn(0.8);
      if (own !== undefined) await own.crashBroker();
      await goOn(1);
      await within(() => publishers.every(({ isDone }) => isDone));
      expect(crashes()).toBeGreaterThan(workerCount);

      plan.livesFor = 0;
      const deadline = Date.now() + waitMsMax;
      for (let left = 1; left > 0; left = await backlog()) {
        if (Date.now() > deadline) throw new Error(`${left} are left; ${tell()}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      process.stdout.write(`${tell()}\n`);
      for (const { confirmed: texts } of publishers) {
        expect([...texts].filter((text) => !record.has(text))).toEqual([]);
      }
      const copies = record.unsaid.length === 0 ? new Map() : await storedCopies();
      expect(record.unsaid.filter(([text, times]) => times > copies.get(text))).toEqual([]);
      expect([...publishers, ...workers].flatMap(({ refusals }) => refusals)).toEqual([]);
    },
    testTimeoutMs,
  );
});
