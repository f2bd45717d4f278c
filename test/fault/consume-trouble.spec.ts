// Consumers in trouble: idle, slow and deaf ones, topics that are unloaded, split, grown and deleted, and a Pulsar that goes away.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  encodeRequestFrame,
  type FetchResponse,
  fetchApi,
  isRetriable,
  KafkaErrorCode as code,
  kafkaErrorName,
  listOffsetsApi,
  offsetCommitApi,
  offsetFetchApi,
} from '#libs/kafka-codec';
import { cpuSeconds } from '../bench/process-cpu.js';
import { residentBytes } from '../bench/process-memory.js';
import { recordsOf } from '../e2e/kafka/fetched-records.js';
import { measureMemory } from '../support/collect-garbage.js';
import { ChurnProcess } from '../support/churn-process.js';
import { ChurnRecord, type Outage } from '../support/churn-record.js';
import { type JavaFlood, javaFlood } from '../support/flood.js';
import type { TestGateway } from '../support/gateway.js';
import { GroupMember } from '../support/group-member.js';
import { KafkaSocket } from '../support/kafka-socket.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';
import { until } from '../support/until.js';

const mebibyte = 1_048_576;
const fetchBytesInFlightMax = 32 * mebibyte;
const readMemoryBytesMax = 16 * mebibyte;
/** What a process of the gateway may grow by beside what it is allowed to hold. */
const slackBytes = 32 * mebibyte;

let pulsar: OwnPulsar;
let gateway: TestGateway;
const sockets: KafkaSocket[] = [];
const floods: JavaFlood[] = [];

beforeAll(async () => {
  pulsar = await OwnPulsar.start();
  gateway = await pulsar.gateway({
    ...{ fetchBytesInFlightMax, readMemoryBytesMax, readRingBytesMax: mebibyte, readAheadBytesMax: mebibyte },
    ...{ topicCacheMs: 1_000, consumerGroupSessionTimeoutMs: 6_000, consumerGroupHeartbeatIntervalMs: 1_000 },
  });
}, brokerTimeoutMs);

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(floods.splice(0).map((flood) => flood.stop().catch(() => {})));
});

afterAll(() => pulsar?.stop(), brokerTimeoutMs);

async function open(): Promise<KafkaSocket> {
  const socket = await KafkaSocket.open(gateway.kafka);
  sockets.push(socket);
  return socket;
}

/** Objects and buffers that the gateway holds; what it is yet to free is not growth. */
async function heldBytes(): Promise<number> {
  const { heap, external } = await measureMemory(gateway.log());
  return heap + external;
}

const asked = (topic: string, partition: number, fetchOffset: number, maxWaitMs: number, bytes: number) => ({
  ...{ maxWaitMs, minBytes: 1, maxBytes: bytes },
  topics: [
    { topic, partitions: [{ partition, fetchOffset: BigInt(fetchOffset), partitionMaxBytes: bytes }] },
  ],
});

const only = ({ responses }: FetchResponse) => responses[0]!.partitions[0]!;

/** Records 0 to count - 1 of a flood, stored. */
async function filled(topic: string, partitions: number, count: number, valueBytes = 100): Promise<void> {
  await pulsar.createTopic(topic, partitions);
  const settings = { 'batch.size': '65536', 'linger.ms': '5' };
  const flood = javaFlood({
    ...{ bootstrap: gateway.kafka, topic, partitions, count, rate: 0, valueBytes },
    ...{ unansweredMax: 1_000, settings },
  });
  await flood.ended;
  expect([flood.acked.size, ...flood.failed]).toEqual([count]);
}

