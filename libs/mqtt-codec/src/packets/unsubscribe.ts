import type { Buffer } from 'node:buffer';
import { MqttEncodeError, protocolError } from '../mqtt-codec.errors.js';
import type { MqttReader } from '../mqtt-reader.js';
import { checkInteger, MqttWriter, stringBytes, variableByteIntegerBytes } from '../mqtt-writer.js';
import {
  decodeProperties,
  type MqttPropertiesOf,
  noProperties,
  propertiesBytes,
  writeProperties,
} from '../properties.js';
import type { MqttProtocolLevel } from '../protocol-level.js';
import { topicFilterFault } from '../topic-syntax.js';

export interface UnsubscribePacket {
  readonly type: 'unsubscribe';
  readonly packetId: number;
  /** At least one. */
  readonly filters: readonly string[];
  readonly properties: MqttPropertiesOf<'unsubscribe'>;
}

/** Section 3.10. */
export function decodeUnsubscribe(reader: MqttReader): UnsubscribePacket {
  const packetId = reader.readPacketId();
  const properties = reader.level === 5 ? decodeProperties(reader, 'unsubscribe') : noProperties;
  const filters: string[] = [];
  while (reader.remaining > 0) {
    reader.countElement();
    filters.push(reader.readTopicFilter());
  }
  if (filters.length === 0) throw protocolError('MQTT-3.10.3-2', 'UNSUBSCRIBE without a topic filter');
  return { type: 'unsubscribe', packetId, filters, properties };
}

export function encodeUnsubscribe(packet: UnsubscribePacket, level: MqttProtocolLevel): Buffer {
  checkInteger(packet.packetId, 1, 0xffff, 'packet identifier');
  checkInteger(packet.filters.length, 1, 0xffffffff, 'number of topic filters');
  const bytes = level === 5 ? propertiesBytes(packet.properties, 'unsubscribe') : 0;
  let length = 2 + (level === 5 ? variableByteIntegerBytes(bytes) + bytes : 0);
  for (const filter of packet.filters) {
    const fault = topicFilterFault(filter);
    if (fault) throw new MqttEncodeError('invalid-value', fault.fault);
    length += stringBytes(filter);
  }
  const writer = new MqttWriter(0xa2, length);
  writer.writeUint16(packet.packetId);
  if (level === 5) writeProperties(writer, packet.properties, bytes);
  for (const filter of packet.filters) writer.writeString(filter);
  return writer.finish();
}
