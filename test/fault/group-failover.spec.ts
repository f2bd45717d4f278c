// Two gateways, and groups whose coordinator is killed, stopped or joined by another: retriable errors only, no offset lost.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findCoordinatorApi, KafkaErrorCode as code, offsetFetchApi } from '#libs/kafka-codec';
import { FaultyLink } from '../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { RawMember, untilSettled } from '../support/raw-member.js';
import { KafkaSocket } from '../support/kafka-socket.js';
import { createPartitionedTopic, createPulsarNamespace, testPulsar } from '../support/pulsar.js';

const memberTimeoutMs = 2_000;
const drainTimeoutMs = 10_000; // of test gateways
const partitions = 12;
const topic = 'orders';
const stateNamespace = `public/pulsegate-groups-${randomBytes(4).toString('hex')}`;
const running = new Set<TestGateway>();
const members: RawMember[] = [];
let namespace: string;
/** Mostly waits, while the other tests run. */
let apart: ReturnType<typeof outage>;

/** What a client may be told while the coordinator moves: it tries again by itself. */
const expected =
  /^(NOT_COORDINATOR|COORDINATOR_NOT_AVAILABLE|COORDINATOR_LOAD_IN_PROGRESS|REBALANCE_IN_PROGRESS|MEMBER_ID_REQUIRED|the connection has ended|read ECONNRESET|connect ECONNREFUSED.*)$/;

async function startOne(): Promise<TestGateway> {
  const gateway = await startGateway({
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    listener: { anonymousTenant: 'acme' },
    stateNamespace,
    config: {
      cluster: { stateNamespace, memberTimeoutMs },
      kafka: { groupInitialRebalanceDelayMs: 100, groupSessionTimeoutMsMin: 1_000 },
    },
  });
  running.add(gateway);
  return gateway;
}

const bootstrap = () => [...running].map(({ kafka }) => kafka);

/** The gateway that coordinates a group, as all say it. */
async function coordinatorOf(groupId: string): Promise<TestGateway> {
  for (;;) {
    const named = await Promise.all(
      bootstrap().map(async (address) => {
        const socket = await KafkaSocket.open(address);
        const { host, port } = await socket.call(findCoordinatorApi, 3, { key: groupId });
        socket.destroy();
        return `${host}:${port}`;
      }),
    );
    const found = [...running].find(({ kafka }) => named.every((each) => each === kafka));
    if (found !== undefined) return found;
    await delay(50);
  }
}

/** A group of this many in one generation. */
async function group(
  count: number,
  heartbeatMs = 200,
): Promise<{ groupId: string; all: RawMember[]; generation: number }> {
  const groupId = `g-${randomBytes(4).toString('hex')}`;
  const all = Array.from({ length: count }, () => member(groupId, heartbeatMs));
  return { groupId, all, generation: await untilSettled(all, partitions) };
}

function member(groupId: string, heartbeatMs = 200, through?: TestGateway): RawMember {
  const made = new RawMember({
    ...{ bootstrap: bootstrap(), groupId, topic, partitions, heartbeatMs, sessionTimeoutMs: 20_000 },
    ...(through !== undefined && { through: through.kafka }),
  });
  members.push(made);
  return made;
}

async function committedOffset(groupId: string): Promise<number> {
  const { kafka } = await coordinatorOf(groupId);
  const socket = await KafkaSocket.open(kafka);
  for (;;) {
    const { topics, errorCode } = await socket.call(offsetFetchApi, 5, {
      groupId,
      topics: [{ name: topic, partitionIndexes: [0] }],
    });
    if (errorCode === code.NONE) {
      socket.destroy();
      return Number(topics[0]!.partitions[0]!.committedOffset);
    }
    await delay(50);
  }
}

/** Commits one offset after another of partition 0, and gives the last that was accepted when it is told to stop. */
function committing(all: readonly RawMember[]): () => Promise<number> {
  let accepted = -1;
  let stopped = false;
  const running = (async () => {
    for (let offset = 0; !stopped; offset++) {
      const owner = all.find(({ latest }) => latest?.assigned.includes(0));
      const answer = await owner?.commit(offset).catch(() => undefined);
      if (answer === code.NONE) accepted = offset;
      await delay(5);
    }
  })();
  return async () => {
    stopped = true;
    await running;
    return accepted;
  };
}

