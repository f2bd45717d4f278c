// PUBLISH of clients in MQTT 5: answers, properties, retained messages.
import { Buffer } from 'node:buffer';
import { encodePacket } from '#libs/mqtt-codec';
import { publishOf } from '../../support/mqtt-wire.js';
import { keepsApart, mustBe, mustHold, type Script, type ScriptBed } from './script.js';

async function atMostOnce(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(bed.topic('t'), 0);
  const before = wire.bytes.length;
  wire.send(publishOf(bed.topic('t'), 'text'));
  await wire.first('publish');
  const bytes = Buffer.concat(wire.bytes.slice(before)).toString('hex');
  mustBe(
    'PUBLISH without an answer',
    bytes,
    encodePacket(publishOf(bed.topic('t'), 'text'), 5).toString('hex'),
  );
}

async function atLeastOnce(bed: ScriptBed): Promise<void> {
  const subscriber = await bed.connect();
  await subscriber.subscribe(bed.topic('t'));
  const wire = await bed.connect();
  wire.send(publishOf(bed.topic('t'), 'first', { qos: 1, packetId: 700 }));
  mustBe('PUBACK', (await wire.next('puback')).packetId, 700);
  wire.send(publishOf(bed.topic('t'), 'again', { qos: 1, packetId: 700, dup: true }));
  mustBe('PUBACK', (await wire.next('puback')).packetId, 700);
  const messages = [await subscriber.message(), await subscriber.message()];
  mustBe(
    'both',
    messages.map(({ payload }) => payload.toString()),
    ['first', 'again'],
  );
  mustBe(
    'DUP',
    messages.map(({ dup }) => dup),
    [false, false],
  );
}

async function exactlyOnce(bed: ScriptBed): Promise<void> {
  const subscriber = await bed.connect();
  await subscriber.subscribe(bed.topic('t'), 2);
  const wire = await bed.connect();
  const send = (text: string, dup = false) =>
    wire.send(publishOf(bed.topic('t'), text, { qos: 2, packetId: 71, dup }));
  const answered = async (type: 'pubrec' | 'pubcomp') => {
    const { packetId, reasonCode } = await wire.next(type);
    mustBe(type, [packetId, reasonCode], [71, 0]);
  };
  send('one');
  await answered('pubrec');
  send('one', true);
  await answered('pubrec');
  wire.acknowledge('pubrel', 71);
  await answered('pubcomp');
  send('two');
  await answered('pubrec');
  wire.acknowledge('pubrel', 71);
  await answered('pubcomp');
  await wire.publish(bed.topic('t'), 'end', { packetId: 72 });
  mustBe('received', await subscriber.texts(3), ['one', 'two', 'end']);
  wire.acknowledge('pubrel', 99);
  const stray = await wire.next('pubcomp');
  mustBe('PUBCOMP for an unknown one', [stray.packetId, stray.reasonCode], [99, 0x92]);
}

async function refusedThenNew(bed: ScriptBed): Promise<void> {
  const subscriber = await bed.connect();
  await subscriber.subscribe(bed.topic('t'), 2);
  const wire = await bed.connect();
  mustBe('a forbidden topic', await wire.publish('denied/x', 'no', { qos: 2, packetId: 5 }), 0x87);
  mustBe('the same identifier', await wire.publish(bed.topic('t'), 'new', { qos: 2, packetId: 5 }), 0);
  mustBe('received', await subscriber.texts(1), ['new']);
}

async function expiredMeanwhile(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const properties = { messageExpiryIntervalSeconds: 1 };
  wire.send(publishOf(bed.topic('t'), 'x', { qos: 2, packetId: 3, properties }));
  mustBe('PUBREC', (await wire.next('pubrec')).reasonCode, 0);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  wire.acknowledge('pubrel', 3);
  const { packetId, reasonCode } = await wire.next('pubcomp');
  mustBe('PUBCOMP', [packetId, reasonCode], [3, 0]);
}

async function orderOfAnswers(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  const ids = Array.from({ length: 30 }, (_, index) => 100 - index);
  for (const [qos, type] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const) {
    wire.send(...ids.map((packetId) => publishOf(bed.topic(`${packetId % 3}/t`), 'x', { qos, packetId })));
    const answered: number[] = [];
    while (answered.length < ids.length) answered.push((await wire.next(type)).packetId);
    mustBe(type, answered, ids);
  }
}

async function orderOfMessages(bed: ScriptBed): Promise<void> {
  const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
  for (const qos of [0, 1, 2] as const) {
    const subscriber = await bed.connect();
    await subscriber.subscribe(bed.topic(`t${qos}`), qos);
    const publisher = await bed.connect();
    const sent = texts.map((text, index) =>
      publishOf(bed.topic(`t${qos}`), text, { qos, packetId: qos && index + 1 }),
    );
    publisher.send(...sent);
    const received = await subscriber.take('publish', texts.length);
    mustBe(
      `QoS ${qos}`,
      received.map(({ payload }) => payload.toString()),
      texts,
    );
  }
}

