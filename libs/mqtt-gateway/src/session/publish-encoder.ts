import { Buffer } from 'node:buffer';
import {
  encodePublishHead,
  MqttEncodeError,
  type MqttProtocolLevel,
  type PublishPacket,
} from '#libs/mqtt-codec';
import { type MqttMessage, remainingExpirySeconds } from '../message.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { OutboundAlias } from './topic-aliases.js';

/** Payloads up to this size are copied into the packet; a larger one is sent from where it is. */
const copiedPayloadBytesMax = 1_024;
const RETAIN = 0x01;

/** What a QoS 0 message to many is encoded to: once per form, for as long as the same message is sent. */
interface Encoded {
  readonly expirySeconds: number | undefined;
  readonly parts: readonly Buffer[];
  readonly bytes: number;
}

export interface EncodedPublish {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
}

/**
 * PUBLISH packets of deliveries. Fan-out goes message by message, so the last message is remembered in each of its forms
 * (level and RETAIN), and all who get it in one form are sent the same bytes.
 */
export class PublishEncoder {
  #message: MqttMessage | undefined;
  readonly #forms: (Encoded | undefined)[] = [];

  /**
   * Undefined: what others than MQTT clients wrote may have no place in a packet.
   *
   * @param packetId 0 with QoS 0
   * @param alias the topic is left out where the client knows it
   */
  encode(
    delivery: MqttDelivery,
    level: MqttProtocolLevel,
    packetId: number,
    nowMs: number,
    dup = false,
    alias?: OutboundAlias,
  ): EncodedPublish | undefined {
    const { message, qos, retain, subscriptionIdentifiers } = delivery;
    const expirySeconds = level === 5 ? remainingExpirySeconds(message, nowMs) : undefined;
    const plain = qos === 0 && alias === undefined && subscriptionIdentifiers.length === 0;
    if (!plain) return this.#fresh(delivery, level, packetId, expirySeconds, dup, alias);
    const form = (level === 5 ? 2 : 0) + (retain ? RETAIN : 0);
    if (this.#message !== message) {
      this.#message = message;
      this.#forms.length = 0;
    }
    const known = this.#forms[form];
    if (known !== undefined && known.expirySeconds === expirySeconds) return known;
    const fresh = this.#fresh(delivery, level, 0, expirySeconds, false, undefined);
    if (fresh !== undefined) this.#forms[form] = { expirySeconds, ...fresh };
    return fresh;
  }

  #fresh(
    { message, qos, retain, subscriptionIdentifiers }: MqttDelivery,
    level: MqttProtocolLevel,
    packetId: number,
    expirySeconds: number | undefined,
    dup: boolean,
    alias: OutboundAlias | undefined,
  ): EncodedPublish | undefined {
    const { payload } = message;
    const packet: PublishPacket = {
      type: 'publish',
      topic: alias?.known === true ? '' : message.topic,
      payload,
      qos,
      retain,
      dup,
      packetId,
      properties: {
        ...message.properties,
        messageExpiryIntervalSeconds: expirySeconds,
        topicAlias: alias?.alias,
        subscriptionIdentifiers: subscriptionIdentifiers.length === 0 ? undefined : subscriptionIdentifiers,
      },
    };
    const head = headOf(packet, level);
    if (head === undefined) return undefined;
    const bytes = head.length + payload.length;
    if (payload.length > copiedPayloadBytesMax) return { parts: [head, payload], bytes };
    return { parts: [payload.length === 0 ? head : Buffer.concat([head, payload], bytes)], bytes };
  }
}

function headOf(packet: PublishPacket, level: MqttProtocolLevel): Buffer | undefined {
  try {
    return encodePublishHead(packet, level);
  } catch (error) {
    if (error instanceof MqttEncodeError) return undefined;
    throw error;
  }
}
