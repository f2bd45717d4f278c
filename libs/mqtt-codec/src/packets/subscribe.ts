import type { Buffer } from 'node:buffer';
import { MqttEncodeError, malformed, protocolError } from '../mqtt-codec.errors.js';
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
import { isSharedFilter, topicFilterFault } from '../topic-syntax.js';

const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;
const RETAIN_HANDLING_SHIFT = 4;
const RESERVED = 0xc0;

/** One filter with its options; before MQTT 5 all but the QoS are as MQTT 3.1.1 behaves: false, false and 0. */
export interface MqttSubscriptionRequest {
  readonly filter: string;
  /** The highest that the client wants to be sent. */
  readonly qos: MqttQos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** Retained messages are sent: 0 always, 1 if the subscription is new, 2 never. */
  readonly retainHandling: 0 | 1 | 2;
}

export interface SubscribePacket {
  readonly type: 'subscribe';
  readonly packetId: number;
  /** At least one; a filter may be there twice. */
  readonly subscriptions: readonly MqttSubscriptionRequest[];
  readonly properties: MqttPropertiesOf<'subscribe'>;
}

/** Section 3.8. */
export function decodeSubscribe(reader: MqttReader): SubscribePacket {
  const packetId = reader.readPacketId();
  const properties = reader.level === 5 ? decodeProperties(reader, 'subscribe') : noProperties;
  const subscriptions: MqttSubscriptionRequest[] = [];
  while (reader.remaining > 0) {
    reader.countElement();
    subscriptions.push(decodeSubscription(reader));
  }
  if (subscriptions.length === 0) throw protocolError('MQTT-3.8.3-2', 'SUBSCRIBE without a topic filter');
  return { type: 'subscribe', packetId, subscriptions, properties };
}

function decodeSubscription(reader: MqttReader): MqttSubscriptionRequest {
  const filter = reader.readTopicFilter();
  const options = reader.readByte();
  const qos = options & 3;
  if (reader.level < 5) {
    // MQTT 3.1 does not use the upper bits.
    if (qos === 3 || (options > 2 && reader.level === 4)) {
      throw malformed('MQTT-3-8.3-4 of 3.1.1', 'reserved bits or QoS 3 in a subscription');
    }
    return {
      ...{ filter, qos: qos as MqttQos },
      ...{ noLocal: false, retainAsPublished: false, retainHandling: 0 },
    };
  }
  if ((options & RESERVED) !== 0) throw malformed('MQTT-3.8.3-5', 'reserved bits of subscription options');
  if (qos === 3) throw protocolError('MQTT-3.8.3.1', 'subscription with QoS 3');
  const noLocal = (options & NO_LOCAL) !== 0;
  if (noLocal && isSharedFilter(filter))
    throw protocolError('MQTT-3.8.3-4', 'no local on a shared subscription');
  const retainHandling = options >> RETAIN_HANDLING_SHIFT;
  if (retainHandling === 3) throw protocolError('MQTT-3.8.3.1', 'retain handling 3');
  return {
    filter,
    qos: qos as MqttQos,
    noLocal,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  };
}

/** Of the options only the QoS is written before MQTT 5. */
export function encodeSubscribe(packet: SubscribePacket, level: MqttProtocolLevel): Buffer {
  checkInteger(packet.packetId, 1, 0xffff, 'packet identifier');
  checkInteger(packet.subscriptions.length, 1, 0xffffffff, 'number of subscriptions');
  const bytes = level === 5 ? propertiesBytes(packet.properties, 'subscribe') : 0;
  let length = 2 + (level === 5 ? variableByteIntegerBytes(bytes) + bytes : 0);
  for (const { filter } of packet.subscriptions) {
    const fault = topicFilterFault(filter);
    if (fault) throw new MqttEncodeError('invalid-value', fault.fault);
    length += stringBytes(filter) + 1;
  }
  const writer = new MqttWriter(0x82, length);
  writer.writeUint16(packet.packetId);
  if (level === 5) writeProperties(writer, packet.properties, bytes);
  for (const each of packet.subscriptions) {
    writer.writeString(each.filter);
    writer.writeByte(optionsOf(each, level));
  }
  return writer.finish();
}

function optionsOf(subscription: MqttSubscriptionRequest, level: MqttProtocolLevel): number {
  const { filter, qos, noLocal, retainAsPublished, retainHandling } = subscription;
  checkInteger(qos, 0, 2, 'QoS');
  if (level < 5) return qos;
  checkInteger(retainHandling, 0, 2, 'retain handling');
  if (noLocal && isSharedFilter(filter)) {
    throw new MqttEncodeError('invalid-value', 'no local on a shared subscription');
  }
  const flags = (noLocal ? NO_LOCAL : 0) | (retainAsPublished ? RETAIN_AS_PUBLISHED : 0);
  return qos | flags | (retainHandling << RETAIN_HANDLING_SHIFT);
}
