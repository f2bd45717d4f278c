import { contentBytes } from '../message.js';
import type { MqttDelivery } from './mqtt-delivery.js';

/** What a delivery takes in memory beside the contents of its message, about. */
const deliveryBytes = 128;
const identifierBytes = 8;
/** Places before the first delivery that are given back by moving the others. */
const emptyPlacesMax = 64;

export function bytesOfDelivery({ message, subscriptionIdentifiers }: MqttDelivery): number {
  return deliveryBytes + identifierBytes * subscriptionIdentifiers.length + contentBytes(message);
}

export interface QueueLimits {
  readonly outboundQueueMessagesMax: number;
  readonly outboundQueueBytesMax: number;
}

/** Deliveries that wait for their turn, first in first out. */
export class OutboundQueue {
  #places: (MqttDelivery | undefined)[] = [];
  #first = 0;
  bytes = 0;

  get length(): number {
    return this.#places.length - this.#first;
  }

  get head(): MqttDelivery | undefined {
    return this.#places[this.#first];
  }

  /** @param windowBytes of what is on its way, which is in memory too. One delivery may always wait. */
  isFull({ outboundQueueMessagesMax, outboundQueueBytesMax }: QueueLimits, windowBytes: number): boolean {
    const { length } = this;
    if (length === 0) return false;
    return length >= outboundQueueMessagesMax || this.bytes + windowBytes >= outboundQueueBytesMax;
  }

  isHalfEmpty({ outboundQueueMessagesMax, outboundQueueBytesMax }: QueueLimits): boolean {
    return this.length <= outboundQueueMessagesMax / 2 && this.bytes <= outboundQueueBytesMax / 2;
  }

  push(delivery: MqttDelivery): void {
    this.#places.push(delivery);
    this.bytes += bytesOfDelivery(delivery);
  }

  shift(): MqttDelivery | undefined {
    const delivery = this.#places[this.#first];
    if (delivery === undefined) return undefined;
    this.#places[this.#first++] = undefined;
    this.bytes -= bytesOfDelivery(delivery);
    if (this.#first === this.#places.length) {
      this.#places = [];
      this.#first = 0;
    } else if (this.#first > emptyPlacesMax && this.#first * 2 > this.#places.length) {
      this.#places.splice(0, this.#first);
      this.#first = 0;
    }
    return delivery;
  }
}
