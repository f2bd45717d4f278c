import type { Buffer } from 'node:buffer';
import { MqttDecodeError, MqttEncodeError, malformed, protocolError } from '../mqtt-codec.errors.js';
import type { MqttReader } from '../mqtt-reader.js';
import { checkInteger, MqttWriter, stringBytes, variableByteIntegerBytes } from '../mqtt-writer.js';
import {
  decodeProperties,
  type MqttPropertiesOf,
  noProperties,
  propertiesBytes,
  writeProperties,
} from '../properties.js';
import type { MqttProtocolLevel, MqttQos } from '../protocol-level.js';
import { topicNameFault } from '../topic-syntax.js';

const DUP = 0x08;
const QOS_SHIFT = 1;
const RETAIN = 0x01;

export interface PublishPacket {
  readonly type: 'publish';
  /** Empty only in MQTT 5, with a topic alias. */
  readonly topic: string;
  /** Decoded: a view of the bytes that were received; who keeps it for long copies it. */
  readonly payload: Buffer;
  readonly qos: MqttQos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 1 to 65,535; 0 with QoS 0. */
  readonly packetId: number;
  readonly properties: MqttPropertiesOf<'publish'>;
}

/** Section 3.3. That a topic alias is not above the maximum is the receiver's to check. */
export function decodePublish(reader: MqttReader, flags: number): PublishPacket {
  const qos = (flags >> QOS_SHIFT) & 3;
  if (qos === 3) throw malformed('MQTT-3.3.1-4', 'QoS 3');
  const dup = (flags & DUP) !== 0;
  // MQTT 3.1 does not forbid it.
  if (dup && qos === 0 && reader.level > 3) throw protocolError('MQTT-3.3.1-2', 'DUP with QoS 0');
  const topic = reader.readTopicName();
  const packetId = qos === 0 ? 0 : reader.readPacketId();
  const properties = reader.level === 5 ? decodeProperties(reader, 'publish') : noProperties;
  if (reader.sender === 'client' && properties.subscriptionIdentifiers !== undefined) {
    throw protocolError('MQTT-3.3.4-6', 'subscription identifier from a client');
  }
  if (topic === '' && properties.topicAlias === undefined) throw noTopic(reader.level);
  const payload = reader.readRest();
  return {
    type: 'publish',
    topic,
    payload,
    qos: qos as MqttQos,
    retain: (flags & RETAIN) !== 0,
    dup,
    packetId,
    properties,
  };
}

function noTopic(level: MqttProtocolLevel): MqttDecodeError {
  return level === 5
    ? protocolError('MQTT-3.3.2.1', 'neither a topic name nor a topic alias')
    : new MqttDecodeError('topic-name-invalid', 'MQTT-4.7.3-1', 'topic name without a character');
}

export function encodePublish(packet: PublishPacket, level: MqttProtocolLevel): Buffer {
  const writer = writeHead(packet, level, 0);
  writer.writeRaw(packet.payload);
  return writer.finish();
}

/** All that comes before the payload, for who sends a large payload, or one to many, without copying it. */
export function encodePublishHead(packet: PublishPacket, level: MqttProtocolLevel): Buffer {
  return writeHead(packet, level, packet.payload.length).finish();
}

function writeHead(packet: PublishPacket, level: MqttProtocolLevel, absentBytes: number): MqttWriter {
  const { topic, payload, qos, retain, dup, packetId, properties } = packet;
  checkPublish(packet, level);
  const bytes = level === 5 ? propertiesBytes(properties, 'publish') : 0;
  const topicBytes = stringBytes(topic);
  const length =
    topicBytes +
    (qos === 0 ? 0 : 2) +
    (level === 5 ? variableByteIntegerBytes(bytes) + bytes : 0) +
    payload.length;
  const flags = (dup ? DUP : 0) | (qos << QOS_SHIFT) | (retain ? RETAIN : 0);
  const writer = new MqttWriter(0x30 | flags, length, absentBytes);
  writer.writeString(topic);
  if (qos !== 0) writer.writeUint16(packetId);
  if (level === 5) writeProperties(writer, properties, bytes);
  return writer;
}

function checkPublish(
  { topic, qos, dup, packetId, properties }: PublishPacket,
  level: MqttProtocolLevel,
): void {
  checkInteger(qos, 0, 2, 'QoS');
  checkInteger(packetId, qos === 0 ? 0 : 1, qos === 0 ? 0 : 0xffff, 'packet identifier');
  if (dup && qos === 0) throw new MqttEncodeError('invalid-value', 'DUP with QoS 0');
  const byAlias = topic === '' && level === 5 && properties.topicAlias !== undefined;
  const fault = byAlias ? undefined : topicNameFault(topic);
  if (fault) throw new MqttEncodeError('invalid-value', fault.fault);
}