function refusalsOf(all: readonly RawMember[]): string[] {
  return [...new Set(all.flatMap(({ refusals }) => [...refusals.keys()]))];
}

beforeAll(async () => {
  namespace = await createPulsarNamespace('group-failover');
  await createPartitionedTopic(namespace, topic, partitions);
  apart = outage();
  apart.catch(() => {}); // its test tells
  await startOne();
  await startOne();
}, 60_000);

afterAll(async () => {
  await apart?.catch(() => {});
  await Promise.all(members.map((each) => each.crash()));
  await Promise.all([...running].map((each) => each.stop()));
}, 60_000);

/** Restores the pair after a test that took a gateway away. */
async function without(gateway: TestGateway, act: () => Promise<void>): Promise<void> {
  running.delete(gateway);
  try {
    await act();
  } finally {
    await gateway.restart();
    running.add(gateway);
  }
}

describe('the coordinator of a group', () => {
  it('that is killed has a successor: the same generation, no rebalance, no offset lost', async () => {
    const { groupId, all, generation } = await group(4);
    const stopCommitting = committing(all);
    await delay(500);
    const gateway = await coordinatorOf(groupId);
    await without(gateway, async () => {
      await gateway.kill();
      const before = performance.now();
      await untilCommitted(all[0]!);
      expect(performance.now() - before).toBeLessThan(30_000);
      await delay(1_000);
      const accepted = await stopCommitting();
      expect(all.map(({ generations }) => generations.length)).toEqual([1, 1, 1, 1]);
      expect(await untilSettled(all, partitions)).toBe(generation);
      expect(await committedOffset(groupId)).toBeGreaterThanOrEqual(accepted);
    });
    for (const refusal of refusalsOf(all)) expect(refusal).toMatch(expected);
    await Promise.all(all.map((each) => each.crash()));
  }, 120_000);

  it('that is killed in the middle of a rebalance: all are in the next generation soon after', async () => {
    const { groupId, all, generation } = await group(4, 1_500);
    const gateway = await coordinatorOf(groupId);
    await without(gateway, async () => {
      const before = performance.now();
      all.push(member(groupId));
      // The others hear of it with their next heartbeat: some have joined by now, some have not.
      await delay(750);
      await gateway.kill();
      expect(await untilSettled(all, partitions)).toBeGreaterThan(generation);
      expect(performance.now() - before).toBeLessThan(30_000);
    });
    for (const refusal of refusalsOf(all)) {
      // A member that joined the lost rebalance is not known to the successor, or knows a generation that was not stored.
      expect(refusal).toMatch(new RegExp(`${expected.source}|^(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)$`));
    }
    await Promise.all(all.map((each) => each.crash()));
  }, 120_000);

  it('that is stopped hands over at once: the same generation, and no more than a moment of refusals', async () => {
    const { groupId, all, generation } = await group(4);
    const gateway = await coordinatorOf(groupId);
    await without(gateway, async () => {
      const stopping = gateway.stop();
      const before = performance.now();
      await untilCommitted(all[0]!);
      expect(performance.now() - before).toBeLessThan(drainTimeoutMs - 1_000);
      expect(await stopping).toBe('exit status 0');
      expect(await untilSettled(all, partitions)).toBe(generation);
      expect(all.map(({ generations }) => generations.length)).toEqual([1, 1, 1, 1]);
    });
    for (const refusal of refusalsOf(all)) expect(refusal).toMatch(expected);
    await Promise.all(all.map((each) => each.crash()));
  }, 120_000);

  it('that is stopped while members wait to join answers them', async () => {
    const { groupId, all } = await group(2, 5_000);
    const gateway = await coordinatorOf(groupId);
    const waiting = member(groupId);
    await delay(500);
    await without(gateway, async () => {
      const before = performance.now();
      expect(await gateway.stop()).toBe('exit status 0');
      expect(performance.now() - before).toBeLessThan(drainTimeoutMs - 1_000);
      all.push(waiting);
      await untilSettled(all, partitions);
    });
    await Promise.all(all.map((each) => each.crash()));
  }, 120_000);

  it('is reached through the other gateway by those who know no better, and when it is gone that one is it', async () => {
    const { groupId, all } = await group(2);
    const gateway = await coordinatorOf(groupId);
    const other = [...running].find((each) => each !== gateway)!;
    const through = [member(groupId, 200, other), member(groupId, 200, other)];
    const everybody = [...all, ...through];
    const generation = await untilSettled(everybody, partitions);
    expect(await through[0]!.commit(7)).toBe(code.NONE);
    await through[1]!.leave();
    const left = [...all, through[0]!];
    expect(await untilSettled(left, partitions)).toBeGreaterThan(generation);
    await without(gateway, async () => {
      await gateway.kill();
      await untilCommitted(through[0]!);
      await delay(1_000);
      await untilSettled(left, partitions);
    });
    for (const refusal of refusalsOf(left)) expect(refusal).toMatch(expected);
    await Promise.all(left.map((each) => each.crash()));
  }, 120_000);

  it('that is joined by a third gateway keeps its groups, or hands them over in their generation', async () => {
    const groups = await Promise.all(Array.from({ length: 4 }, () => group(2)));
    const third = await startOne();
    try {
      const moved = await Promise.all(groups.map(({ groupId }) => coordinatorOf(groupId)));
      expect(moved).toHaveLength(4);
      await Promise.all(groups.map(({ all }) => untilCommitted(all[0]!)));
      await delay(1_000);
      for (const { all, generation } of groups) expect(await untilSettled(all, partitions)).toBe(generation);
    } finally {
      running.delete(third);
      await third.stop();
    }
    for (const { all } of groups) for (const refusal of refusalsOf(all)) expect(refusal).toMatch(expected);
  }, 120_000);
});