describe('consumers', () => {
  it(
    'that wait, a thousand of them, cost next to nothing, and are woken by their record alone',
    async () => {
      await pulsar.createTopic('idle', 10);
      const waiting = await Promise.all(Array.from({ length: 1_000 }, open));
      const poll = (maxWaitMs: number) =>
        waiting.map((socket, at) =>
          socket.call(fetchApi, 12, asked('idle', at % 10, 0, maxWaitMs, mebibyte)),
        );
      // Readers are opened, code is compiled.
      await Promise.all(poll(1));
      const [before, cpuBefore] = [residentBytes(gateway.pid), cpuSeconds(gateway.pid)];
      await delay(3_000);
      const idleCpu = cpuSeconds(gateway.pid) - cpuBefore;
      const polls = poll(30_000);
      await delay(1_000);
      const cpuAtRest = cpuSeconds(gateway.pid);
      await delay(3_000);
      expect(cpuSeconds(gateway.pid) - cpuAtRest).toBeLessThan(idleCpu + 0.1);
      expect(residentBytes(gateway.pid) - before).toBeLessThan(32 * mebibyte);
      let answered = 0;
      // Those that are not woken end with their connections.
      for (const each of polls)
        each.then(
          () => answered++,
          () => {},
        );
      const flood = javaFlood({ bootstrap: gateway.kafka, topic: 'idle', partitions: 1, count: 1, rate: 0 });
      await flood.ended;
      const woken = await Promise.all(polls.filter((_, at) => at % 10 === 0));
      for (const each of woken) expect(recordsOf(only(each).records!, 0)).toHaveLength(1);
      expect(answered).toBe(100);
    },
    brokerTimeoutMs,
  );

  it(
    'that do not read their sockets cost no more than the limit, and others read on',
    async () => {
      const records = 3_000;
      await filled('deaf', 2, records, 20_000);
      const socket = await open();
      const before = await heldBytes();
      const deaf = await Promise.all(Array.from({ length: 24 }, (_, at) => deafConsumer('deaf', at % 2)));
      let offset = 0;
      for (const end = Date.now() + 5_000; Date.now() < end || offset < records / 2; ) {
        const { errorCode, records: bytes } = only(
          await socket.call(fetchApi, 12, asked('deaf', 0, offset % (records / 2), 500, mebibyte)),
        );
        expect(errorCode).toBe(code.NONE);
        offset += recordsOf(bytes!, offset % (records / 2)).length;
      }
      const held = (await heldBytes()) - before;
      for (const each of deaf) each.destroy();
      expect(held).toBeLessThan(fetchBytesInFlightMax + readMemoryBytesMax + slackBytes);
    },
    brokerTimeoutMs,
  );

  /** Asks for 20 x 16 MiB and takes none of it. */
  async function deafConsumer(topic: string, partition: number): Promise<Socket> {
    const [host, port] = gateway.kafka.split(':') as [string, string];
    const socket = connect({ host, port: Number(port) });
    socket.on('error', () => {});
    socket.pause();
    await new Promise((resolve) => socket.once('connect', resolve));
    for (let correlationId = 0; correlationId < 20; correlationId++) {
      const header = { apiKey: fetchApi.key, apiVersion: 12, correlationId, clientId: 'deaf' };
      const body = asked(topic, partition, 0, 500, 16 * mebibyte);
      socket.write(encodeRequestFrame(header, (writer) => fetchApi.encodeRequest(writer, body, 12)));
    }
    return socket;
  }

  it(
    'that are slower than what is written miss nothing, while others keep up',
    async () => {
      await pulsar.createTopic('slow', 1);
      const flood = javaFlood({
        ...{ bootstrap: gateway.kafka, topic: 'slow', partitions: 1, count: 20_000, rate: 4_000 },
        ...{ valueBytes: 1_000, settings: { 'batch.size': '16384' } },
      });
      floods.push(flood);
      const read = async (bytes: number, pauseMs: number, end: () => number): Promise<number> => {
        const socket = await open();
        let next = 0;
        while (next < end()) {
          const { errorCode, records } = only(
            await socket.call(fetchApi, 12, asked('slow', 0, next, 500, bytes)),
          );
          expect(errorCode).toBe(code.NONE);
          for (const { offset, value } of recordsOf(records!, next)) {
            expect([offset, value!.toString('latin1').split(' ', 2)[1]]).toEqual([next, String(next)]);
            next++;
          }
          await delay(pauseMs);
        }
        return next;
      };
      // The slow ones fall out of the ring of one MiB, each at its own place, and one hurries at the end.
      const slow = [20, 40, 60].map((pauseMs) => read(40_000, pauseMs, () => 4_000));
      const late = flood.ended.then(() => read(mebibyte, 0, () => 20_000));
      expect(await read(mebibyte, 0, () => 20_000)).toBe(20_000);
      for (const each of await Promise.all(slow)) expect(each).toBeGreaterThanOrEqual(4_000);
      expect(await late).toBe(20_000);
    },
    brokerTimeoutMs,
  );
});

