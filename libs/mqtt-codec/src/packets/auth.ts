import type { Buffer } from 'node:buffer';
import { MqttEncodeError, protocolError } from '../mqtt-codec.errors.js';
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
import { reasonCodesOf } from '../reason-code.js';

/** MQTT 5 only. */
export interface AuthPacket {
  readonly type: 'auth';
  readonly reasonCode: number;
  readonly properties: MqttPropertiesOf<'auth'>;
}

/** Section 3.15. Without a body: success, which has no need to name the method. */
export function decodeAuth(reader: MqttReader): AuthPacket {
  const isShort = reader.remaining === 0;
  const reasonCode = isShort ? 0 : reader.readByte();
  if (reasonCodesOf.auth(reader.sender)[reasonCode] !== 1) {
    throw protocolError('MQTT-3.15.2-1', `reason code ${reasonCode} in AUTH of a ${reader.sender}`);
  }
  if (isShort) return { type: 'auth', reasonCode, properties: noProperties };
  const properties = decodeProperties(reader, 'auth');
  reader.expectEnd();
  if (properties.authenticationMethod === undefined) {
    throw protocolError('MQTT-3.15.2.2.2', 'AUTH without an authentication method');
  }
  return { type: 'auth', reasonCode, properties };
}

export function encodeAuth(packet: AuthPacket, level: MqttProtocolLevel): Buffer {
  const { reasonCode, properties } = packet;
  if (level < 5) throw new MqttEncodeError('invalid-value', 'AUTH before MQTT 5');
  const { auth } = reasonCodesOf;
  if (auth('client')[reasonCode] !== 1 && auth('server')[reasonCode] !== 1) {
    throw new MqttEncodeError('invalid-value', `reason code ${reasonCode} in AUTH`);
  }
  const bytes = propertiesBytes(properties, 'auth');
  if (bytes === 0 && reasonCode === 0) return new MqttWriter(0xf0, 0).finish();
  if (properties.authenticationMethod === undefined) {
    throw new MqttEncodeError('invalid-value', 'AUTH without an authentication method');
  }
  const writer = new MqttWriter(0xf0, 1 + variableByteIntegerBytes(bytes) + bytes);
  writer.writeByte(reasonCode);
  writeProperties(writer, properties, bytes);
  return writer.finish();
}
