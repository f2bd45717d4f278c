import type { Buffer } from 'node:buffer';
import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttSubscription } from '../../subscriptions/mqtt-subscription.js';
import { parseRecord, recordValue } from './record-value.js';

interface Stored {
  readonly q: MqttQos;
  readonly nl?: true;
  readonly rap?: true;
  readonly rh: 0 | 1 | 2;
  readonly id?: number;
  readonly ck?: true;
}

/** `sub/<session>/<filter>`: one subscription of a session. It is stored with or after the positions that it begins at. */
export function encodeSubscriptionRecord(subscription: MqttSubscription): Buffer {
  const { qos, noLocal, retainAsPublished, retainHandling, identifier, checked } = subscription;
  return recordValue({
    q: qos,
    nl: noLocal || undefined,
    rap: retainAsPublished || undefined,
    rh: retainHandling,
    id: identifier,
    ck: checked || undefined,
  });
}

export function decodeSubscriptionRecord(filter: string, value: Buffer): MqttSubscription {
  const { q, nl, rap, rh, id, ck } = parseRecord<Stored>(value);
  return {
    filter,
    qos: q,
    noLocal: nl === true,
    retainAsPublished: rap === true,
    retainHandling: rh,
    identifier: id,
    checked: ck === true,
  };
}
