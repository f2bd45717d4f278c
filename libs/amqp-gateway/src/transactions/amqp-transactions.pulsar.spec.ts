import { randomBytes } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchBuilder, type Delivery, PulsarClient, singleEntry, type TopicConsumer } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import type { AmqpError } from '../amqp.errors.js';
import { amqpOptionsSchema } from '../amqp.options.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { TransactionScope } from '../node.js';
import { AmqpTransactions } from './amqp-transactions.js';
import { heldBytesMax } from './transaction-limits.js';
import { until } from '../testing/until.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

const pulsar = new PulsarClient({ serviceUrl, adminUrl });
const namespace = `amqp-transactions-${randomBytes(4).toString('hex')}/n`;
const [pulsarTenant = ''] = namespace.split('/');
const identity = {
  principal: { tenant: { name: 'acme', amqp: { transactions: true } } },
} as unknown as AmqpIdentity;
const front = new AmqpTransactions(pulsar, amqpOptionsSchema.parse({}), silentLog);
const hasty = new AmqpTransactions(
  pulsar,
  amqpOptionsSchema.parse({ transactionTimeoutMsMax: 1_000 }),
  silentLog,
);

beforeAll(async () => {
  const { admin } = pulsar;
  await admin.createTenant(pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
  await admin.createNamespace(namespace);
}, 30_000);

afterAll(async () => {
  await Promise.all([front.close(), hasty.close()]);
  await pulsar.admin.deleteNamespace(namespace, { force: true }).catch(() => {});
  await pulsar.admin.deleteTenant(pulsarTenant).catch(() => {});
  await pulsar.close();
}, 30_000);

interface Inbox {
  readonly consumer: TopicConsumer;
  readonly came: Delivery[];
  texts(): string[];
}

async function topicOf(name: string): Promise<string> {
  const topic = `persistent://${namespace}/${name}`;
  await pulsar.admin.createTopic(topic);
  return topic;
}

async function inboxOf(topic: string, type: 'shared' | 'exclusive' = 'shared'): Promise<Inbox> {
  const came: Delivery[] = [];
  const consumer = await pulsar.subscribe({
    ...{ topic, tenantKey: 'acme', subscription: 's', type, initialPosition: 'earliest' },
    onEntry: (delivery) => came.push(delivery),
  });
  return { consumer, came, texts: () => came.map(({ entry }) => String(entry.payload.subarray(0, 8))) };
}

async function store(topic: string, ...texts: string[]): Promise<void> {
  const producer = await pulsar.createProducer({ topic, tenantKey: 'acme' });
  const builder = new BatchBuilder({ capacityBytes: 256, payloadBytesMax: 4_096 });
  for (const text of texts) builder.append({ value: Buffer.from(text) });
  await new Promise<void>((resolve, reject) =>
    producer.send(builder.finish('none'), (error) => (error ? reject(error) : resolve())),
  );
  await producer.close();
}

const post = (scope: TransactionScope, id: Buffer, topic: string, text: string) =>
  new Promise<AmqpError | undefined>((resolve) => {
    scope.post(id, { topic, entry: singleEntry({ value: Buffer.from(text) }) }, resolve);
  });

const discharged = (scope: TransactionScope, id: Buffer, fail = false) =>
  new Promise<string | undefined>((resolve) => {
    scope.discharge(id, fail, (error) => resolve(error?.condition));
  });

function enlist(
  scope: TransactionScope,
  id: Buffer,
  { consumer }: Inbox,
  delivery: Delivery,
  batchIndex?: number,
) {
  return new Promise<string>((resolve) => {
    scope.enlist(id, {
      acknowledgement: { consumer, delivery, batchIndex },
      onEnd: (error) => resolve(error?.condition ?? 'done'),
    });
  });
}

describe('AMQP transactions on Pulsar', () => {
  it('take a batch’s message from one topic and put two into others, all or nothing; nobody waits meanwhile', async () => {
    const [from, to, other] = [await topicOf('from'), await topicOf('to'), await topicOf('other')];
    await store(from, 'in 0', 'in 1');
    const [source, target] = [await inboxOf(from), await inboxOf(to, 'exclusive')];
    await until(() => source.came.length === 1, 'the batch');
    const scope = front.openScope(identity);

    const undone = scope.declare();
    await post(scope, undone, to, 'undone');
    const live = enlist(scope, undone, source, source.came[0]!, 1);
    expect(await discharged(scope, undone, true)).toBeUndefined();
    expect(await live).toBe('amqp:transaction:rollback');

    const id = scope.declare();
    await post(scope, id, to, 'out');
    await post(scope, id, other, 'out');
    // The delivery is still the client's: it may go into the next transaction.
    const done = enlist(scope, id, source, source.came[0]!, 1);
    await store(to, 'between');
    await until(() => target.came.length === 1, 'what came behind what the transaction holds');
    expect(await discharged(scope, id)).toBeUndefined();
    expect(await done).toBe('done');
    await until(() => target.came.length === 2, 'what was committed');
    expect(target.texts().at(-1)).toBe('out');
    expect(source.came[0]!.isUnacked(1)).toBe(false);
    expect(source.came).toHaveLength(1);
    await source.consumer.close();
    const again = await inboxOf(from);
    await until(() => again.came.length === 1, 'what is left of the batch');
    expect([0, 1].map((index) => again.came[0]!.isUnacked(index))).toEqual([true, false]);
    scope.close();
  }, 30_000);

  it('cannot take what somebody else has taken', async () => {
    const [from, to] = [await topicOf('taken'), await topicOf('not-put')];
    await store(from, 'm');
    const source = await inboxOf(from);
    await until(() => source.came.length === 1, 'the message');
    await new Promise<void>((resolve) => source.consumer.ack(source.came[0]!, () => resolve()));
    const scope = front.openScope(identity);
    const id = scope.declare();
    await post(scope, id, to, 'out');
    const told = enlist(scope, id, source, source.came[0]!);
    expect(await discharged(scope, id)).toBe('amqp:transaction:rollback');
    expect(await told).toBe('amqp:transaction:rollback');
    await store(to, 'behind');
    const target = await inboxOf(to);
    await until(() => target.came.length > 0, 'what is not of it');
    expect(target.came).toHaveLength(1);
    expect(target.came[0]!.entry.isTransactional).toBe(false);
  }, 30_000);

  it('that cannot take one message keep none of the others from anybody', async () => {
    const from = await topicOf('conflict');
    for (const text of ['a', 'b', 'c']) await store(from, text);
    const source = await inboxOf(from);
    await until(() => source.came.length === 3, 'the messages');
    await new Promise<void>((resolve) => source.consumer.ack(source.came[0]!, () => resolve()));
    const scope = front.openScope(identity);
    const id = scope.declare();
    const told = source.came.map((delivery) => enlist(scope, id, source, delivery));
    expect(await discharged(scope, id)).toBe('amqp:transaction:rollback');
    await Promise.all(told);
    await until(() => source.came.length === 5, 'what is not taken');
    expect(
      source
        .texts()
        .slice(3)
        .map((text) => text.slice(-1))
        .sort(),
    ).toEqual(['b', 'c']);
  }, 30_000);

  it('that stream, and take too long, hold up readers until their time is over', async () => {
    const topic = await topicOf('streamed');
    const inbox = await inboxOf(topic);
    const scope = hasty.openScope(identity);
    const id = scope.declare();
    expect(await post(scope, id, topic, 'x'.repeat(heldBytesMax + 1))).toBeUndefined();
    await store(topic, 'behind');
    await until(() => inbox.came.length === 1, 'the transaction to time out');
    expect(inbox.came[0]!.entry.isTransactional).toBe(false);
    expect(await discharged(scope, id)).toBe('amqp:transaction:timeout');
    const metrics = new Metrics({ processMetrics: false });
    hasty.register(metrics);
    const counts = await metrics.exposition();
    expect(counts).toMatch(/^pulsegate_amqp_transactions_open 0$/m);
    expect(counts).toMatch(/^pulsegate_amqp_transaction_held_bytes 0$/m);
    expect(counts).toMatch(/outcome="timed-out"\} 1$/m);
    const patient = front.openScope(identity);
    const large = patient.declare();
    expect(await post(patient, large, topic, 'y'.repeat(heldBytesMax + 1))).toBeUndefined();
    expect(await discharged(patient, large)).toBeUndefined();
    await until(() => inbox.came.length === 2, 'what was committed');
    expect(inbox.texts().at(-1)).toBe('yyyyyyyy');
  }, 30_000);

  it('of a topic that is gone roll back', async () => {
    const scope = front.openScope(identity);
    const id = scope.declare();
    for (const text of '12') await post(scope, id, `persistent://${namespace}/absent`, text);
    expect(await discharged(scope, id)).toBe('amqp:transaction:rollback');
  }, 30_000);
});
