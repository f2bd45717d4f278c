import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { oraclePerf } from '../support/pulsar-oracle.js';
import { type BenchPlace, newTopic, say } from './bench-place.js';

const records = 20_000;
const warmupRecords = 1_000;
const load = { records, warmupRecords, recordBytes: 1_024, rate: 5_000 };

interface TopicStats {
  readonly msgInCounter: number;
  readonly msgOutCounter: number;
}

/**
 * How often the broker sends each message to the gateway while consumers of so many groups, all at the end of one
 * partition, read what is published: as the broker counts it.
 */
export async function tailReads(place: BenchPlace, consumers: number): Promise<number> {
  const topic = await newTopic(place, 1);
  const partition = `${place.namespace}/${topic}-partition-0`;
  const kafka = new Kafka({ brokers: [place.gateway.kafka], logLevel: logLevel.ERROR });
  let received = 0;
  const running = Array.from({ length: consumers }, (_, at) => kafka.consumer({ groupId: `${topic}-${at}` }));
  await Promise.all(
    running.map(async (consumer) => {
      const joined = new Promise<void>((resolve) => consumer.on('consumer.group_join', () => resolve()));
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          received += batch.messages.length;
        },
      });
      await joined;
    }),
  );
  // Each waits at the end before the first message comes.
  await delay(1_000);
  await oraclePerf(place.pulsar.serviceUrl, `persistent://${partition}`, load);
  const all = (records + warmupRecords) * consumers;
  const deadline = Date.now() + 60_000;
  while (received < all && Date.now() < deadline) await delay(100);
  if (received < all) throw new Error(`${received} of ${all} records came`);
  const answer = await fetch(`${place.pulsar.adminUrl}/admin/v2/persistent/${partition}/stats`);
  const { msgInCounter, msgOutCounter } = (await answer.json()) as TopicStats;
  await Promise.all(running.map((consumer) => consumer.disconnect()));
  say(`${consumers} consumers: ${msgInCounter} messages stored, ${msgOutCounter} sent by the broker`);
  return msgOutCounter / msgInCounter;
}
