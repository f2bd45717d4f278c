// Groups whose members come, go and crash while gateways are killed and the broker restarts: nothing is lost, no offset goes back (full: 1,000,000 records)
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isRetriable, kafkaErrorName, listOffsetsApi, metadataApi, offsetFetchApi } from '#libs/kafka-codec';
import { inForm } from '../support/check-form.js';
import {
  type ChurnEvent,
  type ChurnMember,
  ChurnProcess,
  type ChurnProtocol,
} from '../support/churn-process.js';
import { ChurnRecord, type Outage } from '../support/churn-record.js';
import { type JavaFlood, javaFlood } from '../support/flood.js';
import type { TestGateway } from '../support/gateway.js';
import { kafkaCall } from '../support/kafka-call.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';

const partitions = 24;
const topic = 'orders';
const churnMs = inForm({ short: 28_000, full: 180_000 });
const records = inForm({ short: 15_000, full: 1_000_000 });
const recordsPerSecond = inForm({ short: 1_000, full: 7_000 });
const stepMs = inForm({ short: 1_200, full: 3_000 });
/** Before each fault, and while a gateway is dead. */
const quietMs = inForm({ short: 2_000, full: 25_000 });
const deadMs = inForm({ short: 1_000, full: 10_000 });

const sessionTimeoutMs = 6_000;
const rebalanceTimeoutMs = 20_000;
/** A crashed member is noticed, and then the others are waited for. */
const unownedMsMax = sessionTimeoutMs + rebalanceTimeoutMs;
/** Of a gateway that is silent; its default. */
const memberTimeoutMs = 5_000;
/** After a fault: clients find their coordinator, which has replayed. */
const recoveryMs = 5_000;
const observeMs = 500;
const answerMsMax = 10_000;
const caughtUpMsMax = 60_000;
const testTimeoutMs = inForm({ short: 480_000, full: 1_200_000 });

/** Group -> protocol; kafkajs and Java share the first. */
const groups = { mixed: 'eager', cooperative: 'cooperative', consumer: 'consumer' } as const;

const member = (name: string, group: keyof typeof groups): ChurnMember => {
  const protocol: ChurnProtocol = groups[group];
  return { name, group, protocol };
};

/** What crashes together. */
const processes = {
  k1: ['kafkajs', [member('a1', 'mixed'), member('a2', 'mixed')]],
  k2: ['kafkajs', [member('a3', 'mixed'), member('a4', 'mixed')]],
  j1: ['java', [member('a5', 'mixed'), member('b1', 'consumer'), member('c1', 'cooperative')]],
  j2: [
    'java',
    [
      member('a6', 'mixed'),
      ...['b2', 'b3'].map((name) => member(name, 'consumer')),
      ...['c2', 'c3'].map((name) => member(name, 'cooperative')),
    ],
  ],
} as const;

type ProcessName = keyof typeof processes;

/**
 * Over and over. Each group keeps a member at any time. Members of kafkajs only crash: one that is told to leave while it
 * starts again after a fault stays in the group and reads nothing.
 */
const steps = [
  ...['-a5', '!k2', '+a5', '+k2', '-b2', '!j1', '+b2', '+j1', '-c1', '-a6'],
  ...['!k1', '+a6', '+k1', '+c1', '-a5', '!j2', '+a5', '+j2', '-b1', '-c2', '+b1', '+c2'],
];

/** Rejects with what did not come in time: a test that only ran out of its own would not say. */
async function within<T>(what: string, ms: number, promise: Promise<T>): Promise<T> {
  const late = delay(ms, undefined, { ref: false }).then(() => {
    throw new Error(`${what}: not in ${ms} ms`);
  });
  return Promise.race([promise, late]);
}

