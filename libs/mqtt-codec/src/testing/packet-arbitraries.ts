// Valid packets of all kinds, for property tests: what is generated here must survive encode and decode unchanged.
import { Buffer } from 'node:buffer';
import fc, { type Arbitrary } from 'fast-check';
import {
  type MqttPacket,
  type MqttPropertyName,
  type MqttProtocolLevel,
  type MqttSender,
  mqttPropertyTable,
  noProperties,
  type PropertyOwner,
} from '../index.js';

const text = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 80 }))
  .map((value) => value.replaceAll('\0', '0'));
const level = text.map((value) => value.replaceAll(/[+#/]/g, '-'));
const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/') || 't');
const plainFilter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/') || '+');
const sharedFilter = fc
  .tuple(fc.stringMatching(/^[a-z]{1,9}$/), plainFilter)
  .map(([name, filter]) => `$share/${name}/${filter}`);
const filter = fc.oneof({ weight: 4, arbitrary: plainFilter }, sharedFilter);
const binary = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const packetId = fc.integer({ min: 1, max: 0xffff });
const qos = fc.constantFrom(0, 1, 2);
const varint = fc.oneof(...[0x7f, 0x3fff, 0x1fffff, 0xfffffff].map((max) => fc.integer({ min: 1, max })));

function propertyValue(name: MqttPropertyName, owner: PropertyOwner): Arbitrary<unknown> {
  if (name === 'responseTopic') return topic;
  const definition: { type: string; min?: number } = mqttPropertyTable[name];
  const min = definition.min ?? 0;
  switch (definition.type) {
    case 'boolean':
      return fc.boolean();
    case 'byte':
      return fc.constantFrom(0, 1);
    case 'uint16':
      return fc.integer({ min, max: 0xffff });
    case 'uint32':
      return fc.integer({ min, max: 0xffffffff });
    case 'identifiers':
      return fc.array(varint, { minLength: 1, maxLength: owner === 'publish' ? 4 : 1 });
    case 'string':
      return text;
    case 'binary':
      return binary;
    default:
      return fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 });
  }
}

/** Any properties that the packet may have; `required` ones always. */
function properties(
  of: MqttProtocolLevel,
  owner: PropertyOwner,
  without: MqttPropertyName[] = [],
  required: MqttPropertyName[] = [],
): Arbitrary<object> {
  if (of < 5) return fc.constant(noProperties);
  const names = (Object.keys(mqttPropertyTable) as MqttPropertyName[]).filter(
    (name) =>
      (mqttPropertyTable[name].in as readonly PropertyOwner[]).includes(owner) && !without.includes(name),
  );
  const model = Object.fromEntries(names.map((name) => [name, propertyValue(name, owner)]));
  return fc.record(model, { requiredKeys: required });
}

function record(type: string, model: Record<string, Arbitrary<unknown>>): Arbitrary<MqttPacket> {
  return fc.record({ type: fc.constant(type), ...model }) as unknown as Arbitrary<MqttPacket>;
}

function connect(of: MqttProtocolLevel): Arbitrary<MqttPacket> {
  const will = fc.record({
    ...{ topic, payload: binary, qos, retain: fc.boolean() },
    properties: properties(of, 'will'),
  });
  const model = {
    protocolLevel: fc.constant(of),
    cleanStart: fc.boolean(),
    keepAliveSeconds: fc.integer({ min: 0, max: 0xffff }),
    clientId: of === 5 ? text : text.map((id) => id || 'c'),
    will: fc.option(will, { nil: undefined }),
    userName: fc.option(text, { nil: undefined }),
    password: fc.option(binary, { nil: undefined }),
    properties: properties(of, 'connect', [], ['authenticationMethod']),
  };
  return record('connect', model).map((packet) => {
    const lonely = of < 5 && packet.type === 'connect' && packet.userName === undefined;
    return lonely ? ({ ...packet, password: undefined } as MqttPacket) : packet;
  });
}

function publish(of: MqttProtocolLevel, sender: MqttSender): Arbitrary<MqttPacket> {
  const model = {
    ...{ topic, payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    ...{ qos, retain: fc.boolean(), dup: fc.boolean(), packetId },
    properties: properties(of, 'publish', sender === 'client' ? ['subscriptionIdentifiers'] : []),
  };
  return record('publish', model).map((packet) =>
    packet.type === 'publish' && packet.qos === 0 ? { ...packet, dup: false, packetId: 0 } : packet,
  );
}

function acknowledgements(of: MqttProtocolLevel): Arbitrary<MqttPacket>[] {
  const publishCodes = [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
  const codes = { puback: publishCodes, pubrec: publishCodes, pubrel: [0, 0x92], pubcomp: [0, 0x92] };
  return Object.entries(codes).map(([type, allowed]) =>
    record(type, {
      packetId,
      reasonCode: of === 5 ? fc.constantFrom(...allowed) : fc.constant(0),
      properties: properties(of, type as PropertyOwner),
    }),
  );
}

function subscribe(of: MqttProtocolLevel): Arbitrary<MqttPacket> {
  const flag = of === 5 ? fc.boolean() : fc.constant(false);
  const subscription = fc
    .record({
      ...{ filter, qos, noLocal: flag, retainAsPublished: flag },
      retainHandling: of === 5 ? fc.constantFrom(0, 1, 2) : fc.constant(0),
    })
    .map((each) => (each.filter.startsWith('$share/') ? { ...each, noLocal: false } : each));
  return record('subscribe', {
    packetId,
    subscriptions: fc.array(subscription, { minLength: 1, maxLength: 4 }),
    properties: properties(of, 'subscribe'),
  });
}

function disconnect(of: MqttProtocolLevel, sender: MqttSender): Arbitrary<MqttPacket> {
  const codes = sender === 'client' ? [0, 4, 0x80, 0x93, 0x99] : [0, 0x81, 0x8b, 0x8e, 0x9d, 0xa2];
  return record('disconnect', {
    reasonCode: of === 5 ? fc.constantFrom(...codes) : fc.constant(0),
    properties: properties(of, 'disconnect', [
      sender === 'client' ? 'serverReference' : 'sessionExpiryIntervalSeconds',
    ]),
  });
}

function auth(of: MqttProtocolLevel, sender: MqttSender): Arbitrary<MqttPacket> {
  return record('auth', {
    reasonCode: fc.constantFrom(...(sender === 'client' ? [0x18, 0x19] : [0, 0x18])),
    properties: properties(of, 'auth', [], ['authenticationMethod']),
  });
}

function clientPackets(of: MqttProtocolLevel): Arbitrary<MqttPacket>[] {
  const unsubscribe = {
    packetId,
    filters: fc.array(filter, { minLength: 1, maxLength: 4 }),
    properties: properties(of, 'unsubscribe'),
  };
  return [
    ...[connect(of), subscribe(of), record('unsubscribe', unsubscribe), record('pingreq', {})],
    disconnect(of, 'client'),
  ];
}

function serverPackets(of: MqttProtocolLevel): Arbitrary<MqttPacket>[] {
  const connackCode = of === 5 ? fc.constantFrom(0, 0x80, 0x84, 0x9f) : fc.integer({ min: 0, max: 5 });
  const connack = record('connack', {
    ...{ sessionPresent: fc.boolean(), reasonCode: connackCode },
    properties: properties(of, 'connack'),
  }).map((packet) =>
    packet.type === 'connack' && (of === 3 || packet.reasonCode !== 0)
      ? { ...packet, sessionPresent: false }
      : packet,
  );
  const codes = (allowed: number[]) => fc.array(fc.constantFrom(...allowed), { minLength: 1, maxLength: 5 });
  const suback = {
    ...{ packetId, reasonCodes: codes(of === 5 ? [0, 1, 2, 0x80, 0x87, 0xa2] : [0, 1, 2, 0x80]) },
    properties: properties(of, 'suback'),
  };
  const unsuback = {
    ...{ packetId, reasonCodes: of === 5 ? codes([0, 0x11, 0x91]) : fc.constant([]) },
    properties: properties(of, 'unsuback'),
  };
  return [
    ...[connack, record('suback', suback), record('unsuback', unsuback), record('pingresp', {})],
    ...(of === 5 ? [disconnect(of, 'server')] : []),
  ];
}

/** Every kind of packet that this side may send at this level, as decoding gives it. */
export function packetArbitrary(of: MqttProtocolLevel, sender: MqttSender): Arbitrary<MqttPacket> {
  return fc.oneof(
    ...(sender === 'client' ? clientPackets(of) : serverPackets(of)),
    publish(of, sender),
    ...acknowledgements(of),
    ...(of === 5 ? [auth(of, sender)] : []),
  );
}