describe('a topic', () => {
  const members: GroupMember[] = [];

  afterEach(async () => {
    await Promise.all(members.splice(0).map((each) => each.kill()));
  });

  it(
    'that is grown, deleted and made anew is followed by members of either protocol',
    async () => {
      await Promise.all([follow('classic'), follow('consumer')]);
    },
    brokerTimeoutMs,
  );

  async function follow(protocol: 'classic' | 'consumer'): Promise<void> {
    const topic = `changing-${protocol}`;
    const session: Readonly<Record<string, string>> =
      protocol === 'classic' ? { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '500' } : {};
    const member = new GroupMember({
      ...{ bootstrap: gateway.kafka, group: topic, protocol },
      settings: { ...session, 'metadata.max.age.ms': '500' },
    });
    members.push(member);
    const tell = () => `${member} ${member.read.length} read; ${gateway.log().slice(-2_000)}`;
    await pulsar.createTopic(topic, 2);
    member.tell(`topic ${topic}`);
    await until(() => member.has?.length === 2, tell);
    await flooded(topic, 'before', 2, 20);
    await until(() => member.read.length === 20, tell);

    await pulsar.growTopic(topic, 4);
    await until(() => member.has?.length === 4, tell);
    await flooded(topic, 'grown', 4, 40);
    await until(() => member.read.length === 60, tell);

    await pulsar.deleteTopic(topic);
    await until(() => member.has?.length === 0, tell);
    await pulsar.createTopic(topic, 2);
    await until(() => member.has?.length === 2, tell);
    // Fewer than before in each partition: its offsets begin again, and what was committed was the former topic's.
    await flooded(topic, 'after', 2, 10);
    await until(() => member.read.filter((line) => line.includes(' after ')).length === 10, tell);
    expect(new Set(member.read).size).toBe(member.read.length);
    expect(member.failures).toEqual([]);
  }

  async function flooded(topic: string, name: string, partitions: number, count: number): Promise<void> {
    const flood = javaFlood({ bootstrap: gateway.kafka, topic, name, partitions, count, rate: 0 });
    await flood.ended;
    expect([flood.acked.size, ...flood.failed]).toEqual([count]);
  }
});

