// Wills of MQTT 5.
import { Buffer } from 'node:buffer';
import { type MqttWillMessage, noProperties } from '#libs/mqtt-codec';
import { mustBe, mustHold, type Script, type ScriptBed } from './script.js';

function willOf(topic: string, text: string, options: Partial<MqttWillMessage> = {}): MqttWillMessage {
  return { topic, payload: Buffer.from(text), qos: 1, retain: false, properties: noProperties, ...options };
}

async function published(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('#'), 2, { retainAsPublished: true });
  await bed.replayed(watcher);
  for (const qos of [0, 1, 2] as const) {
    const will = willOf(bed.topic('plain'), `at ${qos}`, { qos });
    (await bed.connect({ will })).cut();
    const message = await watcher.message();
    mustBe('the will', [message.payload.toString(), message.qos, message.retain], [`at ${qos}`, qos, false]);
  }
  (await bed.connect({ will: willOf(bed.topic('kept'), 'retained', { retain: true }) })).cut();
  mustBe('RETAIN of the will', (await watcher.message()).retain, true);
  const later = await bed.connect();
  await later.subscribe(bed.topic('+'));
  await watcher.publish(bed.topic('plain'), 'end');
  mustBe('what is retained', await later.texts(2), ['retained', 'end']);
}

async function discarded(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('will'));
  const connect = (text: string) =>
    bed.connect({ clientId: bed.clientId('device'), will: willOf(bed.topic('will'), text) });
  await (await connect('never')).disconnect(0);
  await (await connect('asked for')).disconnect(0x04);
  mustBe('the will of DISCONNECT 0x04', await watcher.texts(1), ['asked for']);
  // It was published: it is not once more.
  (await bed.connect({ clientId: bed.clientId('device') })).cut();
  (await connect('cut')).cut();
  mustBe('the next will', await watcher.texts(1), ['cut']);
  await watcher.publish(bed.topic('will'), 'end');
  mustBe('all wills', await watcher.texts(1), ['end']);
}

async function delayed(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('+'));
  const device = async (name: string, delaySeconds: number, expirySeconds: number, cleanStart = true) => {
    const properties = { willDelayIntervalSeconds: delaySeconds };
    return await bed.connect({
      ...{ clientId: bed.clientId(name), cleanStart, will: willOf(bed.topic('will'), name, { properties }) },
      properties: { sessionExpiryIntervalSeconds: expirySeconds },
    });
  };
  (await device('back', 1, 100)).cut();
  await device('back', 1, 100, false);
  const since = Date.now();
  (await device('short', 100, 1)).cut();
  (await device('late', 2, 100)).cut();
  mustBe('the will of the session that ended first', await watcher.texts(1), ['short']);
  mustHold('not before its session ended', Date.now() - since > 700);
  mustBe('the will that was delayed, and none of who came back', await watcher.texts(1), ['late']);
  mustHold('not before its delay was over', Date.now() - since > 1_700);
}

async function userProperties(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('will'));
  const pairs = [
    ['b', '1'],
    ['a', '2'],
    ['b', '3'],
    ['', ''],
    ['a', '1'],
  ] as const;
  (
    await bed.connect({ will: willOf(bed.topic('will'), 'x', { properties: { userProperties: pairs } }) })
  ).cut();
  mustBe('its user properties', (await watcher.message()).properties.userProperties, pairs);
}

export const willScripts5: readonly Script[] = [
  {
    name: 'the will of a connection that was cut, at its QoS, retained or not',
    statements: ['3.1.2-7', '3.1.2-8', '3.1.2-9', '3.1.2-14', '3.1.2-15'],
    run: published,
  },
  { name: 'wills and DISCONNECT', statements: ['3.1.2-10', '3.14.4-3', '3.1.2-8'], run: discarded },
  { name: 'wills with a delay', statements: ['3.1.2-8', '3.1.3-9'], run: delayed },
  { name: 'a will with user properties', statements: ['3.1.3-10'], run: userProperties },
];
