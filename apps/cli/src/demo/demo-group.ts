import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Consumer } from 'kafkajs';
import { demoKafka } from './demo-kafka.js';
import type { SentRecord } from './demo-records.js';

export interface GroupRecord {
  /** The member of the group that read it. */
  readonly member: string;
  readonly key: string | undefined;
  readonly value: string | undefined;
}

export interface GroupPartition {
  readonly partition: number;
  /** Where the group goes on reading; -1 when it committed nothing. */
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
}

export interface GroupReading {
  readonly records: ReadonlyMap<SentRecord, GroupRecord>;
  readonly partitions: readonly GroupPartition[];
}

const memberNames = ['billing-1', 'billing-2'];
const timeoutMs = 30_000;
const pollMs = 100;

/**
 * Reads with the members of a Kafka consumer group, from where an earlier run committed or from the beginning, until
 * each sent record was read and the group's lag is 0, both within 30 s.
 *
 * @throws Error when what was read, or committed, by then is less
 */
export async function readWithGroup(
  bootstrap: string,
  group: string,
  topic: string,
  sent: readonly SentRecord[],
): Promise<GroupReading> {
  const { kafka, complaints } = demoKafka(bootstrap, 'pulsegate-demo-group');
  const records = new Map<SentRecord, GroupRecord>();
  const wanted = new Map(sent.map((record) => [place(record.kafkaPartition, record.kafkaOffset), record]));
  const members: Consumer[] = [];
  const admin = kafka.admin();
  const until = Date.now() + timeoutMs;
  try {
    await Promise.all([
      admin.connect(),
      ...memberNames.map(async (member) => {
        const consumer = kafka.consumer({ groupId: group });
        members.push(consumer);
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await consumer.run({
          eachMessage: async ({ partition, message }) => {
            const record = wanted.get(place(partition, Number(message.offset)));
            const { key, value } = message;
            if (record !== undefined)
              records.set(record, { member, key: key?.toString(), value: value?.toString() });
          },
        });
      }),
    ]);
    while (records.size < sent.length && Date.now() < until) await delay(pollMs);
    let partitions = await committedBy(admin, group, topic);
    while (lagOf(partitions) > 0 && Date.now() < until) {
      await delay(pollMs);
      partitions = await committedBy(admin, group, topic);
    }
    if (records.size < sent.length || lagOf(partitions) > 0) {
      const got = `the group ${group} read ${records.size} of ${sent.length} records`;
      throw new Error([`${got} and has a lag of ${lagOf(partitions)}`, ...complaints].join('\n'));
    }
    return { records, partitions };
  } finally {
    await Promise.all([admin, ...members].map((client) => client.disconnect()));
  }
}

const place = (partition: number, offset: number) => `${partition}:${offset}`;

function lagOf(partitions: readonly GroupPartition[]): number {
  return partitions.reduce((sum, { lag }) => sum + lag, 0);
}

async function committedBy(admin: Admin, groupId: string, topic: string): Promise<GroupPartition[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const [ofTopic] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return ends
    .map(({ partition, low, high }) => {
      const found = ofTopic?.partitions.find((each) => each.partition === partition);
      const committed = Number(found?.offset ?? -1);
      const end = Number(high);
      return { partition, committed, end, lag: end - Math.max(committed, Number(low)) };
    })
    .sort((a, b) => a.partition - b.partition);
}
