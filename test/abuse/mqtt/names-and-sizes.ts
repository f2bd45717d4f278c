// Names, patterns and sizes that MQTT clients try.
import { expect } from '@jest/globals';
import { noProperties, packetElementsMax } from '#libs/mqtt-codec';
import { publishOf } from '../../support/mqtt-wire.js';
import { testPulsar } from '../../support/pulsar.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import { asUser, type MqttStage } from './mqtt-stage.js';

const permissions = 'test/e2e/mqtt/permissions.spec.ts';
const long = 'l'.repeat(65_535);
const deep = Array.from({ length: 1_000 }, (_, level) => level).join('/');
const systemTopics = [
  '$SYS/broker/version',
  '$CONTROL/dynamic-security/v1',
  '$share/g/a',
  '$x',
  '$pulsegate/x',
];
/** First levels that are names of Pulsar's, of Kafka's or of the gateway's own topics. */
const ownedNames = [
  '__change_events',
  '__transaction_buffer_snapshot',
  '__consumer_offsets',
  'pulsegate.groups',
  'orders-partition-0',
  'orders__transaction_pending_ack',
  '..',
];

export const mqttNames: readonly (Abuse<MqttStage> | ProvenAbuse)[] = [
  {
    item: 'A2',
    tries: 'subscribes to `#`, `+/x` or `$share/g/#` where its rules allow less',
    meets: 'hears 0x87, before MQTT 5 0x80',
    provenBy: {
      file: permissions,
      test: 'at level %i is refused where no rule covers the filter, with code %i',
    },
  },
  {
    item: 'A2',
    tries: 'has a filter of which a rule denies a part',
    meets: 'is given neither what is published there nor what is retained there',
    provenBy: { file: permissions, test: 'leaves out what is denied, retained messages too' },
  },
  {
    item: 'A2',
    tries: 'keeps what it subscribed to when the rule that allowed it is taken back',
    meets: 'is given nothing more of it',
    provenBy: {
      file: permissions,
      test: 'a rule that is made counts for what it has subscribed to, and so does taking it back',
    },
  },
  {
    item: 'A3',
    tries: 'publishes to topics that begin with `$`, by message or will',
    meets: 'hears 0x90, before MQTT 5 it is closed; nobody is given it',
    async run(stage) {
      const watcher = await stage.client();
      await watcher.subscribe(['#', '+/#']);
      for (const topic of systemTopics) {
        const client = await stage.client();
        expect([topic, await client.publish(topic, 'forged', { qos: 1 })]).toEqual([topic, 0x90]);
        expect(await client.publish(topic, 'forged', { qos: 2, retain: true })).toBe(0x90);
        const old = await stage.client({}, 4);
        old.send(publishOf(topic, 'forged', { qos: 1, packetId: 1 }));
        expect(await old.untilClosed()).toEqual([]);
        const mourned = await stage.open();
        const will = {
          topic,
          payload: Buffer.from('forged'),
          qos: 1,
          retain: true,
          properties: noProperties,
        } as const;
        mourned.sendConnect(asUser({ will }));
        expect(await mourned.refusal()).toBe(0x90);
      }
      const told = await watcher.untilPong();
      expect(told.filter((packet) => packet.type === 'publish' && packet.payload.includes('forged'))).toEqual(
        [],
      );
    },
  },
  {
    item: 'A3',
    tries: 'subscribes to `$SYS` by wildcards, to other topics that begin with `$`, or to these in `$share`',
    meets: 'wildcards do not reach them; what is not `$SYS` is refused with 0x8F',
    async run(stage) {
      const wire = await stage.client();
      const { reasonCodes } = await wire.subscribe([
        '$CONTROL/#',
        '$x',
        '$share/g/$SYS/#',
        '+/broker/version',
      ]);
      expect([...reasonCodes]).toEqual([0x8f, 0x8f, 0x8f, 1]);
      expect(await wire.untilPong()).toEqual([]);
      await wire.subscribe('$SYS/broker/version');
      expect((await wire.message()).topic).toBe('$SYS/broker/version');
    },
  },
  {
    item: 'A3',
    tries: 'publishes to topics whose first level is the name of a topic of Pulsar, Kafka or the gateway',
    meets: 'its messages are in a topic of its own, of another name',
    async run(stage) {
      const wire = await stage.client();
      await wire.subscribe(ownedNames.map((name) => `${name}/#`));
      for (const name of ownedNames) {
        expect([name, await wire.publish(`${name}/x`, name)]).toEqual([name, 0]);
        expect((await wire.message()).payload.toString()).toBe(name);
      }
      const namespace = stage.gateway.namespaceOf('acme');
      const url = `${testPulsar.adminUrl}/admin/v2/persistent/${namespace}`;
      const there = (await (await fetch(url)).json()) as string[];
      const names = there.map((topic) => topic.slice(`persistent://${namespace}/`.length));
      expect(
        names.filter((name) => /^(__|pulsegate\.|orders-partition-0|\.\.$)|pending_ack$/.test(name)),
      ).toEqual([]);
    },
  },
  {
    item: 'A8',
    tries: 'publishes to a topic of 65,535 bytes, of 1,000 levels, or of empty levels alone',
    meets: 'hears 0x90 and goes on, before MQTT 5 it is closed',
    async run(stage) {
      for (const topic of [long, deep, '/'.repeat(65_535)]) {
        const wire = await stage.client();
        expect(await wire.publish(topic, 'm', { qos: 1 })).toBe(0x90);
        expect(await wire.publish(topic, 'm', { qos: 2 })).toBe(0x90);
        expect(await wire.publish('short', 'm', { qos: 1 })).toBe(0);
        const old = await stage.client({}, 4);
        old.send(publishOf(topic, 'm', { qos: 1, packetId: 1 }));
        expect(await old.untilClosed()).toEqual([]);
      }
    },
  },
  {
    item: 'A8',
    tries: 'subscribes to a filter of 65,535 bytes, of 1,000 levels, or of 32,768 wildcards',
    meets: 'is granted it or hears 0x8F, and goes on',
    async run(stage) {
      const filters = [
        [long, 0x01],
        [deep, 0x8f],
        [`${'+/'.repeat(32_767)}+`, 0x8f],
      ] as const;
      for (const [filter, code] of filters) {
        const wire = await stage.client();
        expect([...(await wire.subscribe(filter)).reasonCodes]).toEqual([code]);
        expect(await wire.publish('short', 'm', { qos: 1 })).toBe(0);
      }
    },
  },
  {
    item: 'A8',
    tries: 'makes 10,000 subscriptions in packets of 500, and one more',
    meets: 'has the 10,000, and hears 0x97 for the other one',
    async run(stage) {
      const wire = await stage.client();
      for (let packet = 0; packet < 20; packet++) {
        const filters = Array.from({ length: 500 }, (_, index) => `many/${packet}/${index}/+`);
        const { reasonCodes } = await wire.subscribe(filters);
        expect(reasonCodes.every((code) => code === 1)).toBe(true);
      }
      expect([...(await wire.subscribe('one/too/many')).reasonCodes]).toEqual([0x97]);
      await wire.publish('many/19/499/x', 'found');
      expect((await wire.message()).payload.toString()).toBe('found');
    },
  },
  {
    item: 'A8',
    tries: 'publishes messages of 16,000 user properties, and one of 16,385',
    meets:
      'has them stored with all of their properties, others are served meanwhile; hears 0x97 for what is more',
    async run(stage) {
      const [hostile, sound, reader] = [await stage.client(), await stage.client(), await stage.client()];
      await reader.subscribe('properties/#');
      const publish = (count: number) =>
        hostile.send(
          publishOf('properties/x', 'm', {
            ...{ qos: 1, packetId: hostile.packetId() },
            properties: {
              userProperties: Array.from({ length: count }, (_, at) => [`k${at}`, 'v'] as const),
            },
          }),
        );
      for (let sent = 0; sent < 10; sent++) publish(16_000);
      const beganMs = performance.now();
      await sound.untilPong();
      expect(performance.now() - beganMs).toBeLessThan(8_000);
      for (let sent = 0; sent < 10; sent++) {
        expect((await hostile.first('puback')).reasonCode).toBe(0);
        expect((await reader.message()).properties.userProperties).toHaveLength(16_000);
      }
      publish(packetElementsMax + 1);
      expect(await hostile.refusal()).toBe(0x97);
    },
  },
  {
    item: 'A8',
    tries: 'uses more topic aliases than it was told it may',
    meets: 'hears 0x94 and is closed',
    async run(stage) {
      const wire = await stage.open();
      const { properties } = await wire.connect(asUser({}));
      const topicAlias = properties.topicAliasMaximum! + 1;
      wire.send(publishOf('aliased', 'm', { qos: 0, packetId: 0, properties: { topicAlias } }));
      expect(await wire.refusal()).toBe(0x94);
    },
  },
];
