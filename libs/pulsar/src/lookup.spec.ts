import { describe, expect, it } from '@jest/globals';
import type { BrokerConnection } from './broker-connection.js';
import { withDefaults } from './client.options.js';
import { TopicLookup } from './lookup.js';
import { PulsarError } from './pulsar.errors.js';
import type { BaseCommandInit } from './wire/commands.js';

type LookupAnswer = Record<string, unknown>;

/** A lookup over brokers that answer as `answers` says, by the key of the broker asked. */
function lookupOver(answers: Record<string, LookupAnswer | PulsarError>, options: object = {}, tls = false) {
  const asked: { at: string; authoritative: boolean | undefined; listener: string | undefined }[] = [];
  const lookup = new TopicLookup(withDefaults({ serviceUrl: 'pulsar://s', ...options }), {
    tls,
    connection: async ({ key }) => {
      const request = async (command: BaseCommandInit) => {
        const { authoritative, advertisedListenerName: listener } = command.lookupTopic ?? {};
        asked.push({ at: key, authoritative, listener });
        const answer = answers[key] ?? answers.any;
        if (answer instanceof PulsarError) throw answer;
        return command.lookupTopic ? { lookupTopicResponse: answer } : { partitionMetadataResponse: answer };
      };
      return { request } as unknown as BrokerConnection;
    },
  });
  return { lookup, asked };
}

const connect = 1;
const redirect = 0;

describe('TopicLookup', () => {
  it('follows redirects to the named broker, copying their authority', async () => {
    const { lookup, asked } = lookupOver({
      service: { response: redirect, brokerServiceUrl: 'pulsar://b1:6650', authoritative: true },
      'b1:6650': { response: redirect, brokerServiceUrl: 'pulsar://b2:6650', authoritative: false },
      'b2:6650': { response: connect, brokerServiceUrl: 'pulsar://b3:6650' },
    });
    expect(await lookup.broker('t')).toEqual({
      key: 'b3:6650',
      host: 'b3',
      port: 6650,
      throughServiceUrl: false,
    });
    expect(asked.map(({ at, authoritative }) => [at, authoritative])).toEqual([
      ['service', false],
      ['b1:6650', true],
      ['b2:6650', false],
    ]);
  });

  it('gives up a circle of redirects', async () => {
    const { lookup, asked } = lookupOver({ any: { response: redirect, brokerServiceUrl: 'pulsar://b:1' } });
    await expect(lookup.broker('t')).rejects.toMatchObject({ code: 'TooManyRedirects' });
    expect(asked).toHaveLength(21);
  });

  it('goes through the service URL when told so, and takes the TLS address for pulsar+ssl', async () => {
    const answer = {
      response: connect,
      brokerServiceUrl: 'pulsar://plain:6650',
      brokerServiceUrlTls: 'pulsar+ssl://secure:6651',
      proxyThroughServiceUrl: true,
    };
    const plain = lookupOver({ any: answer }, { listenerName: 'external' });
    expect(await plain.lookup.broker('t')).toMatchObject({ host: 'plain', throughServiceUrl: true });
    expect(plain.asked[0]?.listener).toBe('external');
    const secure = lookupOver({ any: answer }, {}, true);
    expect(await secure.lookup.broker('t')).toMatchObject({ host: 'secure', port: 6651 });
    const none = lookupOver(
      { any: { response: connect, brokerServiceUrl: 'pulsar://plain:6650' } },
      {},
      true,
    );
    await expect(none.lookup.broker('t')).rejects.toMatchObject({ code: 'ServiceNotReady' });
  });

  it('asks once for all who want the same topic at the same time, and again later', async () => {
    const { lookup, asked } = lookupOver({ any: { response: connect, brokerServiceUrl: 'pulsar://b:1' } });
    await Promise.all([lookup.broker('t'), lookup.broker('t'), lookup.broker('u')]);
    expect(asked).toHaveLength(2);
    await lookup.broker('t');
    expect(asked).toHaveLength(3);
  });

  it('bounds the lookups outstanding', async () => {
    const { lookup } = lookupOver(
      { any: { response: connect, brokerServiceUrl: 'pulsar://b:1' } },
      { lookupsPendingMax: 1 },
    );
    const [first, second] = await Promise.allSettled([lookup.broker('t'), lookup.broker('u')]);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { code: 'TooManyPending' } });
  });

  it('hands on what the broker refuses', async () => {
    const { lookup } = lookupOver({ any: new PulsarError('TopicNotFound', 'no') });
    await expect(lookup.partitions('t')).rejects.toMatchObject({ code: 'TopicNotFound' });
  });
});
