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
import { unsubackCodes } from '../reason-code.js';

export interface UnsubackPacket {
  readonly type: 'unsuback';
  readonly packetId: number;
  /** One for each filter, in the order of UNSUBSCRIBE. Before MQTT 5 there are none on the wire: empty. */
  readonly reasonCodes: readonly number[];
  readonly properties: MqttPropertiesOf<'unsuback'>;
}

/** Section 3.11. */
export function decodeUnsuback(reader: MqttReader): UnsubackPacket {
  const packetId = reader.readPacketId();
  if (reader.level < 5) {
    reader.expectEnd();
    return { type: 'unsuback', packetId, reasonCodes: [], properties: noProperties };
  }
  const properties = decodeProperties(reader, 'unsuback');
  const reasonCodes: number[] = [];
  while (reader.remaining > 0) {
    reader.countElement();
    const code = reader.readByte();
    if (unsubackCodes[code] !== 1) throw protocolError('MQTT-3.11.3-2', `reason code ${code} in UNSUBACK`);
    reasonCodes.push(code);
  }
  if (reasonCodes.length === 0) throw protocolError('MQTT-3.11.3-1', 'UNSUBACK without a reason code');
  return { type: 'unsuback', packetId, reasonCodes, properties };
}

/** Reason codes and properties are left out before MQTT 5. */
export function encodeUnsuback(packet: UnsubackPacket, level: MqttProtocolLevel): Buffer {
  const { packetId, reasonCodes, properties } = packet;
  checkInteger(packetId, 1, 0xffff, 'packet identifier');
  if (level < 5) {
    const short = new MqttWriter(0xb0, 2);
    short.writeUint16(packetId);
    return short.finish();
  }
  checkInteger(reasonCodes.length, 1, 0xffffffff, 'number of reason codes');
  const bytes = propertiesBytes(properties, 'unsuback');
  const writer = new MqttWriter(0xb0, 2 + variableByteIntegerBytes(bytes) + bytes + reasonCodes.length);
  writer.writeUint16(packetId);
  writeProperties(writer, properties, bytes);
  for (const code of reasonCodes) {
    if (unsubackCodes[code] !== 1)
      throw new MqttEncodeError('invalid-value', `reason code ${code} in UNSUBACK`);
    writer.writeByte(code);
  }
  return writer.finish();
}
