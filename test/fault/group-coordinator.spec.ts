// Committed offsets while the gateways that hold them are killed, stopped and started, and what Pulsar shows of them.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  findCoordinatorApi,
  KafkaErrorCode,
  offsetCommitApi,
  offsetFetchApi,
} from '../../libs/kafka-codec/src/index.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { kafkaCall } from '../support/kafka-call.js';
import { createPartitionedTopic, createPulsarNamespace, pulsarAdmin } from '../support/pulsar.js';

const stateNamespace = `public/pulsegate-faults-${randomBytes(4).toString('hex')}`;
/** Of this name's four slices each of two gateways has two. */
const tenant = 'globex';
const permissions = [allowAll];
const groups = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `group-${name}`);
const { COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, REQUEST_TIMED_OUT } =
  KafkaErrorCode;
const retriable: readonly number[] = [
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  NOT_COORDINATOR,
  REQUEST_TIMED_OUT,
];

describe('committed offsets', () => {
  let namespace: string;
  const gateways: TestGateway[] = [];
  /** The highest offset that was acknowledged, by group. */
  const acknowledged = new Map<string, number>();
  const codes = new Set<number>();
  let committing = true;

  const start = () =>
    startGateway({
      tenants: [{ name: tenant, namespace, permissions }],
      listener: { anonymousTenant: tenant },
      stateNamespace,
      config: { cluster: { stateNamespace, memberTimeoutMs: 2_000 } },
    });

  beforeAll(async () => {
    namespace = await createPulsarNamespace('group-faults');
    gateways.push(await start(), await start());
    await createPartitionedTopic(namespace, 'orders', 1);
  }, 120_000);

  afterAll(async () => {
    committing = false;
    for (const gateway of gateways) await gateway.stop();
  }, 60_000);

  /** By whichever gateway answers. Never rejects; undefined when none did. */
  async function fetched(groupId: string): Promise<number | undefined> {
    for (const { kafka } of gateways) {
      const answer = await kafkaCall(kafka, offsetFetchApi, 7, {
        groupId,
        topics: [{ name: 'orders', partitionIndexes: [0] }],
      }).catch(() => undefined);
      if (answer?.errorCode === 0) return Number(answer.topics[0]!.partitions[0]!.committedOffset);
    }
    return undefined;
  }

  async function commit(gateway: TestGateway, groupId: string, offset: number): Promise<boolean> {
    const partitions = [{ partitionIndex: 0, committedOffset: BigInt(offset) }];
    const topics = [{ name: 'orders', partitions }];
    const answer = await kafkaCall(gateway.kafka, offsetCommitApi, 8, { groupId, topics }).catch(
      () => undefined,
    );
    const code = answer?.topics[0]?.partitions[0]?.errorCode;
    if (code !== undefined) codes.add(code);
    return code === 0;
  }

  /** Commits one offset after the other, each until it is acknowledged, by the gateway that answers. */
  async function commitForEver(groupId: string): Promise<void> {
    for (let offset = 1, at = 0; committing; ) {
      if (await commit(gateways[at % gateways.length]!, groupId, offset)) acknowledged.set(groupId, offset++);
      else at++;
      await delay(20);
    }
  }

  async function untilAllMoveOn(): Promise<number> {
    const startedAt = performance.now();
    const before = new Map(acknowledged);
    const isBehind = (group: string) => (acknowledged.get(group) ?? 0) < (before.get(group) ?? 0) + 3;
    while (groups.some(isBehind)) {
      if (performance.now() - startedAt > 60_000)
        throw new Error(`${groups.filter(isBehind)} do not move on`);
      await delay(50);
    }
    return performance.now() - startedAt;
  }

  async function expectNoneWentBack(): Promise<void> {
    for (const group of groups) {
      const least = acknowledged.get(group)!;
      const found = await fetched(group);
      if (found !== undefined) expect(found).toBeGreaterThanOrEqual(least);
    }
  }

  it('outlive each gateway, and none goes back', async () => {
    const work = groups.map(commitForEver);
    await untilAllMoveOn();
    for (const victim of [0, 1]) {
      await gateways[victim]!.kill();
      // The members' timeout, and the time that the dead one's lease may still have been good for.
      expect(await untilAllMoveOn()).toBeLessThan(20_000);
      await expectNoneWentBack();
      await gateways[victim]!.restart();
      await delay(3_000);
      await untilAllMoveOn();
      await expectNoneWentBack();
    }
    expect(await gateways[0]!.stop()).toBe('exit status 0');
    expect(await untilAllMoveOn()).toBeLessThan(10_000);
    await expectNoneWentBack();
    await gateways[0]!.restart();
    await untilAllMoveOn();
    committing = false;
    await Promise.all(work);
    for (const group of groups) expect(await fetched(group)).toBe(acknowledged.get(group));
    expect([...codes].filter((code) => code !== 0 && !retriable.includes(code))).toEqual([]);
  }, 240_000);

  it('are held by both gateways, and shown by Pulsar', async () => {
    const nodes = await Promise.all(
      groups.map((key) => kafkaCall(gateways[0]!.kafka, findCoordinatorApi, 2, { key, keyType: 0 })),
    );
    expect(new Set(nodes.map(({ nodeId }) => nodeId)).size).toBe(2);
    const path = `/persistent/${namespace}/orders-partition-0/stats`;
    type Stats = { subscriptions: Record<string, { subscriptionProperties: Record<string, string> }> };
    let shown: string[] = [];
    for (let waited = 0; waited < 50 && shown.length < groups.length; waited++) {
      const { subscriptions } = (await pulsarAdmin('GET', path)) as Stats;
      const mirrors = Object.entries(subscriptions).filter(
        ([, { subscriptionProperties }]) => subscriptionProperties['pulsegate.kind'] === 'kafka-group',
      );
      shown = mirrors.map(([name]) => name).sort();
      await delay(200);
    }
    expect(shown).toEqual(groups);
  }, 60_000);
});
