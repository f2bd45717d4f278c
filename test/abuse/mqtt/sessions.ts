// What MQTT clients try with acknowledgements, connections, sessions and all that outlives these.
import { expect } from '@jest/globals';
import { encodePacket, noProperties } from '#libs/mqtt-codec';
import { hostileSockets } from '../../support/hostile-sockets.js';
import { type MqttWire, publishOf } from '../../support/mqtt-wire.js';
import { testPulsar } from '../../support/pulsar.js';
import { until } from '../../support/until.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import {
  asUser,
  keepAliveSecondsMax,
  type MqttStage,
  password,
  queueMessagesMax,
  sessionExpirySecondsMax,
  sessionsMax,
  topicsMax,
} from './mqtt-stage.js';

/** `mqtt.receiveMaximum` */
const receiveMaximum = 1_024;
const unlimited = 0xffffffff;
const droppedTotal = 'pulsegate_mqtt_messages_dropped_total{reason="queue-full"}';
const sharedSpec = 'libs/mqtt-gateway/src/subscriptions/share-subscriptions.pulsar.spec.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

async function publishAll(wire: MqttWire, topic: string, payloads: readonly string[]): Promise<void> {
  for (let from = 0; from < payloads.length; from += 50) {
    const batch = payloads.slice(from, from + 50);
    wire.send(...batch.map((payload) => publishOf(topic, payload, { qos: 1, packetId: wire.packetId() })));
    await wire.take('puback', batch.length);
  }
}

/** Of QoS 2, which it never releases. */
function unreleased(wire: MqttWire, count: number): void {
  wire.send(
    ...numbers(count).map((payload) =>
      publishOf('unreleased', payload, { qos: 2, packetId: wire.packetId() }),
    ),
  );
}

async function subscriptionsIn(namespace: string): Promise<string[]> {
  const admin = `${testPulsar.adminUrl}/admin/v2/persistent`;
  const json = async (url: string) => (await (await fetch(url)).json()) as string[];
  const topics = await json(`${admin}/${namespace}`);
  const names = topics.map((topic) => topic.slice('persistent://'.length));
  return (await Promise.all(names.map((name) => json(`${admin}/${name}/subscriptions`)))).flat();
}

