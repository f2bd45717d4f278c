import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Producer, type ProducerOptions, PulsarClient, PulsarError } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import { kafkaOptionsSchema } from '../kafka.options.js';
import type { Append } from './append.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { PartitionWriters } from './partition-writers.js';

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

function topic(id = 1): KafkaTopic {
  return {
    name: 't',
    id: Buffer.alloc(16, id),
    pulsarTopic: 'persistent://a/b/t',
    partitions: 2,
    config: { messageBytesMax: 1e6, timestampType: 'create', compacted: false },
    partitionTopic: (partition) => `persistent://a/b/t-partition-${partition}`,
  };
}

describe('PartitionWriters', () => {
  const opened: ProducerOptions[] = [];
  let closed = 0;
  let failure: PulsarError | undefined;
  let writers: PartitionWriters;

  function make(options = {}): PartitionWriters {
    opened.length = 0;
    closed = 0;
    failure = undefined;
    const pulsar = new PulsarClient({ serviceUrl: 'pulsar://127.0.0.1:1' });
    jest.spyOn(pulsar, 'createProducer').mockImplementation(async (options) => {
      opened.push(options);
      if (failure !== undefined) throw failure;
      const close = async () => {
        closed++;
      };
      return {
        name: options.name,
        lastSequenceId: -1,
        onClosed() {},
        send() {},
        close,
      } as unknown as Producer;
    });
    writers = new PartitionWriters(pulsar, kafkaOptionsSchema.parse(options), silentLog);
    return writers;
  }

  function use(of: KafkaTopic, partition = 0, producerId = -1n, done: Append['done'] = () => {}): void {
    const entry = { buffer: Buffer.alloc(1), payloadStart: 0, payloadEnd: 1, numMessages: 1, metadata: {} };
    writers.writer('acme', of, partition).append({
      batch: { entry, producerId, epoch: 0, sequence: 0, joinedBytesMax: 0 },
      client: { whenClosed: () => () => {} },
      abandoned: false,
      done,
    });
  }

  afterEach(async () => {
    await writers.close();
  });

  it('gives one writer per partition, also when the topic was looked up again', () => {
    make();
    const first = topic();
    const writer = writers.writer('acme', first, 0);
    expect(writers.writer('acme', first, 0)).toBe(writer);
    expect(writers.writer('acme', topic(), 0)).toBe(writer);
    expect(writers.writer('acme', first, 1)).not.toBe(writer);
    expect(writers.writer('acme', topic(2), 0)).not.toBe(writer);
  });

  it('names plain producers so that no name comes again, and idempotent ones by their id', async () => {
    make();
    use(topic());
    use(topic(), 1);
    use(topic(), 0, 77n);
    await soon();
    const names = opened.map(({ name }) => name ?? '');
    expect(names.filter((name) => /^pulsegate\.[0-9a-f-]{36}\.\d+$/.test(name))).toHaveLength(2);
    expect(new Set(names).size).toBe(3);
    expect(names).toContain('pulsegate.kafka.77');
    expect(opened.map(({ tenantKey }) => tenantKey)).toEqual(['acme', 'acme', 'acme']);
    const before = names;
    make();
    use(topic());
    await soon();
    expect(before).not.toContain(opened[0]?.name);
  });

  it('closes everything, and takes nothing afterwards', async () => {
    make();
    use(topic());
    use(topic(), 0, 77n);
    await soon();
    await writers.close();
    expect(closed).toBe(2);
    expect(() => writers.writer('acme', topic(), 0)).toThrow('the gateway stops');
  });

  it('makes room for a new producer id where most are remembered, whoever they belong to', async () => {
    make({ producerIdsMax: 4 });
    const errors: unknown[] = [];
    const refused = new PulsarError('ProducerBusy', 'taken');
    failure = refused;
    for (const id of [1n, 2n, 3n]) use(topic(1), 0, id, (error) => errors.push(error));
    use(topic(2), 0, 4n, (error) => errors.push(error));
    await soon();
    use(topic(3), 0, 5n, (error) => errors.push(error));
    use(topic(2), 0, 6n, (error) => errors.push(error));
    await soon();
    expect(errors).toEqual(Array(6).fill(refused));
    const remembered = [1, 2, 3].map((id) => writers.writer('acme', topic(id), 0).remembered);
    expect(remembered).toEqual([1, 2, 1]);
  });

  it('closes the idempotent producers of partitions that others lead now, and no plain ones', async () => {
    make();
    use(topic(), 0, 7n);
    use(topic(), 1, 7n);
    use(topic(), 0);
    await soon();
    writers.handOver((_, partition) => partition === 1);
    await soon();
    expect(closed).toBe(1);
    expect([0, 1].map((each) => writers.writer('acme', topic(), each).remembered)).toEqual([0, 1]);
  });

  it('says what it holds', async () => {
    make();
    const metrics = new Metrics({ processMetrics: false });
    writers.register(metrics);
    use(topic(), 0, 77n);
    const text = await metrics.exposition();
    expect(text).toContain('pulsegate_kafka_partitions_written 1');
    expect(text).toContain('pulsegate_kafka_producer_ids 1');
    expect(text).toContain('pulsegate_kafka_duplicates_total 0');
  });
});
