// Packets of all types, whole and damaged, in chunks of any size, against the gateway's own MQTT front: whatever comes is
// answered or ends its connection, and nothing of it stays.
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodePacket, type MqttPacket, type MqttProtocolLevel, noProperties } from '#libs/mqtt-codec';
import type { Log, LogFields } from '#libs/telemetry';
import { type MqttBed, mqttBed } from '../../libs/mqtt-gateway/src/testing/mqtt-bed.js';
import { connectPacket, type TestClient } from '../../libs/mqtt-gateway/src/testing/test-client.js';
import { RandomNumbers } from '../support/random-numbers.js';

const durationMs = Number(process.env.PULSEGATE_FUZZ_MS ?? 3_000);
const connectionsMax = 8;
/** Sent on one connection before another takes its place. */
const packetsPerConnection = 60;
/** Heap and buffers after the run over those before it. */
const grownBytesMax = 24 * 1024 * 1024;

const topics = ['a', 'a/b', '', '/', '//', '$SYS/x', '\u0000', 'é/ü', 'x'.repeat(3_000), 'a/'.repeat(500)];
const filters = [
  '#',
  '+',
  'a/#',
  'a/+/b',
  'a#',
  '+a',
  '$share/g/a',
  '$share//a',
  '$share/g/',
  '$SYS/#',
  ...topics,
];

function properties(random: RandomNumbers): object {
  const all = {
    payloadFormatIndicator: random.below(3),
    messageExpiryIntervalSeconds: random.of([0, 1, 0xffffffff]),
    contentType: 'text/plain',
    responseTopic: random.of(topics),
    correlationData: Buffer.alloc(random.below(100), 1),
    topicAlias: random.of([0, 1, 32, 33, 0xffff]),
    userProperties: [['k', 'v'] as const, ['k', ''] as const],
    sessionExpiryIntervalSeconds: random.of([0, 10, 0xffffffff]),
    receiveMaximum: random.of([0, 1, 0xffff]),
    maximumPacketSizeBytes: random.of([0, 1, 20, 0xffffffff]),
    willDelayIntervalSeconds: random.below(3),
    requestResponseInformation: true,
    subscriptionIdentifiers: [random.below(3)],
    authenticationMethod: 'SCRAM-SHA-256',
    authenticationData: Buffer.from('n,,n=alice,r=x'),
    reasonString: 'because',
  };
  return Object.fromEntries(Object.entries(all).filter(() => random.below(8) === 0));
}

function anyPacket(level: MqttProtocolLevel, random: RandomNumbers): object {
  const packetId = random.of([0, 1, 2, 3, 0xffff]);
  const of = level === 5 ? properties(random) : noProperties;
  const qos = random.of([0, 1, 2]);
  const payload = Buffer.alloc(random.of([0, 5, 200, 20_000]), 'p');
  const retain = random.below(3) === 0;
  const option = () => ({
    ...{ filter: random.of(filters), qos: random.of([0, 1, 2]), noLocal: random.below(2) === 0 },
    ...{ retainAsPublished: random.below(2) === 0, retainHandling: random.of([0, 1, 2]) },
  });
  const reasonCode = random.of([0, 0, 0x10, 0x80, 0x92, 0x97]);
  const publish = {
    ...{ type: 'publish', topic: random.of(topics), payload, qos, packetId, retain, properties: of },
    dup: random.below(2) === 0,
  };
  return random.of<object>([
    ...[publish, publish, publish],
    ...['puback', 'pubrec', 'pubrel', 'pubcomp'].map((type) => ({
      type,
      packetId,
      reasonCode,
      properties: of,
    })),
    {
      ...{ type: 'subscribe', packetId, properties: of },
      subscriptions: Array.from({ length: random.below(5) }, option),
    },
    { type: 'unsubscribe', packetId, filters: [random.of(filters)], properties: of },
    { type: 'pingreq' },
    { type: 'disconnect', reasonCode: random.of([0, 4, 0x82]), properties: of },
    { type: 'auth', reasonCode: random.of([0, 0x18, 0x19]), properties: of },
    anyConnect(level, random),
    { type: 'connack', sessionPresent: false, reasonCode, properties: of },
  ]);
}

function anyConnect(level: MqttProtocolLevel, random: RandomNumbers): object {
  const of = () => (level === 5 ? properties(random) : noProperties);
  const will = {
    ...{ topic: random.of(topics), payload: Buffer.from('w'), qos: random.of([0, 1, 2]), retain: false },
    properties: of(),
  };
  return connectPacket({
    ...{ protocolLevel: level, clientId: random.of(['', 'one', 'two', 'x'.repeat(300)]) },
    ...{ cleanStart: random.below(2) === 0, properties: of() },
    ...(random.below(3) === 0 && { will }),
  } as Parameters<typeof connectPacket>[0]);
}