async function properties(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(bed.topic('t'));
  const userProperties = [
    ['z', '1'],
    ['a', '\ufeff2'],
    ['z', '1'],
    ['', ''],
    ['k'.repeat(300), 'ü'],
  ] as const;
  const sent = {
    ...{
      payloadFormatIndicator: 1 as const,
      contentType: 'text/plain; charset=utf-8',
      responseTopic: 'answers/ä//x',
    },
    ...{ correlationData: Buffer.from([0, 1, 0xff, 0]), userProperties },
  };
  await wire.publish(bed.topic('t'), 'text', { properties: { ...sent, messageExpiryIntervalSeconds: 500 } });
  const { properties: got } = await wire.message();
  const { messageExpiryIntervalSeconds: left = 0, correlationData, ...others } = got;
  const { correlationData: expected, ...rest } = sent;
  mustBe('correlation data', correlationData?.toString('hex'), expected.toString('hex'));
  for (const [name, value] of Object.entries(rest)) mustBe(name, others[name as keyof typeof others], value);
  mustHold(`an expiry of ${left}`, left > 400 && left <= 500);
  await wire.publish(bed.topic('t'), 'binary', {
    properties: { payloadFormatIndicator: 0, correlationData: Buffer.alloc(0) },
  });
  const second = (await wire.message()).properties;
  mustBe('payload format indicator', second.payloadFormatIndicator, 0);
  mustBe('empty correlation data', second.correlationData?.length, 0);
  mustBe('no expiry', second.messageExpiryIntervalSeconds, undefined);
}

async function expiry(bed: ScriptBed): Promise<void> {
  const device = { clientId: bed.clientId('device'), properties: { sessionExpiryIntervalSeconds: 100 } };
  const before = await bed.connect(device);
  await before.subscribe(bed.topic('t'));
  await before.disconnect();
  const publisher = await bed.connect();
  const publish = (text: string, messageExpiryIntervalSeconds: number) =>
    publisher.publish(bed.topic('t'), text, { properties: { messageExpiryIntervalSeconds } });
  await publish('gone', 1);
  await publish('there', 100);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  const back = await bed.connect({ ...device, cleanStart: false });
  const { payload, properties: got } = await back.message();
  mustBe('received', payload.toString(), 'there');
  const left = got.messageExpiryIntervalSeconds ?? 0;
  mustHold(`98 s are left, not ${left}`, left <= 98 && left > 80);
}

async function aliases(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('aliases');
  const wire = await bed.open();
  const maximum = (await wire.connect({ clientId })).properties.topicAliasMaximum ?? 0;
  await wire.subscribe(bed.topic('#'));
  const numbers = Array.from({ length: maximum }, (_, index) => index + 1);
  const publish = (topic: string, topicAlias: number) =>
    publishOf(topic, 'x', { properties: { topicAlias } });
  wire.send(
    ...numbers.map((each) => publish(bed.topic(`${each}`), each)),
    ...numbers.map((each) => publish('', each)),
  );
  const topics = [...numbers, ...numbers].map((each) => bed.topic(`${each}`));
  const received = await wire.take('publish', topics.length);
  mustBe('topics', received.map(({ topic }) => topic).sort(), [...topics].sort());
  wire.send(publish(bed.topic('other'), 1), publish('', 1));
  mustBe(
    'another topic',
    [(await wire.message()).topic, (await wire.message()).topic],
    Array(2).fill(bed.topic('other')),
  );
  const again = await bed.connect({ clientId });
  again.send(publish('', 1));
  mustHold(
    'an alias of the connection before is refused',
    [0x82, 0x94].includes((await again.refusal()) ?? 0),
  );
}

async function byteOrderMark(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe([bed.topic('\ufeffx'), bed.topic('end')]);
  await wire.publish(bed.topic('x'), 'without');
  await wire.publish(bed.topic('\ufeffx'), 'with');
  const { topic, payload } = await wire.message();
  mustBe('the topic', [topic, payload.toString()], [bed.topic('\ufeffx'), 'with']);
}

async function noNormalization(bed: ScriptBed): Promise<void> {
  await keepsApart(bed, [
    ['\u00e9', 'e\u0301'],
    ['a//b', 'a/b'],
    ['Case', 'case'],
    ['s/', 's'],
    ['%41', 'A'],
    ['../p', 'p'],
    ['a b', 'a%20b'],
  ]);
}

export const publishScripts5: readonly Script[] = [
  { name: 'QoS 0', statements: ['2.2.1-2', '3.3.4-1', '4.3.1-1', '3.3.1-2', '2.2.2-1'], run: atMostOnce },
  {
    name: 'QoS 1, and the packet identifier once more',
    statements: ['2.2.1-5', '3.3.1-3', '3.3.4-1', '3.4.2-1', '4.3.2-2', '4.3.2-4', '4.3.2-5'],
    run: atLeastOnce,
  },
  {
    name: 'QoS 2, with PUBLISH sent twice, and the packet identifier once more',
    statements: ['2.2.1-5', '3.3.4-1', '3.5.2-1', '3.7.2-1', '4.3.3-8', '4.3.3-10', '4.3.3-11', '4.3.3-12'],
    run: exactlyOnce,
  },
  { name: 'a packet identifier after PUBREC 0x87', statements: ['4.3.3-9'], run: refusedThenNew },
  { name: 'QoS 2 that expires before PUBREL', statements: ['4.3.3-13'], run: expiredMeanwhile },
  { name: 'order of PUBACK and PUBREC', statements: ['4.6.0-2', '4.6.0-3'], run: orderOfAnswers },
  { name: 'order of messages at each QoS', statements: ['4.6.0-5', '4.6.0-6'], run: orderOfMessages },
  {
    name: 'properties of a message',
    statements: ['3.3.2-4', '3.3.2-6', '3.3.2-15', '3.3.2-16', '3.3.2-17', '3.3.2-18', '3.3.2-20', '1.5.4-3'],
    run: properties,
  },
  { name: 'message expiry while a session is away', statements: ['3.3.2-5', '3.3.2-6'], run: expiry },
  { name: 'topic aliases of the client', statements: ['3.3.2-7', '3.3.2-12'], run: aliases },
  { name: 'U+FEFF in a topic', statements: ['1.5.4-3', '4.7.3-4'], run: byteOrderMark },
  { name: 'topics that look alike', statements: ['4.7.3-4', '3.3.2-3'], run: noNormalization },
];
