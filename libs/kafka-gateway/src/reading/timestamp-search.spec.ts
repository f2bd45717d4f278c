import { expect, it } from '@jest/globals';
import { PulsarError } from '#libs/pulsar';
import { FakeLogSource, ManualTime, settled } from '../testing/fake-log-source.js';
import type { EntryBatches } from './entry-batches.js';
import { TimestampSearch } from './timestamp-search.js';

it('a search whose topic is deleted while its reader is opened ends with the error, heard by its caller alone', async () => {
  const source = new FakeLogSource();
  source.add(1);
  const deleted = new PulsarError('TopicNotFound', 'deleted');
  const open = source.open.bind(source);
  source.open = async (start, options) => {
    const reader = await open(start, options);
    reader.lastPosition = async () => {
      reader.fail(deleted);
      await settled();
      throw deleted;
    };
    return reader;
  };
  const log = {
    compacted: false,
    bounds: async () => ({ start: 0, end: 1 }),
    locate: async () => 'earliest' as const,
  };
  const unheard: unknown[] = [];
  const hear = (error: unknown) => unheard.push(error);
  process.on('unhandledRejection', hear);
  const search = new TimestampSearch(log, source, () => ({}) as EntryBatches, new ManualTime());
  await expect(search.find(1)).rejects.toBe(deleted);
  await settled();
  process.off('unhandledRejection', hear);
  expect(unheard).toEqual([]);
});
