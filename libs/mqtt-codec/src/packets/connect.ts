import type { Buffer } from 'node:buffer';
import { MqttDecodeError, MqttEncodeError, malformed, protocolError } from '../mqtt-codec.errors.js';
import type { MqttReader } from '../mqtt-reader.js';
import {
  binaryBytes,
  checkInteger,
  MqttWriter,
  stringBytes,
  variableByteIntegerBytes,
} from '../mqtt-writer.js';
import {
  decodeProperties,
  type MqttPropertiesOf,
  noProperties,
  propertiesBytes,
  writeProperties,
} from '../properties.js';
import { answerLevel, type MqttProtocolLevel, type MqttQos } from '../protocol-level.js';

const USER_NAME = 0x80;
const PASSWORD = 0x40;
const WILL_RETAIN = 0x20;
const WILL_QOS_SHIFT = 3;
const WILL = 0x04;
const CLEAN_START = 0x02;
const RESERVED = 0x01;

export interface MqttWillMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: MqttQos;
  readonly retain: boolean;
  readonly properties: MqttPropertiesOf<'will'>;
}

export interface ConnectPacket {
  readonly type: 'connect';
  readonly protocolLevel: MqttProtocolLevel;
  /** Clean Session before MQTT 5. */
  readonly cleanStart: boolean;
  /** 0: no keep alive. */
  readonly keepAliveSeconds: number;
  /** Empty: the server assigns one. */
  readonly clientId: string;
  readonly will?: MqttWillMessage;
  readonly userName?: string;
  /** Binary at all levels. */
  readonly password?: Buffer;
  readonly properties: MqttPropertiesOf<'connect'>;
}

/**
 * Section 3.1. Sets the reader's level.
 *
 * @param onLevel called when it is set, before what depends on it is read
 */
export function decodeConnect(reader: MqttReader, onLevel: () => void): ConnectPacket {
  const protocolLevel = decodeProtocol(reader);
  reader.level = protocolLevel;
  onLevel();
  const flags = reader.readByte();
  checkFlags(flags, protocolLevel);
  const keepAliveSeconds = reader.readUint16();
  const properties = protocolLevel === 5 ? decodeProperties(reader, 'connect') : noProperties;
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('MQTT-3.1.2.11.10', 'authentication data without a method');
  }
  const clientId = reader.readString();
  const cleanStart = (flags & CLEAN_START) !== 0;
  checkClientId(clientId, cleanStart, protocolLevel);
  const will = (flags & WILL) === 0 ? undefined : decodeWill(reader, flags);
  const hasUserName = (flags & USER_NAME) !== 0 && !isLeftOut(reader);
  const userName = hasUserName ? reader.readString() : undefined;
  const hasPassword = (flags & PASSWORD) !== 0 && !isLeftOut(reader);
  const password = hasPassword ? reader.readBinary() : undefined;
  reader.expectEnd();
  return {
    ...{ type: 'connect', protocolLevel, cleanStart, keepAliveSeconds, clientId },
    ...{ will, userName, password, properties },
  };
}

/** Name and level belong together: MQIsdp is 3, MQTT is 4 and 5. */
function decodeProtocol(reader: MqttReader): MqttProtocolLevel {
  const name = reader.readString();
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    throw new MqttDecodeError(
      'unsupported-protocol-version',
      'MQTT-3.1.2-1',
      'protocol name that is not MQTT',
    );
  }
  const level = reader.readByte();
  if (name === 'MQIsdp' ? level === 3 : level === 4 || level === 5) return level as MqttProtocolLevel;
  const error = new MqttDecodeError(
    'unsupported-protocol-version',
    'MQTT-3.1.2-2',
    `protocol level ${level} of ${name}`,
  );
  error.protocolLevel = answerLevel(level);
  throw error;
}

