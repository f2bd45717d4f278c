// The conformance client for @platformatic/kafka.
import { ProduceAcks, Producer } from '@platformatic/kafka';
import {
  type JobRecord,
  offsetsFrom,
  piecesOf,
  type ProducerConnection,
  type ProducerJob,
  serveJobs,
} from '../../support/producer-job.js';

const acks = { 0: ProduceAcks.NO_RESPONSE, 1: ProduceAcks.LEADER, all: ProduceAcks.ALL } as const;

function messageOf(topic: string, record: JobRecord) {
  return {
    topic,
    partition: record.partition,
    key: record.key as Buffer,
    value: record.value as Buffer,
    // A Map of buffers: equal names are different keys of it.
    headers: new Map(record.headers.map(([name, value]) => [name, value as Buffer] as const)),
    ...(record.timestampMs === undefined ? {} : { timestamp: BigInt(record.timestampMs) }),
  };
}

async function send(job: ProducerJob, connection: ProducerConnection): Promise<number[]> {
  const { username, password } = connection;
  const anonymous = job.security === 'anonymous';
  const producer = new Producer({
    clientId: 'conformance-platformatic',
    bootstrapBrokers: [anonymous ? connection.anonymousBootstrap : connection.plainBootstrap],
    retries: 3,
    ...(anonymous ? {} : { sasl: { mechanism: 'PLAIN' as const, username, password } }),
  });
  const offsets: number[] = [];
  try {
    for (const { records } of piecesOf(job.records)) {
      const result = await producer.send({
        acks: acks[job.acks],
        compression: job.codec,
        idempotent: job.idempotence === 'on',
        messages: records.map((record) => messageOf(job.topic, record)),
      });
      const bases = (result.offsets ?? []).map(
        ({ partition, offset }) => [partition, Number(offset)] as const,
      );
      offsets.push(...offsetsFrom(records, new Map(bases)));
    }
  } finally {
    await producer.close();
  }
  return offsets;
}

await serveJobs('@platformatic/kafka', send);
