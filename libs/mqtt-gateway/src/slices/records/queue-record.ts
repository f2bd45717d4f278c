import { Buffer } from 'node:buffer';
import type { MqttQos } from '#libs/mqtt-codec';
import { exactCopy, type MqttMessage } from '../../message.js';
import { messageProperties, type StoredProperties, storedProperties } from './message-fields.js';

/** Where a queued message came from: read again after a crash, it is known by it. */
export interface MessageSource {
  /** Full name of the Pulsar partition. */
  readonly partition: string;
  readonly ledgerId: number;
  readonly entryId: number;
  /** In its entry. */
  readonly index: number;
}

/** Whom a message is for, and how. */
export interface QueueTarget {
  /** Of the session. */
  readonly session: number;
  readonly qos: MqttQos;
  readonly retain: boolean;
  readonly checked: boolean;
  readonly subscriptionIdentifiers: readonly number[];
}

/** `queue/<sequence>`: a message that some session needs, once for all of them. Who is done with it, their progress says. */
export interface QueueRecord {
  readonly message: MqttMessage;
  readonly source: MessageSource;
  readonly targets: readonly QueueTarget[];
}

interface Header {
  readonly t: string;
  readonly q: MqttQos;
  readonly r?: true;
  readonly p?: StoredProperties;
  readonly x?: number;
  readonly u?: string;
  readonly s: readonly [string, number, number, number];
  /** Session, flags, and subscription identifiers. */
  readonly to: readonly (readonly number[])[];
}

const version = 1;
const headBytes = 5;
const retainFlag = 4;
const checkedFlag = 8;
const noIdentifiers: readonly number[] = Object.freeze([]);

/** One byte version, four bytes length of a header in JSON, the header, the payload as it is. */
export function encodeQueueRecord({ message, source, targets }: QueueRecord): Buffer {
  const header: Header = {
    t: message.topic,
    q: message.qos,
    ...(message.retain && { r: true as const }),
    ...optional('p', storedProperties(message.properties)),
    ...optional('x', message.expiresAtMs),
    ...optional('u', message.publisherId),
    s: [source.partition, source.ledgerId, source.entryId, source.index],
    to: targets.map(({ session, qos, retain, checked, subscriptionIdentifiers }) => [
      session,
      qos | (retain ? retainFlag : 0) | (checked ? checkedFlag : 0),
      ...subscriptionIdentifiers,
    ]),
  };
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(version, 0);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text, message.payload]);
}

/** Owns its bytes. @throws Error when it is of another version, or none */
export function decodeQueueRecord(value: Buffer): QueueRecord {
  const found = value.readUInt8(0);
  if (found !== version) throw new Error(`a queue record of version ${found}, not ${version}`);
  const end = headBytes + value.readUInt32BE(1);
  const header = JSON.parse(value.toString('utf8', headBytes, end)) as Header;
  const [partition, ledgerId, entryId, index] = header.s;
  return {
    message: {
      topic: header.t,
      payload: exactCopy(value.subarray(end)),
      qos: header.q,
      retain: header.r === true,
      properties: messageProperties(header.p),
      expiresAtMs: header.x,
      publisherId: header.u,
    },
    source: { partition, ledgerId, entryId, index },
    targets: header.to.map(targetOf),
  };
}

function targetOf([session = 0, flags = 0, ...identifiers]: readonly number[]): QueueTarget {
  return {
    session,
    qos: (flags & 3) as MqttQos,
    retain: (flags & retainFlag) !== 0,
    checked: (flags & checkedFlag) !== 0,
    subscriptionIdentifiers: identifiers.length === 0 ? noIdentifiers : identifiers,
  };
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
