import { expect } from '@jest/globals';
import type { MqttInbox } from '../../support/mqtt-inbox.js';
import type { Wall } from '../wall.js';
import type { MqttSide } from './mqtt-side.js';

/** Does the same in both tenants, one after the other, and looks that each has heard its own alone. */
async function bothHear(
  sides: readonly MqttSide[],
  inboxOf: (side: MqttSide) => Promise<MqttInbox>,
  say: (side: MqttSide) => Promise<unknown>,
): Promise<void> {
  const inboxes: MqttInbox[] = [];
  for (const side of sides) inboxes.push(await inboxOf(side));
  for (const [at, side] of sides.entries()) {
    await say(side);
    await inboxes[at]!.until(side.said);
  }
  expect(inboxes.map(({ payloads }) => payloads)).toEqual(sides.map(({ said }) => [said]));
}

/** The other's topic by full Pulsar names, paths, escapes and twins. */
function foreignTopics({ settings: { namespace, tenant } }: MqttSide, name: string): string[] {
  return [
    ...[`persistent://${namespace}/${name}`, `${namespace}/${name}`, `${tenant}/${name}`, `../${name}`],
    ...[`../../${namespace}/${name}`, `%2F${name}`, `${name}e\u0301`, `${name}\u200b`, `/${name}`],
  ];
}

const retainedWalls: readonly Wall<MqttSide>[] = [
  {
    operation: 'PUBLISH',
    tries: 'retained messages of one topic, cleared by one',
    run: async (one, other, name) => {
      for (const side of [one, other]) {
        await side.says(`${name}/now`, { retain: true });
        await side.says(`${name}/of-${side.settings.tenant}`, { retain: true });
      }
      for (const side of [one, other]) {
        const inbox = await side.receives(`${name}/#`);
        await inbox.until(side.said);
        await side.says(`${name}/end`, {}, 'end');
        await inbox.until('end');
        expect(inbox.all.map(({ topic, payload }) => [topic, payload])).toEqual([
          ...['now', `of-${side.settings.tenant}`].map((level) => [`${name}/${level}`, side.said]),
          [`${name}/end`, 'end'],
        ]);
      }
      await one.says(`${name}/now`, { retain: true }, '');
      await (await other.receives(`${name}/now`, 'again')).until(other.said);
    },
  },
];

/** Both are sent a message with the same packet identifier; the other acknowledges it, one does not. */
const acknowledged: Wall<MqttSide> = {
  operation: 'PUBACK',
  tries: 'of the packet identifier that both have, in sessions of one client identifier',
  run: async (one, other, name) => {
    const session = { clean: false, properties: { sessionExpiryInterval: 60 } } as const;
    const mine = await one.connect(name, session);
    // A client that does not answer.
    mine.handleMessage = () => {};
    await mine.subscribeAsync(`${name}/#`, { qos: 1 });
    const sent = new Promise<number | undefined>((resolve) => {
      mine.on('packetreceive', (packet) => packet.cmd === 'publish' && resolve(packet.messageId));
    });
    const theirs = await other.connect(name, session);
    const inbox = other.inboxes.at(-1)!;
    await theirs.subscribeAsync(`${name}/#`, { qos: 1 });
    await one.says(`${name}/1`);
    await other.says(`${name}/1`);
    const { packet } = await inbox.until(other.said);
    expect(packet.messageId).toBe(await sent);
    await theirs.endAsync();
    mine.stream.destroy();
    // Still one's own to be sent again.
    await one.connect(name, session);
    const again = await one.inboxes.at(-1)!.until(one.said);
    expect([again.packet.dup, one.inboxes.at(-1)!.payloads]).toEqual([true, [one.said]]);
  },
};

/** The three packets that complete QoS 2, both ways. */
const completed = (operation: 'PUBREC' | 'PUBREL' | 'PUBCOMP'): Wall<MqttSide> => ({
  operation,
  tries: 'of one packet identifier, both ways, in sessions of one client identifier',
  run: (one, other, name) =>
    bothHear(
      [one, other],
      (side) => side.receives(`${name}/#`, name),
      (side) => side.says(`${name}/topic`, { qos: 2 }),
    ),
});

