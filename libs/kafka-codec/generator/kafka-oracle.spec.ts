// Kafka's own classes read what we write and write what we read, for every API and version that they have.
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import {
  ByteWriter,
  encodeMessageSet,
  encodeRecordBatch,
  kafkaApis,
  type RecordBatch,
  RecordCursor,
  type RecordInput,
  recordsBytes,
  splitRecordSets,
  toRecordBatch,
  verifyBatchCrc,
} from '../src/index.js';
import { kafkaVersions } from './kafka-jars.js';
import { askKafka } from './kafka-oracle.js';
import { RandomReader } from './random-message.js';

const SEEDS = [1, 2, 3, 4];

/** Of 3.9 the early-access APIs are left out: their versions were redefined. */
function messageQuestions(isLegacy: boolean): string[] {
  const questions: string[] = [];
  for (const api of kafkaApis) {
    if (isLegacy && /Share/.test(api.name)) continue;
    for (let version = api.versionMin; version <= api.versionMax; version++) {
      for (const kind of ['Request', 'Response'] as const) {
        for (const seed of SEEDS) {
          const writer = new ByteWriter();
          api[`encode${kind}`](writer, api[`decode${kind}`](new RandomReader(seed), version), version);
          questions.push(`${api.key} ${kind} ${version} ${writer.detach().toString('hex')}`);
        }
      }
    }
  }
  return questions;
}

const hex = (bytes: Uint8Array | null) => (bytes === null ? '-' : Buffer.from(bytes).toString('hex'));

/** As the oracle prints it. */
function listing(records: readonly RecordInput[], baseOffset: number, hasTimestamps: boolean): string {
  return records
    .map((record, i) => {
      const headers = (record.headers ?? []).map(
        (header) => `,${hex(Buffer.from(header.key))}=${hex(header.value)}`,
      );
      const timestamp = hasTimestamps ? record.timestamp : -1;
      return `${baseOffset + i},${timestamp},${hex(record.key)},${hex(record.value)}${headers.join('')};`;
    })
    .join('');
}

const records: RecordInput[] = Array.from({ length: 60 }, (_, i) => ({
  timestamp: 1_700_000_000_000 + i,
  key: i % 3 === 0 ? null : Buffer.from(`key-${i}`),
  value: i % 7 === 0 ? null : i % 7 === 1 ? Buffer.alloc(0) : Buffer.from(`value-${i}-`.repeat(i * i)),
}));
const headers = [
  { key: 'a', value: Buffer.from([0, 255]) },
  { key: 'a', value: null },
  { key: 'é', value: Buffer.alloc(0) },
];
// Timestamps far apart, so that deltas need more than 32 bits.
const withHeaders = records.map((record, i) => ({
  ...record,
  timestamp: record.timestamp + (i % 2 === 0 ? i : -i) * 10_000_000_000,
  headers,
}));

const versions = kafkaVersions();

describe("Kafka's own classes", () => {
  it.each([versions.newest, versions.legacy])(
    'of %s read every message and write the same bytes',
    (version) => {
      const questions = messageQuestions(version === versions.legacy);
      const answers = askKafka('MessageOracle', version, questions);
      expect(answers).toHaveLength(questions.length);
      let known = 0;
      for (const [at, answer] of answers.entries()) {
        if (answer === 'unknown') continue;
        known++;
        // Compared one by one: a list of thousands says nothing when it differs.
        const question = questions[at]!;
        if (question.slice(question.lastIndexOf(' ') + 1) !== answer)
          throw new Error(`${question}\n${answer}`);
      }
      expect(known / questions.length).toBeGreaterThan(0.85);
    },
  );

  it('read our record batches and message sets, and write what we read', () => {
    const batches = ([0, 1, 2, 3, 4] as const).map((compression) =>
      encodeRecordBatch(withHeaders, { compression, baseOffset: 1000 }),
    );
    const sets = ([0, 1] as const).flatMap((magic) =>
      ([0, 1, 2, 3] as const).map((compression) =>
        encodeMessageSet(records, { magic, compression, baseOffset: 1000n }),
      ),
    );
    const list = records.map((record) => `${hex(record.key)},${hex(record.value)}`).join(';');
    const asked = [0, 1, 2].flatMap((magic) =>
      [0, 1, 2, 3, ...(magic === 2 ? [4] : [])].map((compression) => ({ magic, compression })),
    );
    const answers = askKafka('RecordOracle', versions.legacy, [
      ...[...batches, ...sets].map((bytes) => `read ${bytes.toString('hex')}`),
      ...asked.map(({ magic, compression }) => `write ${magic} ${compression} 0 ${list}`),
    ]);
    for (const answer of answers.splice(0, 5)) expect(answer).toBe(listing(withHeaders, 1000, true));
    for (const answer of answers.splice(0, 4)) expect(answer).toBe(listing(records, 1000, false));
    for (const answer of answers.splice(0, 4)) expect(answer).toBe(listing(records, 1000, true));
    for (const [at, { magic, compression }] of asked.entries()) {
      const [set] = splitRecordSets(Buffer.from(answers[at]!, 'hex'));
      expect([magic, compression, set!.magic, verifyBatchCrc(set!)]).toEqual([
        magic,
        compression,
        magic,
        true,
      ]);
      if (set!.magic === 2) expect(set!.compression).toBe(compression);
      const batch = set!.magic === 2 ? set! : toRecordBatch(set!, 10_000_000);
      expect(readListing(batch)).toBe(listing(records, 0, magic > 0));
    }
  });
});

function readListing(batch: RecordBatch): string {
  const cursor = new RecordCursor(recordsBytes(batch, 10_000_000), batch.recordCount);
  const part = (start: number, end: number) => (start < 0 ? '-' : cursor.buffer.toString('hex', start, end));
  let text = '';
  while (cursor.next()) {
    text += `${cursor.offsetDelta},${batch.baseTimestamp + cursor.timestampDelta},`;
    text += `${part(cursor.keyStart, cursor.keyEnd)},${part(cursor.valueStart, cursor.valueEnd)};`;
  }
  return text;
}