export const mqttSessions: readonly (Abuse<MqttStage> | ProvenAbuse)[] = [
  {
    item: 'A5',
    tries: 'takes a client identifier over, fifteen times six at once, while messages come for its session',
    meets: 'one of them is left, and its session is whole',
    async run(stage) {
      const first = await stage.resumed('wanted');
      await first.subscribe('wanted/#');
      const publisher = await stage.client();
      const published = publishAll(publisher, 'wanted/x', numbers(30));
      for (let round = 0; round < 15; round++) {
        // Most of them are taken over before they are told that they are connected.
        await Promise.all(numbers(6).map(() => stage.resumed('wanted').catch(() => undefined)));
      }
      await published;
      const last = await stage.resumed('wanted');
      // None of them has acknowledged anything.
      expect(await last.texts(30)).toEqual(numbers(30));
      expect(await last.untilPong()).toEqual([]);
    },
  },
  {
    item: 'A5',
    tries:
      'connects two hundred times with twenty client identifiers, subscribes each time, and ends without a word',
    meets: 'sessions and subscriptions are as many as before when it is gone',
    alone: true,
    async run(stage) {
      const counts = () =>
        Promise.all(
          ['sessions_connected', 'persistent_sessions', 'subscriptions'].map((name) =>
            stage.metric(`pulsegate_mqtt_${name}`),
          ),
        );
      const before = await counts();
      for (let round = 0; round < 10; round++) {
        await Promise.all(
          numbers(20).map(async (id) => {
            const wire = await stage.client({ clientId: `churning-${id}` });
            await wire.subscribe([`churn/${id}/#`, `churn/+/${round}`]);
            if (round % 2 === 0) wire.cut();
          }),
        );
      }
      // The last ones are there.
      await Promise.all(
        numbers(20).map(async (id) => {
          const wire = await stage.client({ clientId: `churning-${id}` });
          await wire.disconnect();
        }),
      );
      await until(async () => (await counts()).every((count, at) => count <= before[at]!));
    },
  },
  {
    item: 'A9',
    tries: 'never acknowledges what it is given',
    meets: 'is given its window, keeps its queue, loses the rest; others get everything',
    async run(stage) {
      const count = 500;
      const before = await stage.metric(droppedTotal);
      const silent = await stage.client({ properties: { receiveMaximum: 10 } });
      const prompt = await stage.client();
      await silent.subscribe('flood/#');
      await prompt.subscribe('flood/#');
      const taken = prompt.texts(count);
      await publishAll(await stage.client(), 'flood/1', numbers(count));
      expect(await taken).toEqual(numbers(count));
      expect(await silent.untilPong()).toHaveLength(10);
      expect((await stage.metric(droppedTotal)) - before).toBeGreaterThanOrEqual(
        count - 10 - queueMessagesMax,
      );
    },
  },
  {
    item: 'A9',
    tries: 'does not read its socket while it is sent 20 MB',
    meets: 'is sent what its buffers take; others get everything',
    async run(stage) {
      const before = await stage.metric(droppedTotal);
      const subscription = { filter: 'wide/#', qos: 0, noLocal: false, retainAsPublished: false } as const;
      const connect = { ...asUser({}), type: 'connect', protocolLevel: 5, cleanStart: true } as const;
      const packets = [
        encodePacket({ ...connect, clientId: 'stuck', keepAliveSeconds: 0, properties: noProperties }, 5),
        encodePacket(
          {
            ...{ type: 'subscribe', packetId: 1, properties: noProperties },
            subscriptions: [{ ...subscription, retainHandling: 0 }],
          },
          5,
        ),
      ];
      const [stuck] = await hostileSockets(stage.endpoint, 1, [Buffer.concat(packets)], { reads: false });
      const prompt = await stage.client();
      await prompt.subscribe('wide/#');
      const publisher = await stage.client();
      const payload = 'x'.repeat(100_000);
      const taken = prompt.texts(200);
      for (let sent = 0; sent < 200; sent++) await publisher.publish('wide/1', payload);
      expect(await taken).toHaveLength(200);
      expect(await stage.metric(droppedTotal)).toBeGreaterThan(before);
      stuck!.resetAndDestroy();
    },
  },
  {
    item: 'A9',
    tries: 'publishes at QoS 2 and releases nothing',
    meets:
      'hears 0x93 beyond the Receive Maximum that it was told; before MQTT 5 its packet identifiers are at an end',
    async run(stage) {
      const wire = await stage.client();
      unreleased(wire, receiveMaximum + 1);
      const said = await wire.untilClosed();
      expect(said.at(-1)).toMatchObject({ type: 'disconnect', reasonCode: 0x93 });
    },
  },
  {
    item: 'A10',
    tries: 'is silent for longer than its keep alive',
    meets: 'hears 0x8D after one and a half times its keep alive; its will is published',
    async run(stage) {
      const watcher = await stage.client();
      await watcher.subscribe('mourned/#');
      const will = {
        ...{ topic: 'mourned/silent', payload: Buffer.from('silent'), qos: 1 as const, retain: false },
        properties: noProperties,
      };
      const wire = await stage.client({ clientId: 'silent', keepAliveSeconds: 1, will });
      expect(await wire.refusal()).toBe(0x8d);
      expect((await watcher.message()).payload.toString()).toBe('silent');
    },
  },
  {
    item: 'A10',
    tries: 'asks for a keep alive of 65,535 seconds, or for none',
    meets: 'is told `mqtt.keepAliveSecondsMax`',
    async run(stage) {
      for (const keepAliveSeconds of [0, 0xffff]) {
        const wire = await stage.open();
        const { properties } = await wire.connect(asUser({ keepAliveSeconds }));
        expect(properties.serverKeepAliveSeconds).toBe(keepAliveSecondsMax);
      }
    },
  },
  {
    item: 'A10',
    tries: 'asks for the same before MQTT 5, where nobody can be told',
    meets: 'is closed as if it had asked for `mqtt.keepAliveSecondsMax`',
    provenBy: {
      file: 'libs/mqtt-gateway/src/mqtt.connection.spec.ts',
      test: 'is that of the gateway where the client asks for a longer one or none, told to it or not',
    },
  },
  {
    item: 'A11',
    tries: 'makes sessions with random client identifiers that are never to expire',
    meets:
      'is told the longest expiry there is; hears 0x97 beyond `mqtt.sessionsMax`; Pulsar has no subscription of any of them',
    async run(stage) {
      const codes = await Promise.all(
        numbers(sessionsMax + 20).map(async () => {
          const wire = await stage.open();
          const options = { clientId: `random-${password}-${Math.random()}`, cleanStart: false };
          const properties = { sessionExpiryIntervalSeconds: unlimited };
          const connack = await wire.connect(asUser({ ...options, properties }, 'crowded'));
          if (connack.reasonCode !== 0) return connack.reasonCode;
          expect(connack.properties.sessionExpiryIntervalSeconds).toBe(sessionExpirySecondsMax);
          expect([...(await wire.subscribe('crowd/#')).reasonCodes]).toEqual([1]);
          expect(await wire.publish('crowd/x', 'm')).toBe(0);
          wire.cut();
          return 0;
        }),
      );
      expect(new Set(codes)).toEqual(new Set([0, 0x97]));
      expect(codes.filter((code) => code === 0).length).toBeLessThanOrEqual(sessionsMax);
      const subscriptions = await subscriptionsIn(stage.gateway.namespaceOf('crowded'));
      // What the gateway reads with, for all of them.
      expect(subscriptions.filter((name) => !name.startsWith('pulsegate-reader-'))).toEqual([]);
    },
  },
  {
    item: 'A11',
    tries: 'leaves sessions behind',
    meets: 'they end when their expiry is over, after a crash too',
    provenBy: {
      file: 'libs/mqtt-gateway/src/slices/session-slice.spec.ts',
      test: 'forgets a session when its time is over, counted from the end of its connection, and after a crash from then',
    },
  },
  {
    item: 'A11',
    tries: 'makes shared subscriptions, which are Pulsar’s, of more and more groups',
    meets: 'hears 0x97 beyond `mqtt.sharedSubscriptionsMax`',
    provenBy: {
      file: sharedSpec,
      test: 'are as many as a tenant may have, and no more while those are idle',
    },
  },
  {
    item: 'A11',
    tries: 'leaves shared subscriptions behind',
    meets: 'Pulsar’s subscription is deleted when no session has it any more',
    provenBy: {
      file: sharedSpec,
      test: 'keep messages for a group whose members are away, and are deleted when nobody is one any more',
    },
  },
  {
    item: 'A11',
    tries: 'has messages retained on more and more topics',
    meets: 'hears 0x97 beyond `mqtt.retainedMessagesMax` and `mqtt.retainedBytesMax`',
    provenBy: {
      file: 'libs/mqtt-gateway/src/retained/tenant-retained.spec.ts',
      test: 'are bounded in bytes, all and each: 0x97, and what is smaller, or clears, is still taken',
    },
  },
  {
    item: 'A12',
    tries: 'publishes to topics of fifty first levels, each of which would be a topic of Pulsar',
    meets: 'hears 0x97 beyond `tenants[].mqtt.topicsMax` (100 by default)',
    async run(stage) {
      const wire = await stage.client({}, 5, 'counted');
      const codes: number[] = [];
      for (const level of numbers(50)) codes.push(await wire.publish(`level-${level}/x`, 'm'));
      expect(codes).toEqual([...Array(topicsMax).fill(0), ...Array(50 - topicsMax).fill(0x97)]);
    },
  },
  {
    item: 'A12',
    tries: 'subscribes to more partitions, or to more topics, than a gateway reads',
    meets: 'hears 0x97 for what needs more than `mqtt.partitionsReadMax`',
    provenBy: {
      file: 'libs/mqtt-gateway/src/subscriptions/tail-subscriptions.spec.ts',
      test: 'are refused where more partitions had to be read than may be',
    },
  },
];
