import { Partitioners } from 'kafkajs';
import { MessageCursor, PulsarClient } from '#libs/pulsar';
import { demoKafka } from './demo-kafka.js';

export interface SentRecord {
  readonly key: string;
  readonly value: string;
  readonly kafkaPartition: number;
  readonly kafkaOffset: number;
}

export interface StoredMessage {
  readonly key: string | null;
  readonly value: string;
  readonly topic: string;
  readonly messageId: string;
  readonly index: number | undefined;
  readonly source: string | undefined;
}

const timeoutMs = 30_000;
const decompressedBytesMax = 1_048_576;

/** Sends `count` records with kafkajs, one by one so that each shows its own offset. */
export async function produceWithKafka(
  bootstrap: string,
  topic: string,
  count: number,
): Promise<SentRecord[]> {
  const { kafka, complaints } = demoKafka(bootstrap, 'pulsegate-demo');
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    const sent: SentRecord[] = [];
    for (let number = 1; number <= count; number += 1) {
      const record = {
        key: `customer-${(number % 4) + 1}`,
        value: JSON.stringify({ order: number, amount: number * 10 }),
        headers: { source: 'kafkajs' },
      };
      const [answer] = await producer.send({ topic, messages: [record] });
      sent.push({
        key: record.key,
        value: record.value,
        kafkaPartition: answer?.partition ?? -1,
        kafkaOffset: Number(answer?.baseOffset ?? -1),
      });
    }
    return sent;
  } catch (error) {
    throw new Error(['kafkajs could not send', ...complaints].join('\n'), { cause: error });
  } finally {
    await producer.disconnect();
  }
}

/**
 * Reads each sent record back from Pulsar at the index that Kafka was told, with the plain Pulsar client. Of what earlier
 * runs left only what was published since `publishedSinceMs` is looked at.
 */
export async function readFromPulsar(
  pulsar: { serviceUrl: string; adminUrl: string },
  namespace: string,
  topic: string,
  sent: readonly SentRecord[],
  publishedSinceMs: number,
): Promise<Map<SentRecord, StoredMessage>> {
  const client = new PulsarClient({ serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl });
  try {
    const found = new Map<SentRecord, StoredMessage>();
    const partitions = Map.groupBy(sent, (record) => record.kafkaPartition);
    await Promise.all(
      [...partitions].map(async ([partition, records]) => {
        const partitionTopic = `persistent://${namespace}/${topic}-partition-${partition}`;
        for (const [record, message] of await readPartition(
          client,
          partitionTopic,
          records,
          publishedSinceMs,
        )) {
          found.set(record, message);
        }
      }),
    );
    return found;
  } finally {
    await client.close();
  }
}

async function readPartition(
  client: PulsarClient,
  topicName: string,
  records: readonly SentRecord[],
  publishedSinceMs: number,
): Promise<Map<SentRecord, StoredMessage>> {
  const wanted = new Map(records.map((record) => [record.kafkaOffset, record]));
  const found = new Map<SentRecord, StoredMessage>();
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`Pulsar gave ${found.size} of ${records.length} records`)),
    timeoutMs,
  );
  const reader = await client.createReader({
    topic: topicName,
    tenantKey: 'demo',
    start: { publishTimeMs: publishedSinceMs },
    onEntry(entry) {
      const cursor = new MessageCursor(entry, { decompressedBytesMax });
      while (cursor.next()) {
        const record = cursor.index === undefined ? undefined : wanted.get(cursor.index);
        if (record === undefined) continue;
        found.set(record, {
          key: cursor.key,
          value: cursor.value?.toString() ?? '',
          topic: topicName,
          messageId: `${entry.ledgerId}:${entry.entryId}`,
          index: cursor.index,
          source: cursor.properties().find((each) => each.key === 'source')?.value,
        });
      }
      if (found.size === records.length) resolve();
    },
    onClosed: reject,
  });
  try {
    await done;
    return found;
  } finally {
    clearTimeout(timer);
    await reader.close();
  }
}