/** What the encoder refuses is built of what it takes, by harm. */
function bytesOf(packet: object, level: MqttProtocolLevel, random: RandomNumbers): Buffer {
  try {
    return encodePacket(packet as MqttPacket, level);
  } catch {
    return Buffer.from([random.below(256), 3, random.below(256), random.below(256), random.below(256)]);
  }
}

/** Nothing at all mostly, so that connections get anywhere; else cut, flipped, blown up, removed, filled or doubled. */
function damaged(packet: Buffer, random: RandomNumbers): Buffer {
  let bytes = Buffer.from(packet);
  for (let harms = random.below(6) - 3; harms > 0 && bytes.length > 2; harms--) {
    const at = random.below(bytes.length);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const harm = random.below(6);
    if (harm === 0) bytes = Buffer.from(before);
    else if (harm === 1) bytes[at]! ^= 1 << random.below(8);
    else if (harm === 2) bytes = Buffer.concat([before, Buffer.from('ffffff7f', 'hex'), after]);
    else if (harm === 3) bytes = Buffer.concat([before, after.subarray(1 + random.below(8))]);
    else if (harm === 4) bytes.fill(0xff, at, Math.min(at + 5, bytes.length));
    else bytes = Buffer.concat([bytes, bytes.subarray(0, random.below(200))]);
  }
  return bytes;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heldBytes(): Promise<number> {
  // What ended in this turn is let go of in the next ones.
  for (let turn = 0; turn < 3; turn++) {
    await delay(20);
    collectGarbage();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('the MQTT front', () => {
  const seed = Number(process.env.PULSEGATE_FUZZ_SEED ?? Date.now() % 1_000_000);
  const random = new RandomNumbers(seed);
  let bed: MqttBed;
  const faults: { fields: LogFields; message: string }[] = [];
  const silent = () => {};
  const log = {
    ...{ debug: silent, info: silent, warn: silent },
    error: (fields: LogFields, message: string) => faults.push({ fields, message }),
  } as Log;
  let accepted = 0;

  beforeAll(async () => {
    bed = await mqttBed();
  });
  afterAll(() => bed?.close());

  /** Mostly a sound CONNECT; then whatever comes. */
  async function serveOne(): Promise<void> {
    const client = bed.open({ log });
    let over = false;
    void client.closed.then(() => (over = true));
    const level = random.of<MqttProtocolLevel>([3, 4, 5, 5]);
    client.level = level;
    const sound = connectPacket({
      protocolLevel: level,
      clientId: random.of(['one', 'two', 'three', 'four']),
    });
    const isSound = random.below(4) > 0;
    await sendInPieces(
      client,
      isSound ? encodePacket(sound, level) : bytesOf(anyConnect(level, random), level, random),
    );
    for (let sent = 0; sent < packetsPerConnection && !over; sent++) {
      await sendInPieces(client, damaged(bytesOf(anyPacket(level, random), level, random), random));
      if (sent === 3 && !over) accepted++;
    }
    client.cut();
    await client.closed;
  }

  async function sendInPieces(client: TestClient, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const length = random.below(3) === 0 ? 1 + random.below(bytes.length - at) : bytes.length - at;
      client.sendBytes(bytes.subarray(at, at + length));
      at += length;
      if (random.below(10) === 0) await delay(0);
    }
  }

  it(
    'answers or closes, whatever it is sent, and keeps nothing',
    async () => {
      await serveOne();
      const before = await heldBytes();
      const deadline = Date.now() + durationMs;
      let connections = 0;
      const serving = Array.from({ length: connectionsMax }, async () => {
        for (; Date.now() < deadline; connections++) await serveOne();
      });
      await Promise.all(serving);
      await bed.sessions.close();
      const { services, messages } = bed;
      const left = {
        ...{ seed, faults, connected: services.counters.sessionsConnected },
        ...{ kept: services.keepAlive.size, watched: services.watch.size, subscribers: messages.subscribers },
        open: services.metrics.tenant('mqtt', 'acme').connectionsOpen,
      };
      expect(left).toEqual({ seed, faults: [], connected: 0, kept: 0, watched: 0, subscribers: 0, open: 0 });
      expect(accepted).toBeGreaterThan(50);
      expect(connections).toBeGreaterThan(100);
      messages.published.length = 0;
      expect((await heldBytes()) - before).toBeLessThan(grownBytesMax);
    },
    durationMs + 50_000,
  );

  it('serves a client that behaves afterwards', async () => {
    const client = bed.open();
    const { reasonCode } = await client.connect({ clientId: 'after' });
    client.publish('after', 'all', 1, { packetId: 1 });
    const answer = await client.next('puback');
    expect([reasonCode, answer.packetId, answer.reasonCode]).toEqual([0, 1, 0]);
    client.cut();
    await client.closed;
  });
});
