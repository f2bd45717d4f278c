// The classic protocol with the Java client as applications use it: cooperative assignors, static members, a crash.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { GroupMember } from '../../support/group-member.js';
import { javaCommand } from '../../support/kafka-producers.js';
import { createPartitionedTopic } from '../../support/pulsar.js';
import { until } from '../../support/until.js';

const partitions = 6;
const cooperative = 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor';
let gateway: TestGateway;
let producer: Producer;
let members: GroupMember[] = [];

function member(group: string, settings: Readonly<Record<string, string>> = {}): GroupMember {
  const started = new GroupMember({
    bootstrap: gateway.kafka,
    group,
    protocol: 'classic',
    settings: { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '500', ...settings },
  });
  members.push(started);
  return started;
}

const tell = () => members.map(String).join('\n') + gateway.log().slice(-2_000);

const untilDivided = (some: readonly GroupMember[]) =>
  until(() => {
    const all = some.flatMap(({ has }) => has ?? []);
    const fair = some.every(({ has }) => has !== undefined && has.length === partitions / some.length);
    return fair && all.length === partitions && new Set(all).size === partitions;
  }, tell);

async function produce(topic: string, count: number): Promise<string[]> {
  const values = Array.from({ length: count }, () => randomBytes(4).toString('hex'));
  const messages = values.map((value, index) => ({ value, partition: index % partitions }));
  await producer.send({ topic, messages });
  return values;
}

const readBy = (some: readonly GroupMember[]) =>
  some.flatMap(({ read }) => read.map((line) => line.split(' ')[2]!));

beforeAll(async () => {
  // Fetched and compiled once, which takes its time where nothing is there.
  javaCommand('clients-4', 'GroupMember');
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    listener: { anonymousTenant: 'acme' },
    config: { kafka: { groupInitialRebalanceDelayMs: 500 } },
  });
  producer = new Kafka({ brokers: [gateway.kafka], logLevel: logLevel.NOTHING }).producer();
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

describe('Java members of the classic protocol', () => {
  it('hand partitions over one by one with the cooperative assignor, and take over from who crashes', async () => {
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'cooperative', partitions);
    const settings = { 'partition.assignment.strategy': cooperative };
    const produced = await produce('cooperative', 60);
    const first = member('cooperative', settings).tell('topic cooperative');
    await untilDivided([first]);
    const second = member('cooperative', settings).tell('topic cooperative');
    await untilDivided([first, second]);
    const third = member('cooperative', settings).tell('topic cooperative');
    await untilDivided([first, second, third]);
    produced.push(...(await produce('cooperative', 60)));
    await second.kill();
    produced.push(...(await produce('cooperative', 60)));
    await untilDivided([first, third]);
    await until(() => new Set(readBy([first, second, third])).size === produced.length, tell);
    expect(new Set(readBy([first, second, third]))).toEqual(new Set(produced));
    expect(await first.describe()).toBe('Classic Stable 2');
    expect([...first.failures, ...third.failures]).toEqual([]);
  }, 180_000);

  it('that are static come back to their partitions without a rebalance', async () => {
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'static', partitions);
    const settings = (instance: string) => ({ 'group.instance.id': instance, 'session.timeout.ms': '60000' });
    const stays = member('static', settings('stays')).tell('topic static');
    const comesBack = member('static', settings('comes-back')).tell('topic static');
    await untilDivided([stays, comesBack]);
    const ofThis = (line: string) =>
      line.includes('"group.rebalancing"') && line.includes('"group":"static"');
    const rebalances = () => gateway.log().split('\n').filter(ofThis).length;
    const before = rebalances();
    expect(before).toBeGreaterThan(0);
    const had = comesBack.has;
    await comesBack.close();
    const again = member('static', settings('comes-back')).tell('topic static');
    await until(() => String(again.has) === String(had), tell);
    const produced = await produce('static', 60);
    await until(() => readBy([stays, again]).length === produced.length, tell);
    expect(rebalances()).toBe(before);
    // A second process of the same instance ends the first.
    const twin = member('static', settings('comes-back')).tell('topic static');
    await until(() => String(twin.has) === String(had), tell);
    await until(() => again.failures.length > 0, tell);
    expect(again.failures.join()).toContain('FencedInstanceIdException');
  }, 180_000);
});
