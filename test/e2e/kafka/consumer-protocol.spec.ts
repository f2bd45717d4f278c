// The consumer protocol of KIP-848 with the Java client: join, leave, crash, static members, and live upgrade and downgrade.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { GroupMember } from '../../support/group-member.js';
import { javaCommand } from '../../support/kafka-producers.js';
import { createPartitionedTopic } from '../../support/pulsar.js';
import { until } from '../../support/until.js';

const sessionTimeoutMs = 6_000;
const partitions = 6;
let gateway: TestGateway;
let kafka: Kafka;
let producer: Producer;
let members: GroupMember[] = [];
let group: string;

/** Of classic members; for the others the gateway says it. */
const classicSession = { 'session.timeout.ms': `${sessionTimeoutMs}`, 'heartbeat.interval.ms': '500' };

function member(
  protocol: 'classic' | 'consumer',
  settings: Readonly<Record<string, string>> = {},
): GroupMember {
  const session: Readonly<Record<string, string>> = protocol === 'classic' ? classicSession : {};
  const bootstrap = gateway.kafka;
  const started = new GroupMember({ bootstrap, group, protocol, settings: { ...session, ...settings } });
  members.push(started);
  return started;
}

const tell = () => members.map((each) => each.toString()).join('\n') + gateway.log().slice(-2_000);
/** How many partitions each has; together they have every one once. */
const shares = (some: readonly GroupMember[]) => some.map(({ has }) => has?.length ?? 0);
const untilDivided = (some: readonly GroupMember[], wanted: readonly number[]) =>
  until(() => {
    const all = some.flatMap(({ has }) => has ?? []);
    return String(shares(some).sort()) === String([...wanted].sort()) && new Set(all).size === all.length;
  }, tell);

async function produce(topic: string, count: number): Promise<string[]> {
  const values = Array.from({ length: count }, () => randomBytes(4).toString('hex'));
  await producer.send({
    topic,
    messages: values.map((value, index) => ({ value, partition: index % partitions })),
  });
  return values;
}

const valuesRead = () => members.flatMap(({ read }) => read.map((line) => line.split(' ')[2]!));

beforeAll(async () => {
  // Fetched and compiled once, which takes its time where nothing is there.
  javaCommand('clients-4', 'GroupMember');
  gateway = await startGateway({
    tenants: [
      {
        name: 'acme',
        permissions: [allowAll],
      },
    ],
    listener: { anonymousTenant: 'acme' },
    config: {
      kafka: {
        consumerGroupHeartbeatIntervalMs: 500,
        consumerGroupSessionTimeoutMs: sessionTimeoutMs,
        consumerGroupTopicRefreshMs: 500,
        groupInitialRebalanceDelayMs: 0,
        topicCacheMs: 1_000,
      },
    },
  });
  kafka = new Kafka({ brokers: [gateway.kafka], logLevel: logLevel.NOTHING });
  producer = kafka.producer();
  await producer.connect();
}, 300_000);

afterEach(async () => {
  await Promise.all(members.map((each) => each.kill()));
  members = [];
});

afterAll(async () => {
  await producer?.disconnect();
  await gateway?.stop();
});

