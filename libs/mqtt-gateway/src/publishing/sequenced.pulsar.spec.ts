import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { PublishBed } from '../testing/publish-bed.js';
import type { PublishRequest } from './publisher.js';
import type { SequencedPlace, SequencedProducers } from './sequenced-publisher.js';
import { SequencedPublishers } from './sequenced-publishers.js';

const bed = new PublishBed('mqtt-sequenced');
const gateway = () => new SequencedPublishers(bed.pulsar, bed.topics, bed.options, silentLog);

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

const send = (producers: SequencedProducers, place: SequencedPlace, request: PublishRequest) =>
  new Promise((resolve) => producers.send(place, request, (error) => resolve(error?.reasonName)));

describe('messages that are stored once', () => {
  it('have places in the order of the calls, and are stored under them', async () => {
    const producers = gateway().open(bed.tenant, 'slice-a');
    const requests = ['a', 'b', 'c'].map((payload) => bed.request('one/1', payload));
    const places = await Promise.all(requests.map((request) => producers.reserve(request)));
    expect(places.map(({ sequenceId }) => sequenceId)).toEqual([0, 1, 2]);
    const outcomes = places.map((place, at) => send(producers, place, requests[at]!));
    expect(await Promise.all(outcomes)).toEqual([undefined, undefined, undefined]);
    const partition = bed.pulsarTopic('one-partition-0');
    expect((await bed.read(partition, 3)).map(({ message }) => String(message?.payload))).toEqual([
      'a',
      'b',
      'c',
    ]);
    await producers.close();
  }, 30_000);

  it('are not stored again by the next owner, who waits for the one before', async () => {
    const request = (payload: string) => bed.request('two/1', payload);
    const first = gateway().open(bed.tenant, 'slice-b');
    const places = [await first.reserve(request('a')), await first.reserve(request('lost'))];
    const [stored, lost] = places as [SequencedPlace, SequencedPlace];
    expect(await send(first, stored, request('a'))).toBeUndefined();

    const second = gateway().open(bed.tenant, 'slice-b');
    let hasIt = false;
    const last = second.lastStored(stored.partition).then((sequenceId) => {
      hasIt = true;
      return sequenceId;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(hasIt).toBe(false);
    await first.close();
    expect(await last).toBe(stored.sequenceId);
    expect(await send(first, lost, request('too late'))).toBe('server-shutting-down');

    // The place of what was stored is a duplicate; that of what was not is given again.
    expect(await send(second, stored, request('a'))).toBeUndefined();
    const again = await second.reserve(request('lost'));
    expect(again).toEqual(lost);
    expect(await send(second, again, request('lost'))).toBeUndefined();
    const end = request('end');
    await send(second, await second.reserve(end), end);
    const read = await bed.read(bed.pulsarTopic('two-partition-0'), 3);
    expect(read.map(({ message }) => String(message?.payload))).toEqual(['a', 'lost', 'end']);
    await second.close();
  }, 30_000);

  it('are known of a topic that is gone to be gone, and have no place where there is no topic', async () => {
    const producers = gateway().open(bed.tenant, 'slice-c');
    expect(await producers.lastStored(bed.pulsarTopic('gone-partition-0'))).toBe(-1);
    await expect(producers.reserve(bed.request('x'.repeat(300), 'v'))).rejects.toMatchObject({
      reasonName: 'topic-name-invalid',
    });
    await producers.close();
    await expect(producers.reserve(bed.request('one/1', 'v'))).rejects.toMatchObject({
      reasonName: 'server-shutting-down',
    });
  }, 30_000);
});
