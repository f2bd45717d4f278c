import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttWill } from '../../session/session-directory.js';
import { messageProperties, type StoredProperties, storedProperties } from './message-fields.js';
import { parseRecord, recordValue } from './record-value.js';

/** Who left a will: its permission is asked for when it is published. */
export type WillAuthor = Pick<Principal, 'user' | 'groups' | 'anonymous' | 'source'>;

/** `will/<number>`: what is published when a connection ends without DISCONNECT 0x00. */
export interface WillRecord {
  readonly clientId: string;
  readonly author: WillAuthor;
  readonly will: MqttWill;
  /** Unique over all gateways. */
  readonly connectionId: string;
  /** The process that has the connection. */
  readonly instance: string;
  /** The persistent session that it belongs to; undefined: one that ends with its connection. */
  readonly session: number | undefined;
  /** Milliseconds since 1970, since the connection has ended; undefined before. */
  readonly dueAtMs: number | undefined;
}

interface Stored {
  readonly c: string;
  readonly a: WillAuthor;
  readonly t: string;
  /** base64 */
  readonly b: string;
  readonly q: MqttQos;
  readonly r: boolean;
  readonly p?: StoredProperties;
  readonly x?: number;
  readonly w: number;
  readonly k: string;
  readonly i: string;
  readonly s?: number;
  readonly d?: number;
}

export function encodeWillRecord(record: WillRecord): Buffer {
  const { clientId, author, will, connectionId, instance, session, dueAtMs } = record;
  const { user, groups, anonymous, source } = author;
  return recordValue({
    c: clientId,
    a: { user, groups, anonymous, source },
    t: will.topic,
    b: will.payload.toString('base64'),
    q: will.qos,
    r: will.retain,
    p: storedProperties(will.properties),
    x: will.messageExpiryIntervalSeconds,
    w: will.willDelayIntervalSeconds,
    k: connectionId,
    i: instance,
    s: session,
    d: dueAtMs,
  });
}

export function decodeWillRecord(value: Buffer): WillRecord {
  const { c, a, t, b, q, r, p, x, w, k, i, s, d } = parseRecord<Stored>(value);
  return {
    clientId: c,
    author: a,
    will: {
      topic: t,
      payload: Buffer.from(b, 'base64'),
      qos: q,
      retain: r,
      properties: messageProperties(p),
      messageExpiryIntervalSeconds: x,
      willDelayIntervalSeconds: w,
    },
    connectionId: k,
    instance: i,
    session: s,
    dueAtMs: d,
  };
}
