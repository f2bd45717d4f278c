// PUBLISH, SUBSCRIBE and UNSUBSCRIBE of MQTT 3.1.1.
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { encodePacket, type MqttQos, noProperties } from '#libs/mqtt-codec';
import { publishOf } from '../../support/mqtt-wire.js';
import { keepsApart, mustBe, type Script, type ScriptBed } from './script.js';

const option = (filter: string, qos: MqttQos) =>
  ({ filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }) as const;

async function inbound(bed: ScriptBed): Promise<void> {
  const subscriber = await bed.connect();
  await subscriber.subscribe(bed.topic('t'), 2);
  const wire = await bed.connect();
  const send = (text: string, qos: 1 | 2, dup = false) =>
    wire.send(publishOf(bed.topic('t'), text, { qos, packetId: 70 + qos, dup }));
  send('a', 1);
  mustBe('PUBACK', (await wire.next('puback')).packetId, 71);
  send('b', 1, true);
  mustBe('PUBACK', (await wire.next('puback')).packetId, 71);
  for (const text of ['c', 'd']) {
    send(text, 2);
    mustBe('PUBREC', (await wire.next('pubrec')).packetId, 72);
    send(text, 2, true);
    mustBe('PUBREC', (await wire.next('pubrec')).packetId, 72);
    wire.acknowledge('pubrel', 72);
    mustBe('PUBCOMP', (await wire.next('pubcomp')).packetId, 72);
  }
  wire.send(publishOf(bed.topic('t'), 'e'));
  mustBe('QoS 0 has no answer', await wire.untilPong(), []);
  const got = [];
  while (got.length < 5) got.push(await subscriber.message());
  mustBe('received', got.map(({ payload }) => payload.toString()).sort(), ['a', 'b', 'c', 'd', 'e']);
  mustBe(
    'DUP',
    got.some(({ dup }) => dup),
    false,
  );
}

async function outbound(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('device');
  const publisher = await bed.connect();
  let wire = await bed.connect({ clientId, cleanStart: false });
  await wire.subscribe(bed.topic('t'), 2);
  const again = async () => {
    wire.cut();
    wire = await bed.connect({ clientId, cleanStart: false });
  };
  for (const qos of [1, 2, 1] as const) await publisher.publish(bed.topic('t'), `at ${qos}`, { qos });
  const first = await wire.take('publish', 3);
  mustBe(
    'QoS and DUP',
    first.map(({ qos, dup }) => [qos, dup]),
    [
      [1, false],
      [2, false],
      [1, false],
    ],
  );
  await delay(300);
  mustBe('nothing is sent again by itself', await wire.untilPong(), []);
  await again();
  const repeated = await wire.take('publish', 3);
  const told = (each: (typeof first)[number], dup: boolean) => [each.packetId, each.payload.toString(), dup];
  mustBe(
    'again',
    repeated.map((each) => told(each, each.dup)),
    first.map((each) => told(each, true)),
  );
  wire.acknowledge('puback', first[0]!.packetId);
  wire.acknowledge('pubrec', first[1]!.packetId);
  mustBe('PUBREL', (await wire.next('pubrel')).packetId, first[1]!.packetId);
  await again();
  const left = [await wire.first('publish'), await wire.first('pubrel')];
  mustBe(
    'what is left',
    left.map(({ packetId }) => packetId),
    [first[2]!.packetId, first[1]!.packetId],
  );
  wire.acknowledge('pubcomp', first[1]!.packetId);
  wire.acknowledge('puback', first[2]!.packetId);
  await wire.untilPong();
  await again();
  await publisher.publish(bed.topic('t'), 'end');
  mustBe('then', await wire.texts(1), ['end']);
}

async function bytesOfQos0(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(bed.topic('t'), 0);
  const before = wire.bytes.length;
  wire.send(publishOf(bed.topic('t'), 'text'));
  await wire.first('publish');
  const bytes = Buffer.concat(wire.bytes.slice(before)).toString('hex');
  mustBe('PUBLISH', bytes, encodePacket(publishOf(bed.topic('t'), 'text'), 4).toString('hex'));
}

async function order(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const ids = Array.from({ length: 30 }, (_, index) => 100 - index);
  for (const [qos, type] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const) {
    const subscriber = await bed.connect();
    await subscriber.subscribe(bed.topic(type), qos);
    wire.send(...ids.map((packetId) => publishOf(bed.topic(type), `${packetId}`, { qos, packetId })));
    mustBe(
      type,
      (await wire.take(type, ids.length)).map(({ packetId }) => packetId),
      ids,
    );
    const got = await subscriber.take('publish', ids.length);
    mustBe(
      'messages',
      got.map(({ payload }) => Number(payload.toString())),
      ids,
    );
    if (qos === 1) continue;
    const reverse = got.map(({ packetId }) => packetId).reverse();
    for (const packetId of reverse) subscriber.acknowledge('pubrec', packetId);
    const released = await subscriber.take('pubrel', reverse.length);
    mustBe(
      'PUBREL',
      released.map(({ packetId }) => packetId),
      reverse,
    );
  }
}

