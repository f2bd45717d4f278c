// The conformance client for kafkajs, with the codecs that its users add to it.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import {
  type JobRecord,
  offsetsFrom,
  piecesOf,
  type ProducerConnection,
  type ProducerJob,
  serveJobs,
} from '../../support/producer-job.js';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;

/** The framing of snappy-java, which kafkajs-snappy writes: magic, version, compatible version, length, one block. */
async function xerialFrame(buffer: Buffer): Promise<Buffer> {
  const block = await snappy.compress(buffer);
  const header = Buffer.from([
    0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0,
  ]);
  header.writeUInt32BE(block.length, 16);
  return Buffer.concat([header, block]);
}

const unused = () => Promise.reject(new Error('a producer never decompresses'));
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => xerialFrame(buffer),
  decompress: unused,
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => lz4.compressFrame(buffer),
  decompress: unused,
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async (buffer: Buffer) => zstdDecompressSync(buffer),
});

const types = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;
const acks = { 0: 0, 1: 1, all: -1 } as const;

function headersOf(record: JobRecord): Record<string, Buffer[]> {
  const headers: Record<string, Buffer[]> = {};
  for (const [name, value] of record.headers) (headers[name.toString('utf8')] ??= []).push(value!);
  return headers;
}

function messageOf(record: JobRecord) {
  return {
    partition: record.partition,
    key: record.key,
    value: record.value,
    headers: headersOf(record),
    ...(record.timestampMs === undefined ? {} : { timestamp: String(record.timestampMs) }),
  };
}

async function send(job: ProducerJob, connection: ProducerConnection): Promise<number[]> {
  const { username, password } = connection;
  const anonymous = job.security === 'anonymous';
  const kafka = new Kafka({
    clientId: 'conformance-kafkajs',
    brokers: [anonymous ? connection.anonymousBootstrap : connection.plainBootstrap],
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
    ...(anonymous ? {} : { sasl: { mechanism: 'plain' as const, username, password } }),
  });
  const producer = kafka.producer({ idempotent: job.idempotence === 'on' });
  await producer.connect();
  const offsets: number[] = [];
  try {
    for (const { records } of piecesOf(job.records)) {
      const results = await producer.send({
        topic: job.topic,
        acks: acks[job.acks],
        compression: types[job.codec],
        messages: records.map(messageOf),
      });
      const bases = (results ?? [])
        .filter(({ baseOffset }) => baseOffset !== undefined)
        .map(({ partition, baseOffset }) => [partition, Number(baseOffset)] as const);
      offsets.push(...offsetsFrom(records, new Map(bases)));
    }
  } finally {
    await producer.disconnect();
  }
  return offsets;
}

// kafkajs's request queue asks Node 24 for negative timeouts, which only makes it print a warning.
process.removeAllListeners('warning');
await serveJobs('kafkajs', send);
