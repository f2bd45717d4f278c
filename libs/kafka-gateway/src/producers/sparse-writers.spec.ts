import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { type Producer, PulsarClient, type SendDone } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { kafkaErrorCode } from '../kafka.errors.js';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { sparseEntriesMax, sparseLedgersMax, sparseOffset } from '../mapping/sparse-offset.mapping.js';
import { FakeClient, FakePartition, writerOf } from '../testing/fake-partition.js';
import { topicOf } from '../testing/partition-logs-bed.js';
import type { Append } from './append.js';
import { PartitionWriters } from './partition-writers.js';
import { appendParts } from './split-append.js';

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

function batchOf(numMessages: number, producerId = -1n, sequence = -1): Append['batch'] {
  const entry = { buffer: Buffer.alloc(1), payloadStart: 0, payloadEnd: 1, numMessages, metadata: {} };
  return { entry, producerId, epoch: 0, sequence, joinedBytesMax: 0 };
}

describe('the writer of a topic with sparse offsets', () => {
  let writers: PartitionWriters | undefined;
  afterEach(() => writers?.close());

  /** A partition whose receipts name these places, one after the other. */
  function set(...places: readonly (readonly [ledgerId: number, entryId: number])[]) {
    const pulsar = new PulsarClient({ serviceUrl: 'pulsar://127.0.0.1:1', adminUrl: 'http://127.0.0.1:1' });
    const left = [...places];
    const send = (_entry: unknown, done: SendDone) => {
      const [ledgerId = -1, entryId = -1] = left.shift() ?? [];
      done(undefined, { ledgerId, entryId, sequenceId: 0, highestSequenceId: 0 });
    };
    jest
      .spyOn(pulsar, 'createProducer')
      .mockImplementation(
        async ({ name }) => ({ name, onClosed() {}, send, close: async () => {} }) as unknown as Producer,
      );
    jest.spyOn(pulsar, 'createReader').mockRejectedValue(new Error('nothing is to be read'));
    const unload = jest.spyOn(pulsar.admin, 'unload').mockResolvedValue();
    const appended: number[] = [];
    writers = new PartitionWriters(pulsar, kafkaOptionsSchema.parse({}), silentLog, {
      appended: (_topic, _partition, baseOffset) => appended.push(baseOffset),
    });
    const writer = writers.writer('acme', topicOf({ sparse: true }), 0);
    const append = () =>
      new Promise<number | string>((resolve) => {
        writer.append({
          batch: batchOf(3),
          client: new FakeClient(),
          abandoned: false,
          done: (error, baseOffset) =>
            resolve(error === undefined ? baseOffset : `code ${kafkaErrorCode(error)}`),
        });
      });
    return { append, unload, appended, left };
  }

  it('answers with the place in the receipt, whoever wrote between, and reads nothing', async () => {
    const { append, appended } = set([7, 0], [7, 5], [9, 0]);
    const offsets = [await append(), await append(), await append()];
    expect(offsets).toEqual([sparseOffset(7, 0), sparseOffset(7, 5), sparseOffset(9, 0)]);
    expect(appended).toEqual(offsets);
  });

  it('has the partition unloaded before its ledger is too long', async () => {
    const long = sparseEntriesMax * 0.75;
    const { append, unload } = set([7, long - 1], [7, long], [7, long + 1], [8, 0]);
    await append();
    expect(unload).not.toHaveBeenCalled();
    for (let more = 0; more < 3; more++) await append();
    expect(unload.mock.calls).toEqual([['persistent://p/n/t-partition-0']]);
  });

  it('refuses what is beyond all sparse offsets, and stores nothing more for a while', async () => {
    const { append, left } = set([sparseLedgersMax, 0], [1, 0]);
    const refused = `code ${KafkaErrorCode.UNKNOWN_SERVER_ERROR}`;
    expect(await append()).toBe(refused);
    expect(await append()).toBe(refused);
    expect(left).toHaveLength(1);
  });
});

describe('a batch of several entries from an idempotent producer', () => {
  function set(partition = new FakePartition()) {
    const writer = writerOf(partition);
    const parts = Array.from({ length: 8 }, (_, at) => batchOf(10, 1n, at * 10));
    const client = new FakeClient();
    const send = () => {
      const outcome = Promise.withResolvers<number | string>();
      const done = (error: unknown, baseOffset: number) =>
        outcome.resolve(error === undefined ? baseOffset : `code ${kafkaErrorCode(error)}`);
      appendParts(writer, { batch: parts[0]!, client, abandoned: false, done }, parts.slice(1));
      return outcome.promise;
    };
    return { partition, send };
  }

  it('is stored once, however often it comes and however much of it was stored before', async () => {
    const { partition, send } = set();
    const first = send();
    await soon();
    partition.open.get('id.1')!.confirm(3);
    partition.open.get('id.1')!.confirm(1, true);
    await soon();
    expect(await first).toMatch(/^code/);
    const again = send();
    await soon();
    partition.open.get('id.1')!.confirm();
    expect(await again).toBe(0);
    expect(partition.log.map(({ sequenceId }) => sequenceId)).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);

    // Another gateway, which knows only what Pulsar knows.
    const other = set(partition);
    const repeated = other.send();
    await soon();
    partition.open.get('id.1')!.confirm();
    expect(await repeated).toBe(0);
    expect(partition.log).toHaveLength(8);
  });
});