async function suback(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const granted = ([2, 0, 1] as const).map((qos) => option(bed.topic(`q${qos}`), qos));
  const subscriptions = [option('denied/x', 1), ...granted, option(bed.topic('+'), 0)];
  wire.send({ type: 'subscribe', packetId: 1234, subscriptions, properties: noProperties });
  const { packetId, reasonCodes } = await wire.next('suback');
  mustBe('SUBACK', [packetId, reasonCodes], [1234, [0x80, 2, 0, 1, 0]]);
  mustBe('one SUBACK', await wire.untilPong(), []);
  for (const granted of [0, 1, 2]) {
    for (const qos of [0, 1, 2] as const) {
      await wire.publish(bed.topic(`q${granted}`), 'x', { qos });
      mustBe(`QoS ${qos} for ${granted}`, (await wire.message()).qos, Math.min(qos, granted));
    }
  }
}

async function replaced(bed: ScriptBed): Promise<void> {
  const [wire, publisher] = [await bed.connect(), await bed.connect()];
  await publisher.publish(bed.topic('t'), 'kept', { retain: true });
  for (const qos of [0, 1] as const) {
    await wire.subscribe(bed.topic('t'), qos);
    const { payload, retain, qos: got } = await wire.message();
    mustBe('retained', [payload.toString(), got, retain], ['kept', qos, true]);
  }
  const wanted = Array.from({ length: 40 }, (_, index) => `${index}`);
  const receiving = wire.take('publish', wanted.length);
  const publishing = (async () => {
    for (const text of wanted) await publisher.publish(bed.topic('t'), text);
  })();
  await publishing;
  const got = await receiving;
  mustBe(
    'once each',
    got.map(({ payload, qos, retain }) => [payload.toString(), qos, retain]),
    wanted.map((text) => [text, 1, false]),
  );
}

async function unsubscribed(bed: ScriptBed): Promise<void> {
  const [wire, publisher] = [await bed.connect(), await bed.connect()];
  await wire.subscribe([bed.topic('a'), bed.topic('+/b'), bed.topic('c')], 2);
  await publisher.publish(bed.topic('a'), 'begun', { qos: 2 });
  const begun = await wire.first('publish');
  const filters = [bed.topic('none'), bed.topic('a'), bed.topic('x/b'), bed.topic('+/b')];
  wire.send({ type: 'unsubscribe', packetId: 4321, filters, properties: noProperties });
  mustBe('UNSUBACK', (await wire.next('unsuback')).packetId, 4321);
  wire.acknowledge('pubrec', begun.packetId);
  mustBe('PUBREL of what had begun', (await wire.next('pubrel')).packetId, begun.packetId);
  wire.acknowledge('pubcomp', begun.packetId);
  for (const name of ['a', 'x/b']) await publisher.publish(bed.topic(name), 'no more');
  await publisher.publish(bed.topic('c'), 'end');
  mustBe('received', await wire.texts(1), ['end']);
  await wire.unsubscribe(bed.topic('never'));
}

async function retained(bed: ScriptBed): Promise<void> {
  const [publisher, watcher] = [await bed.connect(), await bed.connect()];
  await watcher.subscribe(bed.topic('t'));
  await bed.replayed(watcher);
  const publish = (text: string, retain: boolean, qos: MqttQos = 1) =>
    publisher.publish(bed.topic('t'), text, { retain, qos });
  const kept = async () => {
    const wire = await bed.connect();
    await wire.subscribe([bed.topic('t'), bed.topic('end')], 2);
    await wire.publish(bed.topic('end'), 'end');
    const first = await wire.message();
    return first.payload.toString() === 'end'
      ? undefined
      : [first.payload.toString(), first.qos, first.retain];
  };
  await publish('one', true);
  await publish('two', true, 2);
  mustBe('replaced, with its QoS', await kept(), ['two', 2, true]);
  await publish('passing', false);
  await publish('', false);
  mustBe('after messages without RETAIN', await kept(), ['two', 2, true]);
  await publish('', true);
  mustBe('removed', await kept(), undefined);
  await publish('at 0', true, 0);
  await publish('', false);
  mustBe('replaced at QoS 0', await kept(), ['at 0', 0, true]);
  const seen = await watcher.take('publish', 7);
  const told = seen.map(({ payload, retain }) => [payload.toString(), retain]);
  mustBe(
    'published',
    told,
    ['one', 'two', 'passing', '', '', 'at 0', ''].map((text) => [text, false]),
  );
}

