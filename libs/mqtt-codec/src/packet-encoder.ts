import type { Buffer } from 'node:buffer';
import type { MqttPacket } from './mqtt-packet.js';
import { encodeAcknowledgement } from './packets/acknowledgement.js';
import { encodeAuth } from './packets/auth.js';
import { encodeConnack } from './packets/connack.js';
import { encodeConnect } from './packets/connect.js';
import { encodeDisconnect } from './packets/disconnect.js';
import { encodePing } from './packets/ping.js';
import { encodePublish } from './packets/publish.js';
import { encodeSuback } from './packets/suback.js';
import { encodeSubscribe } from './packets/subscribe.js';
import { encodeUnsuback } from './packets/unsuback.js';
import { encodeUnsubscribe } from './packets/unsubscribe.js';
import type { MqttProtocolLevel } from './protocol-level.js';

/**
 * One packet as bytes, in a buffer of its own. What the level does not have (properties, reason codes of acknowledgements,
 * subscription options) is left out; `CONNECT` is of the level that it names.
 *
 * @throws MqttEncodeError where the packet says what no packet may say
 */
export function encodePacket(packet: MqttPacket, level: MqttProtocolLevel): Buffer {
  switch (packet.type) {
    case 'publish':
      return encodePublish(packet, level);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return encodeAcknowledgement(packet, level);
    case 'connect':
      return encodeConnect(packet);
    case 'connack':
      return encodeConnack(packet, level);
    case 'subscribe':
      return encodeSubscribe(packet, level);
    case 'suback':
      return encodeSuback(packet, level);
    case 'unsubscribe':
      return encodeUnsubscribe(packet, level);
    case 'unsuback':
      return encodeUnsuback(packet, level);
    case 'pingreq':
    case 'pingresp':
      return encodePing(packet);
    case 'disconnect':
      return encodeDisconnect(packet, level);
    case 'auth':
      return encodeAuth(packet, level);
  }
}

/**
 * One packet for a receiver with a Maximum Packet Size: the reason string, then the user properties are left out when it
 * does not fit with them [MQTT-3.2.2-19] [MQTT-3.4.2-2] [MQTT-3.4.2-3], but never a PUBLISH's [MQTT-3.3.2-17].
 * Undefined: it does not fit even so, and must not be sent [MQTT-3.1.2-27].
 */
export function encodePacketWithin(
  packet: MqttPacket,
  level: MqttProtocolLevel,
  packetBytesMax: number,
): Buffer | undefined {
  const whole = encodePacket(packet, level);
  if (whole.length <= packetBytesMax) return whole;
  if (level < 5 || packet.type === 'publish' || !('properties' in packet)) return undefined;
  const withoutReason = { ...packet, properties: { ...packet.properties, reasonString: undefined } };
  const shorter = encodePacket(withoutReason as MqttPacket, level);
  if (shorter.length <= packetBytesMax) return shorter;
  const properties = { ...withoutReason.properties, userProperties: undefined };
  const shortest = encodePacket({ ...packet, properties } as MqttPacket, level);
  return shortest.length <= packetBytesMax ? shortest : undefined;
}
