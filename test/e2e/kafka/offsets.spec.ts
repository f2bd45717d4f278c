// The offset that Produce answers is the broker's index of the record, whoever else writes to the partition.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exactlyOnce, type FloodOutcome, javaFlood, judgeFlood } from '../../support/flood.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkajsFlood } from '../../support/kafkajs-flood.js';
import { buildOracle, type OracleMessage, oracleFlood, oracleRead } from '../../support/pulsar-oracle.js';
import { createPartitionedTopic, testPulsar } from '../../support/pulsar.js';

const partitions = 3;
const recordsPerProducer = 2_000;
const suiteTimeoutMs = 180_000;

describe('offsets', () => {
  const gateways: TestGateway[] = [];
  let namespace: string;

  beforeAll(async () => {
    buildOracle();
    const one = await gatewayFor(undefined, 1);
    namespace = one.namespaceOf('acme');
    gateways.push(one, await gatewayFor(namespace, 2));
  }, suiteTimeoutMs);

  afterAll(() => Promise.all(gateways.map((each) => each.stop())), suiteTimeoutMs);

  function gatewayFor(own: string | undefined, nodeId: number): Promise<TestGateway> {
    return startGateway({
      tenants: [{ name: 'acme', permissions: [allowAll], ...(own === undefined ? {} : { namespace: own }) }],
      listener: { anonymousTenant: 'acme' },
      config: { kafka: { nodeId } },
    });
  }

  async function topicOf(name: string): Promise<string> {
    await createPartitionedTopic(namespace, name, partitions);
    return `persistent://${namespace}/${name}`;
  }

  /** Each producer of its own kind, two by each gateway, all on the same partitions. */
  async function produce(topic: string): Promise<FloodOutcome[]> {
    const [one, two] = gateways.map(({ kafka }) => kafka) as [string, string];
    const count = recordsPerProducer;
    const common = { topic, partitions };
    const java = { ...common, count, rate: 1_000 };
    const floods = [
      javaFlood({ ...java, bootstrap: one, name: 'java' }),
      javaFlood({
        ...java,
        bootstrap: two,
        name: 'java-plain',
        settings: { 'enable.idempotence': 'false', 'compression.type': 'lz4' },
      }),
    ];
    const kafkajs = [
      new KafkajsFlood({ ...common, brokers: [two], name: 'kafkajs', producer: { idempotent: true } }),
      new KafkajsFlood({ ...common, brokers: [one], name: 'kafkajs-plain' }),
    ];
    await Promise.all([
      ...floods.map((each) => each.ended),
      ...kafkajs.map((each) => each.run(() => each.sent >= count)),
    ]);
    return [...floods, ...kafkajs];
  }

  function expectTrueOffsets(floods: readonly FloodOutcome[], stored: readonly OracleMessage[]): void {
    for (const flood of floods) {
      const { name, sent, acked } = flood;
      expect({ name, acked: acked.size, ...judgeFlood(flood, stored) }).toEqual({
        name,
        acked: sent,
        ...exactlyOnce,
      });
    }
    const indexes = Array.from({ length: partitions }, (_, partition) =>
      stored.filter((each) => each.partition === partition).map(({ index }) => index),
    );
    for (const each of indexes) expect(each).toEqual(each.map((_, at) => at));
  }

  it(
    'are the indexes for clients of two gateways at once',
    async () => {
      const topic = await topicOf('two-gateways');
      const floods = await produce('two-gateways');
      expectTrueOffsets(floods, await oracleRead(testPulsar.serviceUrl, topic, 'all'));
    },
    suiteTimeoutMs,
  );

  it(
    'are the indexes while native producers write between, singly and in batches',
    async () => {
      const topic = await topicOf('native');
      const native = await Promise.all([
        oracleFlood(testPulsar.serviceUrl, topic, { rate: 300, name: 'singly' }),
        oracleFlood(testPulsar.serviceUrl, topic, { rate: 600, batch: 7, name: 'in-batches' }),
      ]);
      const floods = await produce('native');
      const written = await Promise.all(native.map((each) => each.stop()));
      const stored = await oracleRead(testPulsar.serviceUrl, topic, 'all');
      expectTrueOffsets(floods, stored);
      const sums = [...written, ...floods.map(({ sent }) => ({ stored: sent }))];
      expect(stored).toHaveLength(sums.reduce((sum, each) => sum + each.stored, 0));
    },
    suiteTimeoutMs,
  );
});
