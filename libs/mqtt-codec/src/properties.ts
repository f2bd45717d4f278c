import type { Buffer } from 'node:buffer';
import { MqttDecodeError, MqttEncodeError, malformed, protocolError } from './mqtt-codec.errors.js';
import type { MqttReader } from './mqtt-reader.js';
import {
  binaryBytes,
  checkInteger,
  type MqttWriter,
  REMAINING_LENGTH_MAX,
  stringBytes,
  variableByteIntegerBytes,
} from './mqtt-writer.js';
import { topicNameFault } from './topic-syntax.js';

/** Who has properties: the packets of MQTT 5, and the will inside CONNECT. */
export type PropertyOwner =
  | 'connect'
  | 'will'
  | 'connack'
  | 'publish'
  | 'puback'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'subscribe'
  | 'suback'
  | 'unsubscribe'
  | 'unsuback'
  | 'disconnect'
  | 'auth';

interface PropertyTypes {
  /** 0 or 1. */
  boolean: boolean;
  byte: 0 | 1;
  uint16: number;
  uint32: number;
  /** Variable byte integers: the one property that may be repeated and is no pair. */
  identifiers: readonly number[];
  string: string;
  /** Decoded: a view of the bytes that were received. */
  binary: Buffer;
  /** In the order of the packet, repeated names too [MQTT-3.3.2-18]. */
  pairs: readonly (readonly [string, string])[];
}

interface PropertyDefinition {
  readonly id: number;
  readonly type: keyof PropertyTypes;
  readonly in: readonly PropertyOwner[];
  /** Numbers: the smallest value; 0 is refused where it is 1. */
  readonly min?: 1;
}

const messageOwners = ['publish', 'will'] as const;
const reasonOwners = [
  ...(['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback'] as const),
  ...(['disconnect', 'auth'] as const),
] as const;
const allOwners = [
  ...(['connect', 'will', 'publish', 'subscribe', 'unsubscribe'] as const),
  ...reasonOwners,
] as const;
const handshake = ['connect', 'connack'] as const;

/** All properties of MQTT 5 (section 2.2.2.2, table 2-4): the one place that says what they are and where they may stand. */
export const mqttPropertyTable = {
  payloadFormatIndicator: { id: 0x01, type: 'byte', in: messageOwners },
  messageExpiryIntervalSeconds: { id: 0x02, type: 'uint32', in: messageOwners },
  contentType: { id: 0x03, type: 'string', in: messageOwners },
  responseTopic: { id: 0x08, type: 'string', in: messageOwners },
  correlationData: { id: 0x09, type: 'binary', in: messageOwners },
  subscriptionIdentifiers: { id: 0x0b, type: 'identifiers', in: ['publish', 'subscribe'] },
  sessionExpiryIntervalSeconds: { id: 0x11, type: 'uint32', in: ['connect', 'connack', 'disconnect'] },
  assignedClientIdentifier: { id: 0x12, type: 'string', in: ['connack'] },
  serverKeepAliveSeconds: { id: 0x13, type: 'uint16', in: ['connack'] },
  authenticationMethod: { id: 0x15, type: 'string', in: ['connect', 'connack', 'auth'] },
  authenticationData: { id: 0x16, type: 'binary', in: ['connect', 'connack', 'auth'] },
  requestProblemInformation: { id: 0x17, type: 'boolean', in: ['connect'] },
  willDelayIntervalSeconds: { id: 0x18, type: 'uint32', in: ['will'] },
  requestResponseInformation: { id: 0x19, type: 'boolean', in: ['connect'] },
  responseInformation: { id: 0x1a, type: 'string', in: ['connack'] },
  serverReference: { id: 0x1c, type: 'string', in: ['connack', 'disconnect'] },
  reasonString: { id: 0x1f, type: 'string', in: reasonOwners },
  receiveMaximum: { id: 0x21, type: 'uint16', in: handshake, min: 1 },
  topicAliasMaximum: { id: 0x22, type: 'uint16', in: handshake },
  topicAlias: { id: 0x23, type: 'uint16', in: ['publish'], min: 1 },
  maximumQos: { id: 0x24, type: 'byte', in: ['connack'] },
  retainAvailable: { id: 0x25, type: 'boolean', in: ['connack'] },
  userProperties: { id: 0x26, type: 'pairs', in: allOwners },
  maximumPacketSizeBytes: { id: 0x27, type: 'uint32', in: handshake, min: 1 },
  wildcardSubscriptionAvailable: { id: 0x28, type: 'boolean', in: ['connack'] },
  subscriptionIdentifierAvailable: { id: 0x29, type: 'boolean', in: ['connack'] },
  sharedSubscriptionAvailable: { id: 0x2a, type: 'boolean', in: ['connack'] },
} as const satisfies Record<string, PropertyDefinition>;