describe('a group', () => {
  const partitions = 6;
  const [sessionTimeoutMs, rebalanceTimeoutMs] = [6_000, 20_000];
  const topic = 'moved';
  const record = new ChurnRecord(partitions);
  const outages: Outage[] = [];
  let flood: JavaFlood;
  const processes: ChurnProcess[] = [];

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.crash()));
  });

  /** Members of kafkajs and Java, and records that flow to them. */
  async function start(): Promise<void> {
    await pulsar.createTopic(topic, partitions);
    const args = [gateway.kafka, topic, ...[partitions, sessionTimeoutMs, rebalanceTimeoutMs].map(String)];
    for (const client of ['kafkajs', 'java'] as const) {
      const members = [{ name: client, group: topic, protocol: 'eager' as const }];
      processes.push(new ChurnProcess({ client, members, args, onEvent: (event) => record.add(event) }));
    }
    for (const each of processes) each.joinAll();
    flood = javaFlood({ bootstrap: gateway.kafka, topic, name: topic, partitions, rate: 1_000 });
    floods.push(flood);
    await flood.untilAcked(2_000);
    await until(() => record.owners.every(({ size }) => size === 1), tell);
  }

  const tell = () => processes.map(({ said }) => said).join('\n') + gateway.log().slice(-2_000);

  async function committed(): Promise<number[]> {
    const partitionIndexes = Array.from({ length: partitions }, (_, at) => at);
    const socket = await open();
    const answer = await socket.call(offsetFetchApi, 5, {
      groupId: topic,
      topics: [{ name: topic, partitionIndexes }],
    });
    const found = answer.topics[0]!.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
    return found.map(({ committedOffset }) => Number(committedOffset));
  }

  async function logEnd(partitionIndex: number): Promise<number> {
    const partitions = [{ partitionIndex, timestamp: -1n }];
    const { topics } = await (await open()).call(listOffsetsApi, 5, {
      topics: [{ name: topic, partitions }],
    });
    return Number(topics[0]!.partitions[0]!.offset);
  }

  const logEnds = () => Promise.all(Array.from({ length: partitions }, (_, partition) => logEnd(partition)));

  /** What is written by now is read, and committed. */
  async function untilCommitted(): Promise<void> {
    const ends = await logEnds();
    let now: number[] = [];
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(200)) {
      now = await committed();
      if (ends.every((end, partition) => now[partition]! >= end)) return;
    }
    throw new Error(`committed ${now} of ${ends}: ${tell()}`);
  }

  /** Nothing was left out, nothing went back, and nobody had to leave. */
  async function expectAllRead(): Promise<void> {
    await flood.stop();
    expect([...flood.failed]).toEqual([]);
    await untilCommitted();
    expect(await committed()).toEqual(await logEnds());
    const ends = Array.from({ length: partitions }, (_, at) => Math.ceil((flood.sent - at) / partitions));
    const { faults } = record.verdict(ends, outages, sessionTimeoutMs + rebalanceTimeoutMs);
    expect(faults).toEqual([]);
  }

  /** What clients are told while there is no broker. */
  async function refusals(): Promise<string[]> {
    const socket = await open();
    const who = { groupId: topic, generationIdOrMemberEpoch: -1, memberId: '' };
    const codes = [
      socket.call(fetchApi, 12, asked(topic, 0, 0, 100, mebibyte)).then((answer) => only(answer).errorCode),
      socket
        .call(listOffsetsApi, 5, {
          topics: [{ name: topic, partitions: [{ partitionIndex: 1, timestamp: -1n }] }],
        })
        .then(({ topics }) => topics[0]!.partitions[0]!.errorCode),
      socket
        .call(offsetCommitApi, 8, {
          ...{ ...who, groupId: `${topic}-alone` },
          topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 1n }] }],
        })
        .then(({ topics }) => topics[0]!.partitions[0]!.errorCode),
      socket.call(offsetFetchApi, 5, { groupId: topic, topics: null }).then(({ errorCode }) => errorCode),
    ];
    return (await Promise.all(codes)).map((each) =>
      each === code.NONE ? 'NONE' : `${isRetriable(each) ? 'retriable' : 'final'} ${kafkaErrorName(each)}`,
    );
  }

  async function away(how: 'kill' | 'stop'): Promise<void> {
    const from = Date.now();
    const before = await committed();
    await (how === 'kill' ? pulsar.broker.kill() : pulsar.stopBroker());
    await delay(3_000);
    const told = await refusals();
    // What is in memory is read on; a commit cannot be stored.
    expect(told.filter((each) => each.startsWith('final'))).toEqual([]);
    expect(told[2]).toMatch(/^retriable /);
    await pulsar.broker.restart();
    while (!(await fetch(`${gateway.adminUrl}/health/ready`)).ok) await delay(100);
    await flood.untilAcked(flood.acked.size + 1_000);
    outages.push({ from, to: Date.now() + 5_000 });
    await untilCommitted();
    const after = await committed();
    for (const [at, offset] of before.entries()) expect(after[at]).toBeGreaterThanOrEqual(offset);
  }

  it(
    'reads on over unloads and splits, and goes on where it was after Pulsar was killed, and stopped',
    async () => {
      await start();
      for (let round = 0; round < 3; round++) {
        await pulsar.unload(topic);
        await flood.untilAcked(flood.acked.size + 500);
        await pulsar.splitBundles();
        await flood.untilAcked(flood.acked.size + 500);
      }
      await untilCommitted();
      await away('kill');
      await away('stop');
      await expectAllRead();
    },
    2 * brokerTimeoutMs,
  );
});
