// SUBSCRIBE, UNSUBSCRIBE and retained messages of MQTT 5.
import { setTimeout as delay } from 'node:timers/promises';
import { type MqttQos, noProperties } from '#libs/mqtt-codec';
import type { MqttWire } from '../../support/mqtt-wire.js';
import { mustBe, type Script, type ScriptBed } from './script.js';

const option = (filter: string, qos: MqttQos) =>
  ({ filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }) as const;

async function suback(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const subscriptions = [
    option('denied/x', 1),
    ...([2, 0, 1] as const).map((qos) => option(bed.topic(`q${qos}`), qos)),
  ];
  wire.send({ type: 'subscribe', packetId: 1234, subscriptions, properties: noProperties });
  const { packetId, reasonCodes } = await wire.next('suback');
  mustBe('SUBACK', [packetId, reasonCodes], [1234, [0x87, 2, 0, 1]]);
  mustBe('as many SUBACK packets as SUBSCRIBE packets', await wire.untilPong(), []);
  for (const qos of [0, 1, 2] as const) await wire.publish(bed.topic(`q${qos}`), `${qos}`, { qos: 2 });
  const got = [await wire.message(), await wire.message(), await wire.message()];
  mustBe(
    'by each subscription',
    got.map(({ payload, qos }) => [payload.toString(), qos]),
    [
      ['0', 0],
      ['1', 1],
      ['2', 2],
    ],
  );
}

async function lowerQos(bed: ScriptBed): Promise<void> {
  const publisher = await bed.connect();
  for (const granted of [0, 1, 2] as const) {
    const wire = await bed.connect();
    await wire.subscribe(bed.topic(`t${granted}`), granted);
    for (const qos of [0, 1, 2] as const) {
      await publisher.publish(bed.topic(`t${granted}`), 'x', { qos });
      mustBe(`QoS ${qos} for ${granted}`, (await wire.message()).qos, Math.min(qos, granted));
    }
  }
}

async function replaced(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const publisher = await bed.connect();
  await publisher.publish(bed.topic('t'), 'kept', { retain: true });
  await wire.subscribe(bed.topic('t'), 0);
  mustBe('retained', (await wire.message()).qos, 0);
  await wire.subscribe(bed.topic('t'), 1, { subscriptionIdentifiers: [9] });
  const again = await wire.message();
  mustBe('retained again', [again.payload.toString(), again.qos, again.retain], ['kept', 1, true]);
  await publisher.publish(bed.topic('t'), 'once');
  const message = await wire.message();
  mustBe('one copy', [message.qos, message.properties.subscriptionIdentifiers], [1, [9]]);
  await publisher.publish(bed.topic('t'), 'end');
  mustBe('and no other', await wire.texts(1), ['end']);
}

async function nothingLost(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const publisher = await bed.connect();
  await wire.subscribe(bed.topic('t'), 1);
  const wanted = Array.from({ length: 60 }, (_, index) => `${index}`);
  const publishing = (async () => {
    for (const text of wanted) await publisher.publish(bed.topic('t'), text);
  })();
  const receiving = wire.texts(wanted.length);
  for (let count = 0; count < 10; count++) await wire.subscribe(bed.topic('t'), 1, { retainHandling: 2 });
  await publishing;
  mustBe('received', await receiving, wanted);
}

async function noLocal(bed: ScriptBed): Promise<void> {
  const own = await bed.connect({ clientId: bed.clientId('own') });
  const other = await bed.connect();
  await own.subscribe(bed.topic('t'), 1, { noLocal: true });
  await own.publish(bed.topic('t'), 'own');
  await other.publish(bed.topic('t'), "another's");
  mustBe('received', await own.texts(1), ["another's"]);
}

