// The conformance consumer for kafkajs, with the codecs that its users add to it.
import { zstdDecompressSync } from 'node:zlib';
import kafkajs, { type IHeaders } from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { type ConsumerJob, type JobReading, serveConsumerJobs } from '../../support/consumer-job.js';
import type { ProducerConnection } from '../../support/producer-job.js';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;

/** The blocks of snappy-java, as kafkajs-snappy reads them: a header of 16 bytes, then sizes and blocks. */
async function xerialBlocks(buffer: Buffer): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let at = 16; at < buffer.length; ) {
    const size = buffer.readInt32BE(at);
    blocks.push(
      (await snappy.uncompress(buffer.subarray(at + 4, at + 4 + size), { asBuffer: true })) as Buffer,
    );
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

const unused = () => Promise.reject(new Error('a consumer never compresses'));
CompressionCodecs[CompressionTypes.Snappy] = () => ({ compress: unused, decompress: xerialBlocks });
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: unused,
  decompress: (buffer: Buffer) => lz4.decompressFrame(buffer),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: unused,
  decompress: async (buffer: Buffer) => zstdDecompressSync(buffer),
});

/** kafkajs gathers the values of equal names under the first of them. */
function headerPairs(headers: IHeaders = {}): [Buffer, Buffer | null][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): [Buffer, Buffer | null] => [
      Buffer.from(name),
      (value ?? null) as Buffer | null,
    ]),
  );
}

async function consume(job: ConsumerJob, connection: ProducerConnection, reading: JobReading): Promise<void> {
  const { username, password } = connection;
  const anonymous = job.security === 'anonymous';
  const kafka = new Kafka({
    clientId: 'conformance-kafkajs',
    brokers: [anonymous ? connection.anonymousBootstrap : connection.plainBootstrap],
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
    ...(anonymous ? {} : { sasl: { mechanism: 'plain' as const, username, password } }),
  });
  const consumer = kafka.consumer({ groupId: job.id });
  // kafkajs calls it a crash too when it is going to try again.
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reading.fail(payload.error);
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: job.topic, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { offset, timestamp, key, value, headers } of batch.messages) {
          const { partition } = batch;
          if (!reading.done)
            reading.add({ partition, offset, timestamp, key, value, headers: headerPairs(headers) });
        }
      },
    });
    await reading.ended;
  } finally {
    await consumer.disconnect();
  }
}

// kafkajs's request queue asks Node 24 for negative timeouts, which only makes it print a warning.
process.removeAllListeners('warning');
await serveConsumerJobs('kafkajs', consume);
