import type { Buffer } from 'node:buffer';
import { MqttEncodeError, malformed, protocolError } from '../mqtt-codec.errors.js';
import type { MqttReader } from '../mqtt-reader.js';
import { MqttWriter, variableByteIntegerBytes } from '../mqtt-writer.js';
import {
  decodeProperties,
  type MqttPropertiesOf,
  noProperties,
  propertiesBytes,
  writeProperties,
} from '../properties.js';
import type { MqttProtocolLevel } from '../protocol-level.js';
import { MqttConnectReturnCode, reasonCodesOf } from '../reason-code.js';

export interface ConnackPacket {
  readonly type: 'connack';
  /** Does not exist in MQTT 3.1: false. */
  readonly sessionPresent: boolean;
  /** Before MQTT 5: a return code, see `connackReturnCode`. */
  readonly reasonCode: number;
  readonly properties: MqttPropertiesOf<'connack'>;
}

/** Section 3.2. */
export function decodeConnack(reader: MqttReader): ConnackPacket {
  const flags = reader.readByte();
  // In MQTT 3.1 the whole byte is reserved and not used.
  if (flags > 1 && reader.level > 3) throw malformed('MQTT-3.2.2-1', 'reserved flags of CONNACK');
  const sessionPresent = reader.level > 3 && flags === 1;
  const reasonCode = reader.readByte();
  if (!isAllowed(reasonCode, reader.level)) {
    throw protocolError('MQTT-3.2.2-8', `reason code ${reasonCode} in CONNACK`);
  }
  if (sessionPresent && reasonCode !== 0) {
    throw protocolError('MQTT-3.2.2-6', 'session present in a CONNACK that refuses');
  }
  const properties = reader.level === 5 ? decodeProperties(reader, 'connack') : noProperties;
  reader.expectEnd();
  return { type: 'connack', sessionPresent, reasonCode, properties };
}

function isAllowed(reasonCode: number, level: MqttProtocolLevel): boolean {
  if (level < 5) return reasonCode <= MqttConnectReturnCode.NOT_AUTHORIZED;
  return reasonCodesOf.connack()[reasonCode] === 1;
}

/** The properties are left out before MQTT 5. */
export function encodeConnack(packet: ConnackPacket, level: MqttProtocolLevel): Buffer {
  const { reasonCode, sessionPresent, properties } = packet;
  if (!isAllowed(reasonCode, level)) {
    throw new MqttEncodeError('invalid-value', `reason code ${reasonCode} in CONNACK`);
  }
  if (sessionPresent && reasonCode !== 0) {
    throw new MqttEncodeError('invalid-value', 'session present in a CONNACK that refuses');
  }
  const bytes = level === 5 ? propertiesBytes(properties, 'connack') : 0;
  const writer = new MqttWriter(0x20, 2 + (level === 5 ? variableByteIntegerBytes(bytes) + bytes : 0));
  writer.writeByte(sessionPresent && level > 3 ? 1 : 0);
  writer.writeByte(reasonCode);
  if (level === 5) writeProperties(writer, properties, bytes);
  return writer.finish();
}
