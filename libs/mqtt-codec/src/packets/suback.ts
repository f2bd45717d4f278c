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
import { subackCodes, subackReturnCodes } from '../reason-code.js';

export interface SubackPacket {
  readonly type: 'suback';
  readonly packetId: number;
  /** One for each filter, in the order of SUBSCRIBE. Before MQTT 5: see `subackReturnCode`. */
  readonly reasonCodes: readonly number[];
  readonly properties: MqttPropertiesOf<'suback'>;
}

function codesOf(level: MqttProtocolLevel): Uint8Array {
  return level === 5 ? subackCodes : subackReturnCodes;
}

/** Section 3.9. */
export function decodeSuback(reader: MqttReader): SubackPacket {
  const packetId = reader.readPacketId();
  const properties = reader.level === 5 ? decodeProperties(reader, 'suback') : noProperties;
  const allowed = codesOf(reader.level);
  const reasonCodes: number[] = [];
  while (reader.remaining > 0) {
    reader.countElement();
    const code = reader.readByte();
    if (allowed[code] !== 1) throw protocolError('MQTT-3.9.3-2', `reason code ${code} in SUBACK`);
    reasonCodes.push(code);
  }
  if (reasonCodes.length === 0) throw protocolError('MQTT-3.8.4-6', 'SUBACK without a reason code');
  return { type: 'suback', packetId, reasonCodes, properties };
}

export function encodeSuback(packet: SubackPacket, level: MqttProtocolLevel): Buffer {
  const { packetId, reasonCodes, properties } = packet;
  checkInteger(packetId, 1, 0xffff, 'packet identifier');
  checkInteger(reasonCodes.length, 1, 0xffffffff, 'number of reason codes');
  const bytes = level === 5 ? propertiesBytes(properties, 'suback') : 0;
  const head = 2 + (level === 5 ? variableByteIntegerBytes(bytes) + bytes : 0);
  const writer = new MqttWriter(0x90, head + reasonCodes.length);
  writer.writeUint16(packetId);
  if (level === 5) writeProperties(writer, properties, bytes);
  const allowed = codesOf(level);
  for (const code of reasonCodes) {
    if (allowed[code] !== 1) throw new MqttEncodeError('invalid-value', `reason code ${code} in SUBACK`);
    writer.writeByte(code);
  }
  return writer.finish();
}