async function overlapping(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(bed.topic('t'), 0);
  await wire.subscribe(bed.topic('+'), 2);
  await wire.publish(bed.topic('t'), 'x', { qos: 2 });
  mustBe('QoS', (await wire.message()).qos, 2);
}

async function forbidden(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  wire.send(publishOf('denied/x', 'x', { qos: 1, packetId: 1 }));
  mustBe('closed, as it is not acknowledged', await wire.refusal(), undefined);
}

async function dollarTopics(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(['#', '+/broker/version'], 0);
  await wire.publish(bed.topic('end'), 'end');
  const topics: string[] = [];
  while (!topics.includes(bed.topic('end'))) topics.push((await wire.message()).topic);
  mustBe(
    'topics that begin with $',
    topics.filter((topic) => topic.startsWith('$')),
    [],
  );
}

async function sameText(bed: ScriptBed): Promise<void> {
  await keepsApart(bed, [
    ['\u00e9', 'e\u0301'],
    ['\ufeffx', 'x'],
    ['a//b', 'a/b'],
    ['Case', 'case'],
    ['s/', 's'],
  ]);
}

async function everySession(bed: ScriptBed): Promise<void> {
  const away = await bed.connect({ clientId: bed.clientId('away'), cleanStart: false });
  await away.subscribe(bed.topic('+'));
  await away.disconnect();
  const [kept, transient] = [
    await bed.connect({ clientId: bed.clientId('kept'), cleanStart: false }),
    await bed.connect(),
  ];
  await kept.subscribe(bed.topic('#'));
  await transient.subscribe(bed.topic('t'));
  await transient.publish(bed.topic('t'), 'for all');
  const back = await bed.connect({ clientId: bed.clientId('away'), cleanStart: false });
  for (const wire of [kept, transient, back]) mustBe('each', await wire.texts(1), ['for all']);
}

async function ping(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  wire.send({ type: 'pingreq' }, { type: 'pingreq' });
  await wire.take('pingresp', 2);
}

export const scripts3: readonly Script[] = [
  {
    name: 'PUBLISH of a client at each QoS, sent twice, and its packet identifier once more',
    statements: ['2.3.1-6', '3.3.1-3', '3.3.4-1', '4.3.2-2', '4.3.3-2'],
    run: inbound,
  },
  {
    name: 'QoS 1 and 2 to a subscriber that comes back',
    statements: ['2.3.1-3', '2.3.1-4', '3.3.1-1', '4.3.2-1', '4.3.3-1', '4.4.0-1', '4.6.0-1'],
    run: outbound,
  },
  { name: 'bytes of QoS 0', statements: ['2.3.1-5', '4.3.1-1', '3.3.1-2'], run: bytesOfQos0 },
  {
    name: 'order of messages and answers',
    statements: ['4.6.0-2', '4.6.0-3', '4.6.0-4', '4.6.0-5', '4.6.0-6'],
    run: order,
  },
  {
    name: 'SUBACK for five filters, one of them forbidden',
    statements: [
      '2.3.1-7',
      '3.8.4-1',
      '3.8.4-2',
      '3.8.4-4',
      '3.8.4-5',
      '3.8.4-6',
      '3.9.3-1',
      '3.9.3-2',
      '3.3.2-3',
    ],
    run: suback,
  },
  {
    name: 'a subscription that replaces another',
    statements: ['3.8.4-3', '3.3.1-8', '3.3.1-9'],
    run: replaced,
  },
  {
    name: 'UNSUBSCRIBE',
    statements: ['3.10.4-1', '3.10.4-2', '3.10.4-3', '3.10.4-4', '3.10.4-5', '3.10.4-6', '2.3.1-7'],
    run: unsubscribed,
  },
  {
    name: 'what is retained',
    statements: ['3.3.1-5', '3.3.1-6', '3.3.1-7', '3.3.1-8', '3.3.1-9', '3.3.1-10', '3.3.1-11', '3.3.1-12'],
    run: retained,
  },
  { name: 'overlapping subscriptions', statements: ['3.3.5-1'], run: overlapping },
  { name: 'PUBLISH without permission', statements: ['3.3.5-2'], run: forbidden },
  { name: 'wildcards and $SYS', statements: ['4.7.2-1'], run: dollarTopics },
  { name: 'topics that look alike', statements: ['4.7.3-4', '1.5.3-3', '3.3.2-3'], run: sameText },
  { name: 'sessions of all kinds get a message', statements: ['4.5.0-1'], run: everySession },
  { name: 'PINGREQ', statements: ['3.12.4-1'], run: ping },
];
