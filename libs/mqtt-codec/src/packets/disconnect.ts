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

export interface DisconnectPacket {
  readonly type: 'disconnect';
  /** Before MQTT 5: 0, normal disconnection. */
  readonly reasonCode: number;
  readonly properties: MqttPropertiesOf<'disconnect'>;
}

/** Section 3.14: a missing reason code is 0, and missing properties are none. */
export function decodeDisconnect(reader: MqttReader): DisconnectPacket {
  if (reader.level < 5 || reader.remaining === 0) {
    reader.expectEnd();
    return { type: 'disconnect', reasonCode: 0, properties: noProperties };
  }
  const reasonCode = reader.readByte();
  if (reasonCodesOf.disconnect(reader.sender)[reasonCode] !== 1) {
    throw protocolError('MQTT-3.14.2-1', `reason code ${reasonCode} in DISCONNECT of a ${reader.sender}`);
  }
  const properties = reader.remaining === 0 ? noProperties : decodeProperties(reader, 'disconnect');
  reader.expectEnd();
  if (reader.sender === 'server' && properties.sessionExpiryIntervalSeconds !== undefined) {
    throw protocolError('MQTT-3.14.2-2', 'session expiry interval in DISCONNECT of a server');
  }
  if (reader.sender === 'client' && properties.serverReference !== undefined) {
    throw protocolError('MQTT-3.14.2.2.5', 'server reference from a client');
  }
  return { type: 'disconnect', reasonCode, properties };
}

/** Before MQTT 5 only a client sends DISCONNECT, and it is always a normal one: a server closes. */
export function encodeDisconnect(packet: DisconnectPacket, level: MqttProtocolLevel): Buffer {
  const { reasonCode, properties } = packet;
  if (level < 5) {
    if (reasonCode !== 0) {
      throw new MqttEncodeError('invalid-value', `DISCONNECT with reason code ${reasonCode} before MQTT 5`);
    }
    return new MqttWriter(0xe0, 0).finish();
  }
  const { disconnect } = reasonCodesOf;
  if (disconnect('client')[reasonCode] !== 1 && disconnect('server')[reasonCode] !== 1) {
    throw new MqttEncodeError('invalid-value', `reason code ${reasonCode} in DISCONNECT`);
  }
  const bytes = propertiesBytes(properties, 'disconnect');
  const length = bytes > 0 ? 1 + variableByteIntegerBytes(bytes) + bytes : reasonCode === 0 ? 0 : 1;
  const writer = new MqttWriter(0xe0, length);
  if (length > 0) writer.writeByte(reasonCode);
  if (length > 1) writeProperties(writer, properties, bytes);
  return writer.finish();
}
