// Records by kafkajs, through one gateway: batches of text, and group members that note what they read.
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import type { TestGateway } from './gateway.js';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

const waitMsMax = 60_000;
const lookMs = 50;

function client(gateway: TestGateway): Kafka {
  // jest sets NODE_ENV=test, in which kafkajs has other defaults.
  const retry = { retries: 50, initialRetryTime: 100, maxRetryTime: 500 };
  return new Kafka({ clientId: 'e2e', brokers: [gateway.kafka], logLevel: logLevel.NOTHING, retry });
}

/** Sends one batch to partition 0, and gives the offset of its first record. */
export async function send(
  gateway: TestGateway,
  topic: string,
  values: readonly string[],
  idempotent = false,
): Promise<number> {
  const producer = client(gateway).producer({ idempotent, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    const messages = values.map((value) => ({ partition: 0, value }));
    const [answer] = await producer.send({ topic, acks: -1, messages });
    return Number(answer?.baseOffset);
  } finally {
    await producer.disconnect();
  }
}

/** A member that has joined and reads into `reads`; it commits what it has read. */
export async function consume(
  gateway: TestGateway,
  topic: string,
  groupId: string,
  reads: ReadRecord[],
  fromBeginning = true,
): Promise<Consumer> {
  const consumer = client(gateway).consumer({ groupId, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning });
  const joined = new Promise<void>((resolve) => consumer.on('consumer.group_join', () => resolve()));
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      reads.push({ partition, offset: Number(message.offset), value: message.value?.toString() ?? '' });
    },
  });
  await joined;
  return consumer;
}

/** What a new group reads until it has so many. */
export async function readAll(
  gateway: TestGateway,
  topic: string,
  count: number,
  groupId: string,
): Promise<ReadRecord[]> {
  const reads: ReadRecord[] = [];
  const consumer = await consume(gateway, topic, groupId, reads);
  try {
    for (const end = Date.now() + waitMsMax; reads.length < count; ) {
      if (Date.now() > end) throw new Error(`${reads.length} of ${count} records of ${topic}`);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  } finally {
    await consumer.disconnect();
  }
  return reads;
}