describe('members of the consumer protocol', () => {
  it('share a topic, take over from who crashes and who leaves, and lose nothing', async () => {
    group = 'shared';
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'shared', partitions);
    const produced = await produce('shared', 60);
    const a = member('consumer').tell('topic shared');
    await untilDivided([a], [6]);
    await until(() => valuesRead().length === 60, tell);
    const b = member('consumer').tell('topic shared');
    await untilDivided([a, b], [3, 3]);
    produced.push(...(await produce('shared', 60)));
    await until(() => valuesRead().length === 120, tell);
    expect(await b.describe()).toBe('Consumer Stable 2');
    await a.kill();
    await untilDivided([b], [6]);
    const c = member('consumer').tell('topic shared');
    await untilDivided([b, c], [3, 3]);
    await b.close();
    await untilDivided([c], [6]);
    produced.push(...(await produce('shared', 60)));
    await until(() => valuesRead().length === 180, tell);
    expect(valuesRead().sort()).toEqual(produced.sort());
    expect(members.flatMap(({ failures }) => failures)).toEqual([]);
  }, 180_000);

  it('go on with what they have when the gateway is killed and comes back', async () => {
    group = 'survives';
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'survives', partitions);
    const produced = await produce('survives', 60);
    const [a, b] = [member('consumer').tell('topic survives'), member('consumer').tell('topic survives')];
    await untilDivided([a, b], [3, 3]);
    // On a busy machine one may lose its epoch before it has committed, and what it had is read again.
    await until(() => new Set(valuesRead()).size === 60, tell);
    const had = [a.has, b.has];
    await gateway.kill();
    await gateway.restart();
    produced.push(...(await produce('survives', 60)));
    await until(() => new Set(valuesRead()).size === 120, tell);
    expect([a.has, b.has]).toEqual(had);
    expect(await a.describe()).toBe('Consumer Stable 2');
    expect([...new Set(valuesRead())].sort()).toEqual(produced.sort());
  }, 120_000);

  it('find the topics of a pattern, new ones and new partitions', async () => {
    group = 'patterns';
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'sales.eu', 1);
    const a = member('consumer').tell('pattern sales\\..*');
    await until(() => String(a.has) === 'sales.eu-0', tell);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'sales.us', numPartitions: 2 }] });
    await until(() => String(a.has) === 'sales.eu-0,sales.us-0,sales.us-1', tell);
    await admin.createPartitions({ topicPartitions: [{ topic: 'sales.eu', count: 2 }] });
    await until(() => String(a.has) === 'sales.eu-0,sales.eu-1,sales.us-0,sales.us-1', tell);
    await admin.disconnect();
    a.tell('pattern (');
    await until(() => a.failures.length > 0, tell);
    expect(a.failures[0]).toContain('InvalidRegularExpression');
  }, 120_000);

  it('that are static come back to what they had', async () => {
    group = 'static';
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'static', partitions);
    const a = member('consumer', { 'group.instance.id': 'one' }).tell('topic static');
    const b = member('consumer', { 'group.instance.id': 'two' }).tell('topic static');
    await untilDivided([a, b], [3, 3]);
    const had = a.has;
    const kept = b.has;
    await a.close();
    const again = member('consumer', { 'group.instance.id': 'one' }).tell('topic static');
    await until(() => again.has?.length === 3, tell);
    expect(again.has).toEqual(had);
    expect(b.has).toEqual(kept);
    const intruder = member('consumer', { 'group.instance.id': 'two' }).tell('topic static');
    await until(() => intruder.failures.length > 0, tell);
    expect(intruder.failures[0]).toContain('UnreleasedInstanceId');
  }, 120_000);
});

describe('a group with members of both protocols', () => {
  it('is upgraded and downgraded while its members read on', async () => {
    group = 'mixed';
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'mixed', partitions);
    const produced = await produce('mixed', 60);
    const cooperative = {
      'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
    };
    const a = member('classic', cooperative).tell('topic mixed');
    const b = member('classic', cooperative).tell('topic mixed');
    await untilDivided([a, b], [3, 3]);
    const c = member('consumer').tell('topic mixed');
    await untilDivided([a, b, c], [2, 2, 2]);
    expect(await c.describe()).toBe('Consumer Stable 3');
    produced.push(...(await produce('mixed', 60)));
    await until(() => new Set(valuesRead()).size === 120, tell);
    await a.close();
    await untilDivided([b, c], [3, 3]);
    const d = member('classic', cooperative).tell('topic mixed');
    await untilDivided([b, c, d], [2, 2, 2]);
    await c.close();
    await untilDivided([b, d], [3, 3]);
    expect(await d.describe()).toBe('Classic Stable 2');
    produced.push(...(await produce('mixed', 60)));
    await until(() => new Set(valuesRead()).size === 180, tell);
    expect([...new Set(valuesRead())].sort()).toEqual(produced.sort());
  }, 180_000);

  it('is upgraded member by member, eager ones too', async () => {
    group = 'eager';
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'eager', partitions);
    const range = { 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RangeAssignor' };
    const a = member('classic', range).tell('topic eager');
    await untilDivided([a], [6]);
    const b = member('consumer').tell('topic eager');
    await untilDivided([a, b], [3, 3]);
    await a.close();
    await untilDivided([b], [6]);
    expect(await b.describe()).toBe('Consumer Stable 1');
  }, 120_000);
});