describe('groups under churn', () => {
  let pulsar: OwnPulsar;
  let gateways: TestGateway[];
  const running = new Map<ProcessName, ChurnProcess>();
  const recordOf = new Map<string, ChurnRecord>();
  const outages: Outage[] = [];
  /** What the observer was told instead of offsets. */
  const refusals = new Map<string, number>();
  let ended = false;
  let flood: JavaFlood | undefined;

  beforeEach(async () => {
    for (const group of Object.keys(groups)) recordOf.set(group, new ChurnRecord(partitions));
    running.clear();
    refusals.clear();
    outages.length = 0;
    ended = false;
    pulsar = await OwnPulsar.start();
    const settings = {
      consumerGroupSessionTimeoutMs: sessionTimeoutMs,
      consumerGroupHeartbeatIntervalMs: 1_000,
    };
    // With these node ids each of them coordinates some of the groups.
    gateways = [
      await pulsar.gateway({ ...settings, nodeId: 1 }),
      await pulsar.gateway({ ...settings, nodeId: 2 }),
    ];
    await pulsar.createTopic(topic, partitions);
    const args = [bootstrap(), topic, ...[partitions, sessionTimeoutMs, rebalanceTimeoutMs].map(String)];
    for (const [name, [client, members]] of Object.entries(processes)) {
      const onEvent = (event: ChurnEvent) => recordOf.get(event.group)!.add(event);
      running.set(name as ProcessName, new ChurnProcess({ client, members, args, onEvent }));
    }
  }, brokerTimeoutMs);

  afterEach(async () => {
    ended = true;
    void flood?.stop().catch(() => {});
    await Promise.all([...running.values()].map((each) => each.crash()));
    await pulsar?.stop();
  }, brokerTimeoutMs);

  const bootstrap = () => gateways.map(({ kafka }) => kafka).join();

  /** Takes steps until `stop` is called; then all members are in. */
  function churn(): () => Promise<void> {
    let stopped = false;
    const churning = (async () => {
      for (let at = 0; !stopped; at = (at + 1) % steps.length) {
        await take(steps[at]!);
        await delay(stepMs);
      }
    })();
    return async () => {
      stopped = true;
      await churning;
      for (const each of running.values()) each.joinAll();
    };
  }

  async function take(step: string): Promise<void> {
    const name = step.slice(1);
    const whole = running.get(name as ProcessName);
    const own =
      whole ?? [...running.values()].find(({ members }) => members.some((each) => each.name === name))!;
    if (step.startsWith('!')) await own.crash();
    else if (step.startsWith('-')) own.leave(name);
    else if (whole === undefined) own.join(name);
    else whole.joinAll();
  }

  /** -1 where there is none; the name of an error instead. */
  async function committedOf(group: string, gateway: TestGateway): Promise<number[] | string> {
    const asked = { name: topic, partitionIndexes: Array.from({ length: partitions }, (_, p) => p) };
    const answer = await Promise.race([
      kafkaCall(gateway.kafka, offsetFetchApi, 5, { groupId: group, topics: [asked] }).catch(() => undefined),
      delay(answerMsMax, undefined, { ref: false }),
    ]);
    if (answer === undefined) return 'no answer';
    const found = answer.topics[0]?.partitions ?? [];
    const code = answer.errorCode || (found.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0);
    if (code !== 0) return `${isRetriable(code) ? 'retriable' : 'fatal'} ${kafkaErrorName(code)}`;
    const offsets: number[] = [];
    for (const { partitionIndex, committedOffset } of found)
      offsets[partitionIndex] = Number(committedOffset);
    return offsets;
  }

  async function observe(): Promise<void> {
    for (let turn = 0; !ended; turn++) {
      for (const [group, record] of recordOf) {
        const askedAt = Date.now();
        const offsets = await committedOf(group, gateways[turn % 2]!);
        if (typeof offsets === 'string') refusals.set(offsets, (refusals.get(offsets) ?? 0) + 1);
        else record.sample({ group, askedAt, answeredAt: Date.now(), offsets });
      }
      await delay(observeMs);
    }
  }

  async function leadersOf({ kafka }: TestGateway): Promise<number[]> {
    const { topics } = await kafkaCall(kafka, metadataApi, 12, { topics: [{ name: topic }] });
    const leaders: number[] = [];
    for (const { partitionIndex, leaderId } of topics[0]!.partitions) leaders[partitionIndex] = leaderId;
    return leaders;
  }

  async function untilLeaders(
    gateway: TestGateway,
    expected: readonly number[],
    msMax: number,
  ): Promise<void> {
    const deadline = Date.now() + msMax;
    for (;;) {
      const leaders = await leadersOf(gateway);
      if (leaders.join() === expected.join()) return;
      if (Date.now() > deadline) expect(leaders).toEqual(expected);
      await delay(50);
    }
  }

  /** SIGKILL: all its partitions go to the other one; it comes back, and they do. */
  async function killGateway(gateway: TestGateway): Promise<void> {
    const other = gateways.find((each) => each !== gateway)!;
    const before = await leadersOf(other);
    const ids = new Set(before);
    expect(ids.size).toBe(2);
    const from = Date.now();
    await gateway.kill();
    const survivor = await survivingLeader(other, memberTimeoutMs + recoveryMs);
    expect(ids).toContain(survivor);
    outages.push({ from, to: Date.now() + recoveryMs });
    await delay(deadMs);
    await gateway.restart();
    await untilLeaders(other, before, recoveryMs);
    await untilLeaders(gateway, before, recoveryMs);
  }

  async function survivingLeader(gateway: TestGateway, msMax: number): Promise<number> {
    const deadline = Date.now() + msMax;
    for (;;) {
      const leaders = [...new Set(await leadersOf(gateway))];
      if (leaders.length === 1) return leaders[0]!;
      if (Date.now() > deadline) throw new Error(`partitions are still led by ${leaders.join(' and ')}`);
      await delay(50);
    }
  }

  async function restartBroker(): Promise<void> {
    const from = Date.now();
    await pulsar.restartBroker();
    for (const { adminUrl } of gateways) {
      while (!(await fetch(`${adminUrl}/health/ready`)).ok) await delay(100);
    }
    // It takes connections long before it has loaded its topics.
    await flood!.untilAcked(flood!.acked.size + 1_000);
    for (const group of recordOf.keys()) {
      while (typeof (await committedOf(group, gateways[0]!)) === 'string') await delay(100);
    }
    outages.push({ from, to: Date.now() + recoveryMs });
  }

  async function untilAllCommitted(ends: readonly number[]): Promise<void> {
    const deadline = Date.now() + caughtUpMsMax;
    for (const group of recordOf.keys()) {
      for (;;) {
        const committed = await Promise.all(gateways.map((gateway) => committedOf(group, gateway)));
        if (committed.every((each) => each.toString() === ends.toString())) break;
        if (Date.now() > deadline) {
          const owners = recordOf.get(group)!.owners.map((each) => [...each].join('+'));
          expect([group, ...committed, owners]).toEqual([group, ends, ends, []]);
        }
        await delay(200);
      }
    }
  }

  async function untilSettled(): Promise<void> {
    const deadline = Date.now() + unownedMsMax;
    const unsettled = () =>
      [...recordOf].filter(([, { owners }]) => owners.some(({ size }) => size !== 1)).map(([group]) => group);
    while (unsettled().length > 0 && Date.now() < deadline) await delay(100);
    expect(unsettled()).toEqual([]);
  }

  async function logEndsOf({ kafka }: TestGateway): Promise<number[]> {
    const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: -1n,
    }));
    const { topics } = await kafkaCall(kafka, listOffsetsApi, 5, {
      topics: [{ name: topic, partitions: asked }],
    });
    const ends: number[] = [];
    for (const { partitionIndex, offset } of topics[0]!.partitions) ends[partitionIndex] = Number(offset);
    return ends;
  }

  /** Records of a partition whose offset is not above that of the one before; -1: it was sent again, and stored already. */
  function unordered(acked: ReadonlyMap<number, number>): number[] {
    const latest: number[] = [];
    return [...acked]
      .sort(([a], [b]) => a - b)
      .flatMap(([number, offset]) => {
        const partition = number % partitions;
        if (offset === -1) return [];
        const isAbove = offset > (latest[partition] ?? -1);
        latest[partition] = offset;
        return isAbove ? [] : [number];
      });
  }

  /** Records in each partition. */
  function endsOf(sent: number): number[] {
    return Array.from({ length: partitions }, (_, partition) => Math.ceil((sent - partition) / partitions));
  }

  it(
    'process every record, and go on where they committed',
    async () => {
      for (const each of running.values()) each.joinAll();
      const flowing = javaFlood({
        ...{ bootstrap: bootstrap(), topic, name: 'churn', partitions, rate: recordsPerSecond },
        unansweredMax: 20_000,
        settings: { 'linger.ms': '50', 'batch.size': '16384' },
      });
      flood = flowing;
      await flowing.untilAcked(1_000);
      const observing = observe();
      const stopChurn = churn();
      const faults = [() => killGateway(gateways[0]!), restartBroker, () => killGateway(gateways[1]!)];
      const trouble = (async () => {
        for (const fault of faults) {
          await delay(quietMs);
          await fault();
        }
      })();
      await within('faults', testTimeoutMs / 2, Promise.all([trouble, delay(churnMs)]));
      await within('records', testTimeoutMs / 2, flowing.untilAcked(records));
      await within('members', 2 * rebalanceTimeoutMs, stopChurn());
      await within('end of the producer', 60_000, flowing.stop());

      const ends = endsOf(flowing.sent);
      expect([...flowing.failed]).toEqual([]);
      expect([flowing.acked.size, ...unordered(flowing.acked)]).toEqual([flowing.sent]);
      const [logEnds, others] = await within('log ends', 30_000, Promise.all(gateways.map(logEndsOf)));
      expect(others).toEqual(logEnds);
      await untilAllCommitted(logEnds!);
      await untilSettled();
      const counts = ends.map((_, p) => pulsar.count(`${topic}-partition-${p}`));
      const counted = await within('count', 60_000, Promise.all(counts));
      expect(counted).toEqual(ends);
      ended = true;
      await within('observer', 2 * answerMsMax * recordOf.size, observing);
      await Promise.all([...running.values()].map((each) => each.end(rebalanceTimeoutMs)));

      expect([...refusals.keys()].filter((what) => what.startsWith('fatal'))).toEqual([]);
      for (const [group, record] of recordOf) {
        const verdict = record.verdict(ends, outages, unownedMsMax);
        expect([group, verdict.faults]).toEqual([group, []]);
        expect(verdict.rebalanceMsMax).toBeLessThanOrEqual(rebalanceTimeoutMs);
        // Others keep partitions over a rebalance.
        if (group === 'mixed') expect(verdict.rebalances).toBeGreaterThan(0);
        expect(verdict.commits).toBeGreaterThan(partitions);
      }
    },
    testTimeoutMs,
  );
});