async function overlapping(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(bed.topic('t'), 0, { subscriptionIdentifiers: [1] });
  await wire.subscribe(bed.topic('+'), 2, { subscriptionIdentifiers: [268_435_455] });
  await wire.subscribe(bed.topic('#'), 1);
  await wire.subscribe(bed.topic('another'), 1, { subscriptionIdentifiers: [3] });
  await wire.publish(bed.topic('t'), 'x', { qos: 2 });
  const { qos, properties } = await wire.message();
  mustBe('QoS', qos, 2);
  const identifiers = [...(properties.subscriptionIdentifiers ?? [])].sort((a, b) => a - b);
  mustBe('identifiers', identifiers, [1, 268_435_455]);
  await wire.publish(bed.topic('t'), 'end');
  mustBe('one copy', await wire.texts(1), ['end']);
}

async function unsubscribed(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const publisher = await bed.connect();
  await wire.subscribe([bed.topic('a'), bed.topic('+/b'), bed.topic('c')], 2);
  await publisher.publish(bed.topic('a'), 'begun', { qos: 2 });
  const begun = await wire.first('publish');
  const filters = [bed.topic('none'), bed.topic('a'), bed.topic('x/b'), bed.topic('+/b')];
  wire.send({ type: 'unsubscribe', packetId: 4321, filters, properties: noProperties });
  const { packetId, reasonCodes } = await wire.next('unsuback');
  mustBe('UNSUBACK', [packetId, reasonCodes], [4321, [0x11, 0, 0x11, 0]]);
  wire.acknowledge('pubrec', begun.packetId);
  mustBe('PUBREL of what had begun', (await wire.next('pubrel')).packetId, begun.packetId);
  wire.acknowledge('pubcomp', begun.packetId);
  await publisher.publish(bed.topic('a'), 'no more');
  await publisher.publish(bed.topic('x/b'), 'no more');
  await publisher.publish(bed.topic('c'), 'end');
  mustBe('received', await wire.texts(1), ['end']);
  mustBe('once more', (await wire.unsubscribe(bed.topic('a'))).reasonCodes, [0x11]);
}

async function retained(bed: ScriptBed): Promise<void> {
  const publisher = await bed.connect();
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('t'));
  await bed.replayed(watcher);
  const publish = (text: string, retain: boolean, qos: MqttQos = 1) =>
    publisher.publish(bed.topic('t'), text, { retain, qos });
  const kept = async () => {
    const wire = await bed.connect();
    await wire.subscribe([bed.topic('t'), bed.topic('end')], 2);
    await wire.publish(bed.topic('end'), 'end');
    const first = await wire.message();
    if (first.payload.toString() === 'end') return undefined;
    mustBe('what comes then', await wire.texts(1), ['end']);
    return [first.payload.toString(), first.qos, first.retain];
  };
  mustBe('at first', await kept(), undefined);
  await publish('one', true);
  await publish('two', true, 2);
  mustBe('replaced, with its QoS', await kept(), ['two', 2, true]);
  await publish('passing', false);
  await publish('', false);
  mustBe('after messages without RETAIN', await kept(), ['two', 2, true]);
  await publish('', true);
  mustBe('removed', await kept(), undefined);
  mustBe('all were published', await watcher.texts(5), ['one', 'two', 'passing', '', '']);
}

async function retainHandling(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  for (const name of ['a', 'b']) await wire.publish(bed.topic(name), name, { retain: true });
  let ends = 0;
  const given = async (filter: string, handling: 0 | 1 | 2) => {
    await wire.subscribe(bed.topic(filter), 1, { retainHandling: handling });
    // Replays are one after the other: when this one has come, that of the filter is over.
    const end = `${bed.clientId('end')}/${++ends}`;
    await wire.publish(end, 'end', { retain: true });
    await wire.subscribe(end);
    const texts: string[] = [];
    for (let text = ''; text !== 'end'; texts.push(text)) text = (await wire.texts(1))[0]!;
    return texts.slice(0, -1).sort();
  };
  mustBe('1, new', await given('+', 1), ['a', 'b']);
  mustBe('1, once more', await given('+', 1), []);
  mustBe('0, once more', await given('+', 0), ['a', 'b']);
  mustBe('2, once more', await given('+', 2), []);
  mustBe('2, new', await given('#', 2), []);
}