/** What members are told, and in which generation they are before and after their gateway cannot reach Pulsar for 15 s. */
async function outage(): Promise<{
  during: string[];
  all: string[];
  generations: readonly [number, number];
}> {
  const link = await FaultyLink.start();
  const own = `public/pulsegate-groups-${randomBytes(4).toString('hex')}`;
  const gateway = await startGateway({
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    listener: { anonymousTenant: 'acme' },
    stateNamespace: own,
    config: {
      cluster: { stateNamespace: own },
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      kafka: { groupInitialRebalanceDelayMs: 100 },
    },
  });
  const groupId = `g-${randomBytes(4).toString('hex')}`;
  const settings = { bootstrap: [gateway.kafka], groupId, topic, partitions };
  const all = [0, 1, 2].map(() => new RawMember({ ...settings, heartbeatMs: 200, sessionTimeoutMs: 6_000 }));
  try {
    const generation = await untilSettled(all, partitions);
    link.stall(15_000);
    await delay(12_000);
    const during = refusalsOf(all);
    await untilCommitted(all[0]!, 30_000);
    await delay(2_000);
    const generations = [generation, await untilSettled(all, partitions)] as const;
    return { during, all: refusalsOf(all), generations };
  } finally {
    await Promise.all(all.map((each) => each.crash()));
    await gateway.stop();
    await link.stop();
  }
}

describe('a gateway that cannot reach Pulsar', () => {
  it('throws nobody out: commits are refused until Pulsar is back, and the generation is the same', async () => {
    const { during, all, generations } = await apart;
    expect(during).toContain('COORDINATOR_NOT_AVAILABLE');
    expect(generations[1]).toBe(generations[0]);
    for (const refusal of all) expect(refusal).toMatch(expected);
  }, 90_000);
});

/** Until the member's coordinator, whoever that is, stores what it commits. */
async function untilCommitted(by: RawMember, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await by.commit(0, undefined, 1).catch(() => undefined);
    if (answer === code.NONE) return;
    if (performance.now() > deadline) throw new Error(`nothing is stored: ${answer}`);
    await delay(20);
  }
}