function checkFlags(flags: number, level: MqttProtocolLevel): void {
  // MQTT 3.1 does not use this bit.
  if ((flags & RESERVED) !== 0 && level > 3) throw malformed('MQTT-3.1.2-3', 'reserved flag of CONNECT');
  const willQos = (flags >> WILL_QOS_SHIFT) & 3;
  if ((flags & WILL) === 0) {
    if (willQos !== 0) throw malformed('MQTT-3.1.2-13', 'will QoS without a will');
    if ((flags & WILL_RETAIN) !== 0) throw malformed('MQTT-3.1.2-15', 'will retain without a will');
  }
  if (willQos === 3) throw malformed('MQTT-3.1.2-14', 'will QoS 3');
  if (level < 5 && (flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0) {
    throw malformed('MQTT-3.1.2-22 of 3.1.1', 'password without a user name');
  }
}

/** Longer ones than the 23 characters of MQTT 3.1 are accepted, as by every server: 3.1.1 allows them (section 3.1.3.1). */
function checkClientId(clientId: string, cleanStart: boolean, level: MqttProtocolLevel): void {
  if (clientId !== '' || level === 5 || (level === 4 && cleanStart)) return;
  throw new MqttDecodeError(
    'client-identifier-not-valid',
    level === 4 ? 'MQTT-3.1.3-8 of 3.1.1' : 'MQTT 3.1, CONNECT',
    'client identifier without a character',
  );
}

/** MQTT 3.1: the flag may be set and the field missing; the remaining length decides. */
function isLeftOut(reader: MqttReader): boolean {
  return reader.level === 3 && reader.remaining === 0;
}

function decodeWill(reader: MqttReader, flags: number): MqttWillMessage {
  const properties = reader.level === 5 ? decodeProperties(reader, 'will') : noProperties;
  const topic = reader.readTopicName();
  if (topic === '') {
    throw new MqttDecodeError('topic-name-invalid', 'MQTT-4.7.3-1', 'will topic without a character');
  }
  const payload = reader.readBinary();
  const qos = ((flags >> WILL_QOS_SHIFT) & 3) as MqttQos;
  return { topic, payload, qos, retain: (flags & WILL_RETAIN) !== 0, properties };
}

/** At the level that the packet names. */
export function encodeConnect(packet: ConnectPacket): Buffer {
  const { protocolLevel, will, userName, password } = packet;
  if (protocolLevel < 5 && password !== undefined && userName === undefined) {
    throw new MqttEncodeError('invalid-value', 'password without a user name');
  }
  checkInteger(packet.keepAliveSeconds, 0, 0xffff, 'keep alive');
  const isLevel5 = protocolLevel === 5;
  const name = protocolLevel === 3 ? 'MQIsdp' : 'MQTT';
  const ownBytes = isLevel5 ? propertiesBytes(packet.properties, 'connect') : 0;
  const willBytes = isLevel5 && will ? propertiesBytes(will.properties, 'will') : 0;
  let length = 2 + name.length + 4 + stringBytes(packet.clientId);
  if (isLevel5) length += variableByteIntegerBytes(ownBytes) + ownBytes;
  if (will) {
    if (isLevel5) length += variableByteIntegerBytes(willBytes) + willBytes;
    length += stringBytes(will.topic) + binaryBytes(will.payload);
  }
  if (userName !== undefined) length += stringBytes(userName);
  if (password !== undefined) length += binaryBytes(password);
  const writer = new MqttWriter(0x10, length);
  writer.writeString(name);
  writer.writeByte(protocolLevel);
  writer.writeByte(flagsOf(packet));
  writer.writeUint16(packet.keepAliveSeconds);
  if (isLevel5) writeProperties(writer, packet.properties, ownBytes);
  writer.writeString(packet.clientId);
  if (will) {
    if (isLevel5) writeProperties(writer, will.properties, willBytes);
    writer.writeString(will.topic);
    writer.writeBinary(will.payload);
  }
  if (userName !== undefined) writer.writeString(userName);
  if (password !== undefined) writer.writeBinary(password);
  return writer.finish();
}

function flagsOf({ cleanStart, will, userName, password }: ConnectPacket): number {
  let flags = cleanStart ? CLEAN_START : 0;
  if (will) {
    checkInteger(will.qos, 0, 2, 'will QoS');
    flags |= WILL | (will.qos << WILL_QOS_SHIFT) | (will.retain ? WILL_RETAIN : 0);
  }
  if (userName !== undefined) flags |= USER_NAME;
  if (password !== undefined) flags |= PASSWORD;
  return flags;
}