type Table = typeof mqttPropertyTable;
export type MqttPropertyName = keyof Table;

/** The properties that one kind of packet may have; absent ones are undefined, and none is ever null. */
export type MqttPropertiesOf<O extends PropertyOwner> = {
  readonly [N in MqttPropertyName as O extends Table[N]['in'][number]
    ? N
    : never]?: PropertyTypes[Table[N]['type']];
};

interface NamedProperty extends PropertyDefinition {
  readonly name: MqttPropertyName;
  /** Bit n: owner n of {@link ownerBits}. */
  readonly owners: number;
}

const ownerBits = Object.fromEntries(allOwners.map((owner, bit) => [owner, 1 << bit])) as Record<
  PropertyOwner,
  number
>;
const byName: Readonly<Record<string, NamedProperty>> = Object.fromEntries(
  Object.entries(mqttPropertyTable as Record<string, PropertyDefinition>).map(([name, definition]) => {
    const owners = definition.in.reduce((bits, owner) => bits | ownerBits[owner], 0);
    return [name, { ...definition, name: name as MqttPropertyName, owners }];
  }),
);
const byId: (NamedProperty | undefined)[] = [];
for (const property of Object.values(byName)) byId[property.id] = property;

/** What packets without properties have, and all packets before MQTT 5. */
export const noProperties: Readonly<Record<string, never>> = Object.freeze({});

type PropertyBag = Record<string, unknown>;

/**
 * Reads the property length and the properties.
 *
 * @throws MqttDecodeError `malformed-packet` for a property that does not exist or not in this packet (section 2.2.2.2),
 * `protocol-error` for one that is repeated or has a value that it may not have
 */
export function decodeProperties<O extends PropertyOwner>(reader: MqttReader, owner: O): MqttPropertiesOf<O> {
  const length = reader.readVariableByteInteger();
  if (length === 0) return noProperties as MqttPropertiesOf<O>;
  const packetEnd = reader.end;
  if (length > reader.remaining) throw malformed('MQTT-2.2.2', 'properties longer than their packet');
  reader.end = reader.offset + length;
  const properties: PropertyBag = {};
  while (reader.remaining > 0) {
    const property = byId[reader.readVariableByteInteger()];
    if (property === undefined || (property.owners & ownerBits[owner]) === 0) {
      throw malformed('MQTT-2.2.2.2', `property that does not exist in ${owner.toUpperCase()}`);
    }
    decodeValue(reader, property, owner, properties);
  }
  reader.end = packetEnd;
  return properties as MqttPropertiesOf<O>;
}

function decodeValue(
  reader: MqttReader,
  property: NamedProperty,
  owner: PropertyOwner,
  properties: PropertyBag,
): void {
  const { name, type } = property;
  const before = properties[name];
  if (type === 'pairs') {
    reader.countElement();
    const pair = [reader.readString(), reader.readString()] as const;
    if (before === undefined) properties[name] = [pair];
    else (before as (readonly [string, string])[]).push(pair);
    return;
  }
  const mayRepeat = type === 'identifiers' && owner === 'publish';
  if (before !== undefined && !mayRepeat) throw protocolError('MQTT-2.2.2.2', `${name} given twice`);
  if (type === 'identifiers') {
    reader.countElement();
    const id = reader.readVariableByteInteger();
    if (id === 0) throw protocolError('MQTT-3.8.2.1.2', 'subscription identifier 0');
    if (before === undefined) properties[name] = [id];
    else (before as number[]).push(id);
    return;
  }
  properties[name] = decodeScalar(reader, property);
}

