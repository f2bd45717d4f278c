import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#libs/auth';
import { ByteReader, ByteWriter, fetchApi, KafkaErrorCode } from '#libs/kafka-codec';
import {
  codesOf,
  fetchRequest,
  offsetsOf,
  partitionsOf,
  ReadingBed,
  testTopicId,
} from '../testing/fetch-bed.js';
import { fetchContext } from './fetch-context.js';

const {
  NONE,
  NOT_LEADER_OR_FOLLOWER,
  FETCH_SESSION_ID_NOT_FOUND,
  INVALID_FETCH_SESSION_EPOCH,
  FETCH_SESSION_TOPIC_ID_ERROR,
} = KafkaErrorCode;

describe('fetch sessions (KIP-227)', () => {
  async function session(version = 11) {
    const bed = new ReadingBed();
    for (const name of ['a', 'b', 'c']) bed.topic(name).append(1);
    const client = bed.connect();
    const asked = ['a', 'b', 'c'].map((topic) => ({ topic, fetchOffset: 1 }));
    const first = await client.fetch(asked, version, { sessionEpoch: 0 });
    const next = (epoch: number, changed: typeof asked = [], more = {}) =>
      client.fetch(changed, version, { sessionId: first.sessionId, sessionEpoch: epoch, ...more });
    return { bed, client, first, next };
  }

  it.each([7, 11, 12, 13, 18])('tell only what is new, v%i', async (version) => {
    const { bed, first, next } = await session(version);
    expect(first.sessionId).toBeGreaterThan(0);
    expect(codesOf(first)).toEqual([NONE, NONE, NONE]);
    expect((await next(1)).responses).toEqual([]);
    bed.log('b').append(2);
    const second = await next(2);
    expect([second.sessionId, offsetsOf(second)]).toEqual([first.sessionId, [[1]]]);
    // Not asked for otherwise, it is sent again, as Kafka does.
    expect(offsetsOf(await next(3))).toEqual([[1]]);
    expect((await next(4, [{ topic: 'b', fetchOffset: 3 }])).responses).toEqual([]);
  });

  it('tell a new log start, an error for as long as it lasts, and what came when it is gone', async () => {
    const { bed, next } = await session();
    bed.log('c').start = 1;
    const moved = partitionsOf(await next(1));
    expect(moved.map(({ logStartOffset }) => logStartOffset)).toEqual([1n]);
    bed.log('a').fail(NOT_LEADER_OR_FOLLOWER);
    expect(codesOf(await next(2))).toEqual([NOT_LEADER_OR_FOLLOWER]);
    expect(codesOf(await next(3))).toEqual([NOT_LEADER_OR_FOLLOWER]);
    bed.log('a').error = undefined;
    expect(codesOf(await next(4))).toEqual([NONE]);
    expect(codesOf(await next(5))).toEqual([]);
  });

  it('take partitions in and out, and end without any', async () => {
    const { bed, next } = await session();
    bed.topic('d').append(1);
    expect(offsetsOf(await next(1, [{ topic: 'd', fetchOffset: 0 }]))).toEqual([[0]]);
    const forget = (...names: string[]) => ({
      forgottenTopicsData: names.map((topic) => ({ topic, partitions: [0] })),
    });
    expect((await next(2, [], forget('d', 'absent'))).responses).toEqual([]);
    const none = await next(3, [], forget('a', 'b', 'c'));
    expect([none.sessionId, none.errorCode, none.responses]).toEqual([0, NONE, []]);
    expect((await next(4)).errorCode).toBe(FETCH_SESSION_ID_NOT_FOUND);
  });

  it('read those first that had no turn', async () => {
    const { bed, next } = await session();
    for (const name of ['a', 'b', 'c']) bed.log(name).append(1, 1_000);
    const turns: (string | undefined)[] = [];
    for (let epoch = 1; epoch <= 6; epoch++) {
      const told = await next(epoch, [], { maxBytes: 100 });
      const [topic] = told.responses.filter(({ partitions }) => partitions[0]!.records!.length > 0);
      turns.push(topic?.topic);
    }
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('are not found by a wrong id or epoch, nor by topic ids where they have names', async () => {
    const { client, first, next } = await session();
    const { sessionId } = first;
    expect((await next(2)).errorCode).toBe(INVALID_FETCH_SESSION_EPOCH);
    const wrong = { sessionId: sessionId === 5 ? 6 : 5, sessionEpoch: 1 };
    const answer = await client.fetch([], 11, wrong);
    expect([answer.errorCode, answer.sessionId]).toEqual([FETCH_SESSION_ID_NOT_FOUND, 0]);
    const byId = await client.fetch([], 13, { sessionId, sessionEpoch: 1 });
    expect(byId.errorCode).toBe(FETCH_SESSION_TOPIC_ID_ERROR);
    expect((await next(1)).errorCode).toBe(NONE);
  });

  it('hold no bytes of the requests that named their topics', () => {
    const principal = { user: 'ann', anonymous: false, tenant: { name: 'acme' } } as Principal;
    const bed = new ReadingBed();
    const { sessions } = bed.protocol.services.fetches;
    const frame = Buffer.alloc(1_000_000);
    const decoded = (topic: string, more: object) => {
      const writer = new ByteWriter();
      fetchApi.encodeRequest(writer, fetchRequest([{ topic }], 13, more), 13);
      writer.written().copy(frame);
      return fetchApi.decodeRequest(new ByteReader(frame), 13);
    };
    const first = fetchContext(decoded('a', { sessionEpoch: 0 }), 13, principal, sessions);
    const { sessionId } = first.answer([]);
    const second = fetchContext(decoded('b', { sessionId, sessionEpoch: 1 }), 13, principal, sessions);
    const kept = [...first.partitions, ...second.partitions];
    expect(kept.map(({ topicId }) => topicId.buffer === frame.buffer)).toEqual([false, false, false]);
    expect(kept.map(({ topicId }) => topicId)).toEqual(['a', 'a', 'b'].map(testTopicId));
  });

  it('are given up by a whole request', async () => {
    const { bed, client, first } = await session();
    const { sessions } = bed.protocol.services.fetches;
    const { sessionId } = first;
    const anew = await client.fetch([{ topic: 'a' }], 11, { sessionId, sessionEpoch: 0 });
    expect([sessions.size, anew.sessionId === sessionId]).toEqual([1, false]);
    const last = await client.fetch([{ topic: 'a' }], 11, { sessionId: anew.sessionId, sessionEpoch: -1 });
    expect([sessions.size, last.sessionId]).toEqual([0, 0]);
    expect(sessions.partitions).toBe(0);
  });

  it('go on over another connection', async () => {
    const { bed, first } = await session();
    bed.log('a').append(1);
    const other = bed.connect();
    const answer = await other.fetch([], 11, { sessionId: first.sessionId, sessionEpoch: 1 });
    expect(offsetsOf(answer)).toEqual([[1]]);
  });
});
