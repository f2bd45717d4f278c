import type { Buffer } from 'node:buffer';
import { MqttEncodeError, protocolError } from '../mqtt-codec.errors.js';
import type { MqttReader } from '../mqtt-reader.js';
import { checkInteger, MqttWriter, variableByteIntegerBytes } from '../mqtt-writer.js';
import {
  decodeProperties,
  type MqttPropertiesOf,
  noProperties,
  propertiesBytes,
  writeProperties,
} from '../properties.js';
import type { MqttProtocolLevel } from '../protocol-level.js';
import { reasonCodesOf } from '../reason-code.js';

export type AcknowledgementType = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';

interface Acknowledgement<T extends AcknowledgementType> {
  readonly type: T;
  readonly packetId: number;
  /** Before MQTT 5: 0. */
  readonly reasonCode: number;
  /** The four have the same. */
  readonly properties: MqttPropertiesOf<'puback'>;
}

/** Section 3.4: the answer to QoS 1. */
export type PubackPacket = Acknowledgement<'puback'>;
/** Section 3.5: the first answer to QoS 2. */
export type PubrecPacket = Acknowledgement<'pubrec'>;
/** Section 3.6: the answer to PUBREC. */
export type PubrelPacket = Acknowledgement<'pubrel'>;
/** Section 3.7: the answer to PUBREL. */
export type PubcompPacket = Acknowledgement<'pubcomp'>;
export type AcknowledgementPacket = PubackPacket | PubrecPacket | PubrelPacket | PubcompPacket;

const firstBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
const clauses = {
  ...{ puback: 'MQTT-3.4.2-1', pubrec: 'MQTT-3.5.2-1', pubrel: 'MQTT-3.6.2-1', pubcomp: 'MQTT-3.7.2-1' },
} as const;

/** The four have one body: a missing reason code is success, and missing properties are none (section 3.4.2.1). */
export function decodeAcknowledgement(reader: MqttReader, type: AcknowledgementType): AcknowledgementPacket {
  const packetId = reader.readPacketId();
  if (reader.level < 5 || reader.remaining === 0) {
    reader.expectEnd();
    return { type, packetId, reasonCode: 0, properties: noProperties };
  }
  const reasonCode = reader.readByte();
  if (reasonCodesOf[type]()[reasonCode] !== 1) {
    throw protocolError(clauses[type], `reason code ${reasonCode} in ${type.toUpperCase()}`);
  }
  const properties =
    reader.remaining === 0 ? noProperties : decodeProperties<'puback'>(reader, type as 'puback');
  reader.expectEnd();
  return { type, packetId, reasonCode, properties };
}

/** Reason code and properties are left out before MQTT 5, and where they say nothing. */
export function encodeAcknowledgement(packet: AcknowledgementPacket, level: MqttProtocolLevel): Buffer {
  const { type, packetId, reasonCode, properties } = packet;
  checkInteger(packetId, 1, 0xffff, 'packet identifier');
  if (level < 5) {
    const short = new MqttWriter(firstBytes[type], 2);
    short.writeUint16(packetId);
    return short.finish();
  }
  if (reasonCodesOf[type]()[reasonCode] !== 1) {
    throw new MqttEncodeError('invalid-value', `reason code ${reasonCode} in ${type.toUpperCase()}`);
  }
  const bytes = propertiesBytes(properties, type);
  const length = bytes > 0 ? 3 + variableByteIntegerBytes(bytes) + bytes : reasonCode === 0 ? 2 : 3;
  const writer = new MqttWriter(firstBytes[type], length);
  writer.writeUint16(packetId);
  if (length > 2) writer.writeByte(reasonCode);
  if (length > 3) writeProperties(writer, properties, bytes);
  return writer.finish();
}
