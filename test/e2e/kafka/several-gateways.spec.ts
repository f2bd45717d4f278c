// Several gateways as one cluster: who is seen, who is gone, what clients are told, and who may ask the internal listener.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createTopicsApi,
  deleteTopicsApi,
  describeClusterApi,
  findCoordinatorApi,
  KafkaErrorCode,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
} from '../../../libs/kafka-codec/src/index.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { kafkaCall } from '../../support/kafka-call.js';
import { createPartitionedTopic, createPulsarNamespace } from '../../support/pulsar.js';

const memberTimeoutMs = 2_000;
const partitions = 24;
/** Beside the timeout: a tick, and the time that looking takes. */
const slackMs = 1_000;
const stateNamespace = `public/pulsegate-several-${randomBytes(4).toString('hex')}`;
const gateways: TestGateway[] = [];
let namespace: string;

async function gateway(kafka: Readonly<Record<string, unknown>> = {}): Promise<TestGateway> {
  const started = await startGateway({
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    listener: { anonymousTenant: 'acme' },
    stateNamespace,
    config: { cluster: { stateNamespace, memberTimeoutMs }, kafka },
  });
  gateways.push(started);
  return started;
}

async function metadataOf({ kafka }: TestGateway, topic = 'orders') {
  const { brokers, topics } = await kafkaCall(kafka, metadataApi, 12, { topics: [{ name: topic }] });
  return { brokers, topic: topics[0]! };
}

/** Node ids by address, as Metadata of this gateway has them. */
async function brokersOf(of: TestGateway): Promise<Map<string, number>> {
  const { brokers } = await metadataOf(of);
  return new Map(brokers.map(({ nodeId, host, port }) => [`${host}:${port}`, nodeId]));
}

/** How long it took until the gateway's Metadata named exactly these. */
async function untilBrokers(of: TestGateway, expected: readonly TestGateway[]): Promise<number> {
  const startedAt = performance.now();
  const wanted = expected.map(({ kafka }) => kafka).sort();
  for (;;) {
    const found = [...(await brokersOf(of)).keys()].sort();
    if (JSON.stringify(found) === JSON.stringify(wanted)) return performance.now() - startedAt;
    if (performance.now() - startedAt > 15_000) expect(found).toEqual(wanted);
    await delay(20);
  }
}

async function leadersOf(of: TestGateway): Promise<number[]> {
  const { topic } = await metadataOf(of);
  return topic.partitions
    .sort((a, b) => a.partitionIndex - b.partitionIndex)
    .map(({ leaderId, errorCode }) => (errorCode === 0 ? leaderId : -errorCode));
}

beforeAll(async () => {
  namespace = await createPulsarNamespace('several');
  await createPartitionedTopic(namespace, 'orders', partitions);
});

afterAll(async () => {
  await Promise.all(gateways.map((each) => each.stop()));
});