export const messageWalls: readonly Wall<MqttSide>[] = [
  {
    operation: 'PUBLISH',
    tries: 'to one topic',
    run: (one, other, name) =>
      bothHear(
        [one, other],
        (side) => side.receives(`${name}/#`),
        (side) => side.says(`${name}/topic`),
      ),
  },
  {
    operation: 'PUBLISH',
    tries: 'to the other’s topic by full Pulsar names, paths, escapes and twins',
    run: async (one, other, name) => {
      const all = await one.receives('#');
      const topic = `${name}\u00e9`;
      const own = await one.receives(topic, 'second');
      const foreign = foreignTopics(one, topic);
      const heard = await other.receives('#');
      const sender = await other.sends();
      for (const each of foreign) {
        await sender.publishAsync(each, `to ${each}`, { qos: 1 });
        await heard.until(`to ${each}`);
      }
      await one.says(topic);
      await Promise.all([all.until(one.said), own.until(one.said)]);
      const said = [...all.payloads, ...own.payloads].filter((payload) => payload.startsWith('to '));
      expect(said).toEqual([]);
    },
  },
  {
    operation: 'PUBLISH',
    tries: 'requests and responses to one response topic',
    run: async (one, other, name) => {
      for (const side of [one, other]) {
        const responder = await side.connect('responder');
        await responder.subscribeAsync(`${name}/requests`, { qos: 1 });
        responder.on('message', (_topic, _payload, { properties }) => {
          const { responseTopic, correlationData } = properties!;
          const options = { qos: 1, properties: { correlationData: correlationData! } } as const;
          responder.publish(responseTopic!, side.said, options);
        });
      }
      const responseTopic = `${name}/responses`;
      const properties = { responseTopic, correlationData: Buffer.from('1') };
      await bothHear(
        [one, other],
        (side) => side.receives(responseTopic, 'requester'),
        (side) => side.says(`${name}/requests`, { properties }, 'please'),
      );
    },
  },
  ...retainedWalls,
  acknowledged,
  ...(['PUBREC', 'PUBREL', 'PUBCOMP'] as const).map(completed),
  {
    operation: 'SUBSCRIBE',
    tries: 'all topics of a last level',
    run: (one, other, name) =>
      bothHear(
        [one, other],
        (side) => side.receives('+/all'),
        (side) => side.says(`${name}/all`),
      ),
  },
  {
    operation: 'SUBSCRIBE',
    tries: 'the other’s topics by full Pulsar names, paths, escapes and twins',
    run: async (one, other, name) => {
      const topic = `${name}\u00e9`;
      const client = await other.connect('receiver');
      const inbox = other.inboxes.at(-1)!;
      const filters = foreignTopics(one, topic).flatMap((each) => [each, `${each}/#`]);
      for (const filter of [...filters, `$share/g/${filters[0]}`]) await client.subscribeAsync(filter);
      const mine = await one.receives(topic);
      await one.says(topic);
      await mine.until(one.said);
      await client.subscribeAsync(`${name}/last`, { qos: 1 });
      await other.says(`${name}/last`);
      await inbox.until(other.said);
      expect(inbox.payloads).toEqual([other.said]);
    },
  },
  {
    operation: 'SUBSCRIBE',
    tries: 'one $share group and filter',
    run: (one, other, name) =>
      bothHear(
        [one, other],
        (side) => side.receives(`$share/group/${name}/#`, 'member'),
        (side) => side.says(`${name}/1`),
      ),
  },
  {
    operation: 'SUBSCRIBE',
    tries: 'what $SYS counts',
    run: async (one, other) => {
      for (const clientId of ['one', 'two', 'three']) await one.connect(clientId);
      const inbox = await other.receives('$SYS/broker/clients/connected');
      await inbox.until('1');
      expect(inbox.payloads).not.toContain('4');
      await (await one.receives('$SYS/broker/clients/connected')).until('4');
    },
  },
  {
    operation: 'UNSUBSCRIBE',
    tries: 'a filter of one client identifier, and of one $share group, ended by one',
    run: async (one, other, name) => {
      const filters = [`${name}/plain`, `$share/group/${name}/shared`];
      for (const side of [one, other]) await (await side.connect(name)).subscribeAsync(filters, { qos: 1 });
      await other.clients[0]!.unsubscribeAsync(filters);
      const [mine, theirs] = [one.inboxes[0]!, other.inboxes[0]!];
      for (const level of ['plain', 'shared']) {
        await other.says(`${name}/${level}`);
        await one.says(`${name}/${level}`, {}, `${one.said} ${level}`);
        await mine.until(`${one.said} ${level}`);
      }
      expect([mine.payloads.length, theirs.payloads]).toEqual([2, []]);
    },
  },
];
