// Clients that send whatever the codec lets through, in any order: the gateway fails at nothing and forgets nothing.
import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MqttPacket, MqttProtocolLevel, MqttQos } from '#libs/mqtt-codec';
import { type MqttBed, mqttBed } from '../testing/mqtt-bed.js';
import { connectPacket, publishPacket, type TestClient } from '../testing/test-client.js';

let bed: MqttBed | undefined;

afterEach(() => bed?.close());

const packetIds = fc.integer({ min: 1, max: 4 });
const topics = fc.constantFrom('a', 'a/b', 'b', 'denied', '$SYS/x', 'x/'.repeat(200));
const filters = fc.constantFrom('a', 'a/#', '+', '#', '$SYS/#', 'denied', '$none/x', 'x/'.repeat(200));
const qualities = fc.constantFrom<MqttQos>(0, 1, 2);
const reasonCodes = fc.constantFrom(0, 0, 0, 0x80, 0x97);

const publishes = fc.record({
  topic: topics,
  qos: qualities,
  packetId: packetIds,
  dup: fc.boolean(),
  retain: fc.boolean(),
  topicAlias: fc.option(fc.constantFrom(1, 2, 32), { nil: undefined }),
});

type Step = (client: TestClient) => void;

const acknowledgement: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom('puback', 'pubrec', 'pubcomp', 'pubrel'), packetIds, reasonCodes)
  .map(([type, packetId, code]) => (client) => {
    const reasonCode = type === 'puback' || type === 'pubrec' ? code : 0;
    client.send({ type, packetId, reasonCode, properties: {} } as MqttPacket);
  });

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: publishes.map((wanted) => (client: TestClient) => publish(client, wanted)) },
  { weight: 4, arbitrary: acknowledgement },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.array(fc.tuple(filters, qualities), { minLength: 1, maxLength: 4 }), packetIds)
      .map(([wanted, packetId]) => (client: TestClient) => {
        const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
        const subscriptions = wanted.map(([filter, qos]) => ({ filter, qos, ...options }));
        client.send({ type: 'subscribe', packetId, subscriptions, properties: {} });
      }),
  },
  fc.tuple(filters, packetIds).map(([filter, packetId]) => (client: TestClient) => {
    client.send({ type: 'unsubscribe', packetId, filters: [filter], properties: {} });
  }),
  fc.constant((client: TestClient) => client.send({ type: 'pingreq' })),
);

function publish(
  client: TestClient,
  wanted: typeof publishes extends fc.Arbitrary<infer T> ? T : never,
): void {
  const { topic, qos, packetId, dup, retain, topicAlias } = wanted;
  const properties = client.level === 5 && topicAlias !== undefined ? { topicAlias } : {};
  const settings = { retain, properties, ...(qos === 0 ? {} : { dup, packetId }) };
  client.send(publishPacket(topic, 'm', qos, settings));
}

/** Raw bytes after a script: mostly what is no packet. */
const endings = fc.constantFrom('cut', 'disconnect', 'noise', 'second connect');

function end(client: TestClient, how: 'cut' | 'disconnect' | 'noise' | 'second connect'): void {
  if (how === 'disconnect') client.send({ type: 'disconnect', reasonCode: 0, properties: {} });
  else if (how === 'noise') client.sendBytes(Buffer.from('ffffffffff', 'hex'));
  else if (how === 'second connect') client.send(connectPacket());
  client.cut();
}

describe('clients that do anything', () => {
  it('cost nothing when they are gone, and break nothing', async () => {
    const script = fc.record({
      protocolLevel: fc.constantFrom<MqttProtocolLevel>(3, 4, 5),
      clientId: fc.constantFrom('one', 'two'),
      expiry: fc.constantFrom(0, 100),
      steps: fc.array(steps, { maxLength: 30 }),
      ending: endings,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(script, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (scripts, drop) => {
          bed = await mqttBed({ unauthorizedPublish: drop ? 'drop' : 'disconnect', receiveMaximum: 3 });
          const { services, messages, denied, sessions, open } = bed;
          denied.add('denied');
          const clients = scripts.map(({ protocolLevel, clientId, expiry, steps: all, ending }) => {
            const client = open();
            const level5 = protocolLevel === 5;
            const properties = level5 ? { sessionExpiryIntervalSeconds: expiry, topicAliasMaximum: 1 } : {};
            client.sendConnect({ protocolLevel, clientId, cleanStart: expiry === 0, properties });
            for (const step of all) step(client);
            end(client, ending);
            return client;
          });
          await Promise.all(clients.map(({ closed }) => closed));
          for (const { memory } of clients) expect(memory.counters.failures).toBe(0);
          await sessions.close();
          expect(services.counters.sessionsConnected).toBe(0);
          expect(services.metrics.tenant('mqtt', 'acme').connectionsOpen).toBe(0);
          expect(services.keepAlive.size).toBe(0);
          expect(services.watch.size).toBe(0);
          expect(messages.subscribers).toBe(0);
          expect(services.system.traffic('acme').subscriptions).toBe(0);
          bed.close();
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);
});