async function retainAsPublished(bed: ScriptBed): Promise<void> {
  const publisher = await bed.connect();
  for (const asPublished of [false, true]) {
    const wire = await bed.connect();
    await wire.subscribe(bed.topic(`${asPublished}`), 1, {
      retainAsPublished: asPublished,
      retainHandling: 2,
    });
    for (const retain of [true, false]) {
      await publisher.publish(bed.topic(`${asPublished}`), 'x', { retain });
      mustBe(`RETAIN ${retain}`, (await wire.message()).retain, retain && asPublished);
    }
  }
}

async function ping(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  wire.send({ type: 'pingreq' }, { type: 'pingreq' });
  await wire.next('pingresp');
  await wire.next('pingresp');
}

async function dollarTopics(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(['#', '+/broker/version', '+/+/version'], 0, { retainHandling: 0 });
  await wire.publish(bed.topic('end'), 'end');
  const topics: string[] = [];
  while (!topics.includes(bed.topic('end'))) topics.push((await wire.message()).topic);
  mustBe(
    'topics that begin with $',
    topics.filter((topic) => topic.startsWith('$')),
    [],
  );
  wire.cut();
  const named = await bed.connect();
  await named.subscribe('$SYS/broker/version', 0);
  mustBe('with their name', (await named.message()).topic, '$SYS/broker/version');
}

/** Two members of one group, and who publishes for them. */
async function group(
  bed: ScriptBed,
  qos: MqttQos,
  expirySeconds: number,
): Promise<[MqttWire, MqttWire, MqttWire]> {
  const properties = { sessionExpiryIntervalSeconds: expirySeconds, receiveMaximum: 10 };
  const members: MqttWire[] = [];
  for (const name of ['one', 'two']) {
    const member = await bed.connect({ clientId: bed.clientId(name), properties });
    await member.subscribe(`$share/group/${bed.topic('t')}`, qos);
    members.push(member);
  }
  return [members[0]!, members[1]!, await bed.connect()];
}

/** The member that gets the next message, the message, and the other member. */
async function chosen(one: MqttWire, two: MqttWire) {
  while (!one.has('publish') && !two.has('publish')) await delay(5);
  const isOne = one.has('publish');
  const [member, other] = isOne ? [one, two] : [two, one];
  return { member, other, name: isOne ? 'one' : 'two', message: await member.first('publish') };
}

async function sharedQos(bed: ScriptBed): Promise<void> {
  for (const qos of [0, 1] as const) {
    const wire = await bed.connect();
    await wire.subscribe(`$share/group${qos}/${bed.topic(`q${qos}`)}`, qos);
    await wire.publish(bed.topic(`q${qos}`), 'x', { qos: 2 });
    mustBe('QoS', (await wire.message()).qos, qos);
  }
}

async function sharedCompleted(bed: ScriptBed): Promise<void> {
  const [one, two, publisher] = await group(bed, 2, 100);
  await publisher.publish(bed.topic('t'), 'begun', { qos: 2 });
  const { member, name, other, message } = await chosen(one, two);
  member.cut();
  await publisher.publish(bed.topic('t'), 'next', { qos: 2 });
  mustBe('the other gets the next alone', await other.texts(1), ['next']);
  const back = await bed.connect({
    ...{ clientId: bed.clientId(name), cleanStart: false },
    properties: { sessionExpiryIntervalSeconds: 100 },
  });
  const again = await back.message();
  const told = [again.payload.toString(), again.packetId, again.dup];
  mustBe('it is completed', told, ['begun', message.packetId, true]);
}

async function sharedEnded(bed: ScriptBed): Promise<void> {
  const [one, two, publisher] = await group(bed, 2, 0);
  await publisher.publish(bed.topic('t'), 'begun', { qos: 2 });
  const { member, other } = await chosen(one, two);
  member.cut();
  await publisher.publish(bed.topic('t'), 'next', { qos: 2 });
  await publisher.publish(bed.topic('t'), 'end', { qos: 2 });
  mustBe('the other', await other.texts(2), ['next', 'end']);
}