function decodeScalar(reader: MqttReader, property: NamedProperty): unknown {
  switch (property.type) {
    case 'string':
      return decodeText(reader, property.name);
    case 'binary':
      return reader.readBinary();
    case 'uint16':
      return checkNotZero(reader.readUint16(), property);
    case 'uint32':
      return checkNotZero(reader.readUint32(), property);
    default: {
      const value = reader.readByte();
      if (value > 1) throw protocolError('MQTT-2.2.2.2', `${property.name} that is neither 0 nor 1`);
      return property.type === 'boolean' ? value === 1 : value;
    }
  }
}

function decodeText(reader: MqttReader, name: MqttPropertyName): string {
  const text = reader.readString();
  if (name === 'responseTopic' && topicNameFault(text)) {
    throw protocolError('MQTT-3.3.2-14', 'response topic that is no topic name');
  }
  return text;
}

function checkNotZero(value: number, { name, min }: NamedProperty): number {
  if (value !== 0 || min === undefined) return value;
  if (name === 'topicAlias') {
    throw new MqttDecodeError('topic-alias-invalid', 'MQTT-3.3.2-8', 'topic alias 0');
  }
  throw protocolError(name === 'receiveMaximum' ? 'MQTT-3.1.2.11.3' : 'MQTT-3.1.2.11.4', `${name} that is 0`);
}

/** Bytes of the properties without the property length in front, after they were checked: {@link writeProperties} trusts. */
export function propertiesBytes(properties: object, owner: PropertyOwner): number {
  if (properties === noProperties) return 0;
  let bytes = 0;
  for (const name in properties) {
    const value = (properties as PropertyBag)[name];
    if (value === undefined) continue;
    const property = byName[name];
    if (property === undefined || (property.owners & ownerBits[owner]) === 0) {
      throw new MqttEncodeError('not-in-packet', `${owner.toUpperCase()} has no property ${name}`);
    }
    bytes += valueBytes(property, value, owner);
  }
  return bytes;
}

function valueBytes({ name, type, min }: NamedProperty, value: unknown, owner: PropertyOwner): number {
  switch (type) {
    case 'boolean':
      return 2;
    case 'byte':
      checkInteger(value as number, 0, 1, name);
      return 2;
    case 'uint16':
      checkInteger(value as number, min ?? 0, 0xffff, name);
      return 3;
    case 'uint32':
      checkInteger(value as number, min ?? 0, 0xffffffff, name);
      return 5;
    case 'string':
      return 1 + stringBytes(value as string);
    case 'binary':
      return 1 + binaryBytes(value as Uint8Array);
    case 'identifiers':
      return identifiersBytes(value as readonly number[], owner);
    case 'pairs': {
      let bytes = 0;
      for (const [key, text] of value as PropertyTypes['pairs'])
        bytes += 1 + stringBytes(key) + stringBytes(text);
      return bytes;
    }
  }
}

function identifiersBytes(ids: readonly number[], owner: PropertyOwner): number {
  if (owner === 'subscribe') checkInteger(ids.length, 0, 1, 'number of subscription identifiers');
  let bytes = 0;
  for (const id of ids) {
    bytes +=
      1 + variableByteIntegerBytes(checkInteger(id, 1, REMAINING_LENGTH_MAX, 'subscription identifier'));
  }
  return bytes;
}

/** With the property length in front: what {@link propertiesBytes} said. */
export function writeProperties(writer: MqttWriter, properties: object, bytes: number): void {
  writer.writeVariableByteInteger(bytes);
  if (bytes === 0) return;
  for (const name in properties) {
    const value = (properties as PropertyBag)[name];
    if (value !== undefined) writeValue(writer, byName[name]!, value);
  }
}

function writeValue(writer: MqttWriter, { id, type }: NamedProperty, value: unknown): void {
  if (type === 'pairs') {
    for (const [key, text] of value as PropertyTypes['pairs']) {
      writer.writeByte(id);
      writer.writeString(key);
      writer.writeString(text);
    }
    return;
  }
  if (type === 'identifiers') {
    for (const each of value as readonly number[]) {
      writer.writeByte(id);
      writer.writeVariableByteInteger(each);
    }
    return;
  }
  writer.writeByte(id);
  if (type === 'string') writer.writeString(value as string);
  else if (type === 'binary') writer.writeBinary(value as Uint8Array);
  else if (type === 'uint16') writer.writeUint16(value as number);
  else if (type === 'uint32') writer.writeUint32(value as number);
  else writer.writeByte(Number(value));
}
