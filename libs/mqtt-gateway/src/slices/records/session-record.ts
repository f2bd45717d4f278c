import type { Buffer } from 'node:buffer';
import type { MqttProtocolLevel } from '#libs/mqtt-codec';
import { parseRecord, recordValue } from './record-value.js';

/** `session/<number>`: that there is a session. A number is never used again, as records of others name it. */
export interface SessionRecord {
  readonly clientId: string;
  readonly level: MqttProtocolLevel;
  readonly expirySeconds: number;
  /** Milliseconds since 1970; undefined while it is connected. */
  readonly disconnectedAtMs: number | undefined;
}

interface Stored {
  readonly c: string;
  readonly l: MqttProtocolLevel;
  readonly e: number;
  readonly d?: number;
}

export function encodeSessionRecord(record: SessionRecord): Buffer {
  const { clientId: c, level: l, expirySeconds: e, disconnectedAtMs: d } = record;
  return recordValue({ c, l, e, d } satisfies { [K in keyof Stored]: Stored[K] | undefined });
}

export function decodeSessionRecord(value: Buffer): SessionRecord {
  const { c, l, e, d } = parseRecord<Stored>(value);
  return { clientId: c, level: l, expirySeconds: e, disconnectedAtMs: d };
}
