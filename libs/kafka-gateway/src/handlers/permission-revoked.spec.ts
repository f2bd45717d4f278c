import { describe, expect, it } from '@jest/globals';
import type { AuthorizationRule } from '#libs/auth';
import { KafkaErrorCode as code } from '#libs/kafka-codec';
import { codesOf, offsetsOf, partitionsOf, ReadingBed } from '../testing/fetch-bed.js';

const soon = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const denied: AuthorizationRule = {
  effect: 'deny',
  principals: ['*'],
  actions: ['consume'],
  resource: { type: 'topic', match: 'literal', name: 'secret' },
};

function bedWith() {
  const bed = new ReadingBed();
  const [secret, open] = [bed.topic('secret'), bed.topic('open')];
  const { authorizer } = bed.protocol.services;
  return { bed, secret, open, client: bed.connect(), authorizer };
}

describe('a permission that is taken back while it is used', () => {
  it('ends a Fetch that waits, without what came meanwhile', async () => {
    const { client, secret, authorizer } = bedWith();
    const waiting = client.fetch([{ topic: 'secret' }], 12, { maxWaitMs: 10_000 });
    await soon();
    authorizer.setRules('acme', 'state', [denied]);
    secret.append(3);
    const response = await waiting;
    expect(codesOf(response)).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    expect(partitionsOf(response)[0]!.records ?? '').toHaveLength(0);
  });

  it('leaves the other topics of that Fetch as they are', async () => {
    const { client, open, secret, authorizer } = bedWith();
    const asked = [{ topic: 'secret' }, { topic: 'open' }];
    const waiting = client.fetch(asked, 12, { maxWaitMs: 10_000 });
    await soon();
    authorizer.setRules('acme', 'state', [denied]);
    open.append(1);
    secret.append(1);
    const response = await waiting;
    expect(codesOf(response)).toEqual([code.TOPIC_AUTHORIZATION_FAILED, code.NONE]);
  });

  it('ends a fetch session that was opened with it, by name and by id', async () => {
    for (const version of [12, 13]) {
      const { client, secret, authorizer } = bedWith();
      secret.append(1);
      const first = await client.fetch([{ topic: 'secret' }], version, { sessionId: 0, sessionEpoch: 0 });
      expect(offsetsOf(first)).toEqual([[0]]);
      authorizer.setRules('acme', 'state', [denied]);
      const { sessionId } = first;
      const second = await client.fetch([], version, { sessionId, sessionEpoch: 1 });
      expect(codesOf(second)).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
      authorizer.setRules('acme', 'state', []);
      const third = await client.fetch([], version, { sessionId, sessionEpoch: 2 });
      expect(codesOf(third)).toEqual([code.NONE]);
    }
  });
});