describe('several gateways', () => {
  let first: TestGateway;
  let second: TestGateway;

  beforeAll(async () => {
    first = await gateway();
    second = await gateway();
  }, 60_000);

  it('know each other within a second of the start', async () => {
    expect(await untilBrokers(first, [first, second])).toBeLessThan(1_000);
    expect(await untilBrokers(second, [first, second])).toBeLessThan(1_000);
    expect([...(await brokersOf(first)).values()].sort()).toEqual([0, 1]);
  });

  it('say the same leaders, and each leads a share', async () => {
    const leaders = await leadersOf(first);
    expect(leaders).toHaveLength(partitions);
    expect(await leadersOf(second)).toEqual(leaders);
    expect(new Set(leaders)).toEqual(new Set([0, 1]));
  });

  it.each([0, 1, 2])('are the brokers of DescribeCluster v%i', async (version) => {
    const { brokers, controllerId } = await kafkaCall(second.kafka, describeClusterApi, version, {});
    const known = await brokersOf(second);
    expect(new Map(brokers.map(({ brokerId, host, port }) => [`${host}:${port}`, brokerId]))).toEqual(known);
    expect(controllerId).toBe(known.get(second.kafka));
  });

  it.each([0, 1, 2, 3])('name the same coordinator of a group (FindCoordinator v%i)', async (version) => {
    const found = await Promise.all(
      [first, second].map(({ kafka }) => kafkaCall(kafka, findCoordinatorApi, version, { key: 'g' })),
    );
    expect(found[0]).toMatchObject({ errorCode: 0, nodeId: expect.any(Number) });
    expect(found[1]).toEqual(found[0]);
  });

  it.each([4, 5, 6])('and of many groups at once (FindCoordinator v%i)', async (version) => {
    const coordinatorKeys = Array.from({ length: 40 }, (_, n) => `group-${n}`);
    const ask = { keyType: 0, coordinatorKeys };
    const [one, other] = await Promise.all(
      [first, second].map(({ kafka }) => kafkaCall(kafka, findCoordinatorApi, version, ask)),
    );
    expect(one!.coordinators.map(({ key, errorCode }) => [key, errorCode])).toEqual(
      coordinatorKeys.map((key) => [key, 0]),
    );
    expect(other).toEqual(one);
    const transactional = await kafkaCall(first.kafka, findCoordinatorApi, version, {
      keyType: 1,
      coordinatorKeys: ['t'],
    });
    expect(transactional.coordinators).toMatchObject([
      { key: 't', nodeId: -1, errorCode: KafkaErrorCode.COORDINATOR_NOT_AVAILABLE },
    ]);
  });

  it('send requests about a group on to its coordinator', async () => {
    const group = (n: number) => `forwarded-${n}`;
    const commit = (to: TestGateway, n: number) =>
      kafkaCall(to.kafka, offsetCommitApi, 8, {
        groupId: group(n),
        generationIdOrMemberEpoch: -1,
        topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: BigInt(n) }] }],
      });
    const codeOf = async (to: TestGateway, n: number) =>
      (await commit(to, n)).topics[0]!.partitions[0]!.errorCode;
    for (let n = 0; n < 8; n++) {
      const to = n % 2 === 0 ? first : second;
      // A slice that was not used before is replayed first.
      let code = await codeOf(to, n);
      for (; code === KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS; code = await codeOf(to, n))
        await delay(50);
      expect([n, code]).toEqual([n, 0]);
    }
    const groups = Array.from({ length: 8 }, (_, n) => n);
    for (const from of [first, second]) {
      for (const n of groups) {
        const asked = { groupId: group(n), topics: [{ name: 'orders', partitionIndexes: [0] }] };
        const { topics } = await kafkaCall(from.kafka, offsetFetchApi, 6, asked);
        expect(topics[0]!.partitions).toMatchObject([{ committedOffset: BigInt(n), errorCode: 0 }]);
      }
    }
  }, 60_000);

  it('hear of topics that others made and deleted', async () => {
    const errorCode = async (of: TestGateway) => (await metadataOf(of, 'fleeting')).topic.errorCode;
    const topics = [{ name: 'fleeting', numPartitions: 3, replicationFactor: 1 }];
    await kafkaCall(first.kafka, createTopicsApi, 5, { topics, timeoutMs: 10_000 });
    expect(await errorCode(second)).toBe(0);
    await kafkaCall(first.kafka, deleteTopicsApi, 5, { topicNames: ['fleeting'], timeoutMs: 10_000 });
    const startedAt = performance.now();
    while ((await errorCode(second)) === 0) await delay(20);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('say in health who is there', async () => {
    const { cluster } = (await (await fetch(`${first.adminUrl}/health/ready`)).json()) as {
      cluster: { joined: boolean; members: { nodeId: number; state: string }[]; state: { served: boolean } };
    };
    expect(cluster).toMatchObject({ joined: true, state: { served: true } });
    expect(cluster.members.map(({ nodeId, state }) => [nodeId, state])).toEqual([
      [0, 'live'],
      [1, 'live'],
    ]);
  });

  describe('when one of them', () => {
    it('comes, it takes its share, and when it stops it is gone at once', async () => {
      const before = await leadersOf(first);
      const third = await gateway();
      await untilBrokers(first, [first, second, third]);
      const with3 = await leadersOf(first);
      expect(with3.filter((leader, at) => leader !== before[at]).every((leader) => leader === 2)).toBe(true);
      expect(with3).toContain(2);
      const stopping = third.stop();
      expect(await untilBrokers(first, [first, second])).toBeLessThan(memberTimeoutMs - 200);
      expect(await leadersOf(first)).toEqual(before);
      expect(await stopping).toBe('exit status 0');
    }, 60_000);

    it('dies, it is gone within the timeout; and it comes back as who it was', async () => {
      const before = await brokersOf(first);
      await second.kill();
      expect(await untilBrokers(first, [first])).toBeLessThan(memberTimeoutMs + slackMs);
      expect(new Set(await leadersOf(first))).toEqual(new Set([before.get(first.kafka)]));
      await second.restart();
      await untilBrokers(first, [first, second]);
      expect(await brokersOf(first)).toEqual(before);
    }, 60_000);

    it('dies and is back before that is noticed, it is who it was', async () => {
      const before = await brokersOf(first);
      await second.kill();
      await second.restart();
      await untilBrokers(second, [first, second]);
      expect(await brokersOf(second)).toEqual(before);
      expect(await brokersOf(first)).toEqual(before);
    }, 60_000);

    it('has the node id of another, it does not start, and says why', async () => {
      const third = await gateway({ nodeId: 77 });
      await expect(gateway({ nodeId: 77 })).rejects.toThrow(
        /exit status 1[\s\S]*node id 77 is in use by another gateway \(on .*, 127\.0\.0\.1:\d+\): give each gateway a kafka\.nodeId of its own, or none/,
      );
      await third.stop();
    }, 60_000);
  });

  describe('have an internal listener that', () => {
    it('closes on who does not prove to know the secret, and survives', async () => {
      const port = Number(first.log().match(/"event":"cluster.listening".*?"port":(\d+)/)?.[1]);
      for (const bytes of [
        randomBytes(100_000),
        Buffer.of(0, 0, 0, 1, 4),
        Buffer.from('GET / HTTP/1.0\r\n\r\n'),
      ]) {
        const socket = connect({ host: '127.0.0.1', port });
        socket.on('error', () => {});
        await once(socket, 'connect');
        socket.write(bytes);
        socket.resume();
        await once(socket, 'close');
      }
      expect(await leadersOf(first)).toHaveLength(partitions);
    });
  });
});