async function sharedRefused(bed: ScriptBed): Promise<void> {
  for (const [qos, answer] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const) {
    const [one, two, publisher] = await group(bed, qos, 0);
    await publisher.publish(bed.topic('t'), 'refused', { qos });
    const { member, message, other } = await chosen(one, two);
    member.acknowledge(answer, message.packetId, 0x83);
    await member.untilPong();
    member.cut();
    await publisher.publish(bed.topic('t'), 'end', { qos });
    mustBe('the other', await other.texts(1), ['end']);
    other.cut();
  }
}

async function everySession(bed: ScriptBed): Promise<void> {
  const properties = { sessionExpiryIntervalSeconds: 100 };
  const away = await bed.connect({ clientId: bed.clientId('away'), properties });
  await away.subscribe(bed.topic('+'));
  await away.disconnect();
  const [kept, transient] = [await bed.connect({ properties }), await bed.connect()];
  await kept.subscribe(bed.topic('#'));
  await transient.subscribe(bed.topic('t'));
  await transient.publish(bed.topic('t'), 'for all');
  const back = await bed.connect({ clientId: bed.clientId('away'), cleanStart: false, properties });
  for (const wire of [kept, transient, back]) mustBe('each', await wire.texts(1), ['for all']);
}

export const subscribeScripts5: readonly Script[] = [
  {
    name: 'SUBACK for four filters, one of them forbidden',
    statements: ['2.2.1-6', '3.8.4-1', '3.8.4-2', '3.8.4-5', '3.8.4-6', '3.8.4-7', '3.9.3-1', '3.9.3-2'],
    run: suback,
  },
  { name: 'the lower QoS', statements: ['3.8.4-8'], run: lowerQos },
  { name: 'a subscription that replaces another', statements: ['3.8.4-3', '3.8.4-4'], run: replaced },
  { name: 'nothing is lost while it does', statements: ['3.8.4-4', '3.8.4-3'], run: nothingLost },
  { name: 'No Local', statements: ['3.8.3-3'], run: noLocal },
  { name: 'overlapping subscriptions', statements: ['3.3.4-2', '3.3.4-3', '3.3.4-4'], run: overlapping },
  {
    name: 'UNSUBSCRIBE',
    statements: [
      ...['3.10.4-1', '3.10.4-2', '3.10.4-3', '3.10.4-4', '3.10.4-5', '3.10.4-6', '3.11.3-1', '3.11.3-2'],
      ...['2.2.1-6'],
    ],
    run: unsubscribed,
  },
  { name: 'what is retained', statements: ['3.3.1-5', '3.3.1-6', '3.3.1-7', '3.3.1-8'], run: retained },
  { name: 'Retain Handling', statements: ['3.3.1-9', '3.3.1-10', '3.3.1-11'], run: retainHandling },
  { name: 'Retain As Published', statements: ['3.3.1-12', '3.3.1-13'], run: retainAsPublished },
  { name: 'PINGREQ', statements: ['3.12.4-1'], run: ping },
  { name: 'wildcards and $SYS', statements: ['4.7.2-1'], run: dollarTopics },
  { name: 'QoS of a shared subscription', statements: ['4.8.2-3'], run: sharedQos },
  {
    name: 'QoS 2 of a shared subscription, the member comes back',
    statements: ['4.8.2-4'],
    run: sharedCompleted,
  },
  {
    name: 'QoS 2 of a shared subscription, the session of the member ends',
    statements: ['4.8.2-5'],
    run: sharedEnded,
  },
  { name: 'a member answers 0x83', statements: ['4.8.2-6'], run: sharedRefused },
  { name: 'sessions of all kinds get a message', statements: ['4.5.0-1'], run: everySession },
];
