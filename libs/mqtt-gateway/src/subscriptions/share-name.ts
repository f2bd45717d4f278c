import { createHash } from 'node:crypto';
import type { KeyValue } from '#libs/pulsar';

/** Of a Pulsar subscription's name, for the part that says the group. */
const groupCharsMax = 64;
const hashChars = 16;

/** The Pulsar subscription of a group with a filter: readable where that is possible, and never the same for two. */
export function sharedSubscriptionName(group: string, filter: string): string {
  const encoded = encodeURIComponent(group).replaceAll('%', '=');
  const readable = encoded.length <= groupCharsMax ? encoded : encoded.slice(0, groupCharsMax);
  // Not only of the filter: what was cut off makes groups differ too.
  const hash = createHash('sha256').update(`${group}\0${filter}`).digest('hex').slice(0, hashChars);
  return `mqtt-share.${readable}.${hash}`;
}

/** What the subscription says of itself to who finds it in Pulsar. */
export function sharedSubscriptionProperties(group: string, filter: string): KeyValue[] {
  return [
    { key: 'pulsegate.kind', value: 'mqtt-share' },
    { key: 'pulsegate.mqtt.group', value: group },
    { key: 'pulsegate.mqtt.filter', value: filter },
  ];
}
