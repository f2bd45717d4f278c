import { Buffer } from 'node:buffer';
import type { MqttWill } from '../session/session-directory.js';
import { decodeWillRecord, encodeWillRecord } from './records/will-record.js';
import type { ClaimRequest } from './session-slice.js';

/** What gateways ask each other about client ids; in JSON. */
export const claimKinds = {
  /** To the slice's owner: a client id for a connection. */
  claim: 'mqtt-claim',
  /** To the slice's owner: client ids that connections have already, after another gateway owned the slice. */
  adopt: 'mqtt-adopt',
  /** To the slice's owner: the connection has ended. */
  release: 'mqtt-release',
  /** From the slice's owner: another connection has the client id. */
  kick: 'mqtt-kick',
} as const;

/** Of the slice's owner, or who was taken for it. */
export type ClaimReply =
  | { readonly kind: 'granted' | 'session' | 'not-owner' }
  | { readonly kind: 'refused'; readonly reasonCode: number; readonly message: string };

export interface ClaimMessage extends ClaimRequest {
  readonly tenant: string;
}

export function encodeClaim({ tenant, cleanStart, will, ...claim }: ClaimMessage): Buffer {
  const { clientId, author, connectionId, instance, nodeId } = claim;
  const record =
    will &&
    encodeWillRecord({
      ...{ clientId, author, will, connectionId, instance },
      session: undefined,
      dueAtMs: undefined,
    });
  return encodeJson({
    ...{ tenant, clientId, cleanStart, connectionId, nodeId, instance, author },
    will: record?.toString('utf8'),
  });
}

export function decodeClaim(bytes: Buffer): ClaimMessage {
  const { will, ...rest } = decodeJson<Omit<ClaimMessage, 'will'> & { will?: string }>(bytes);
  return { ...rest, will: will === undefined ? undefined : willOf(will) };
}

function willOf(text: string): MqttWill {
  return decodeWillRecord(Buffer.from(text)).will;
}

export interface ReleaseMessage {
  readonly tenant: string;
  readonly clientId: string;
  readonly connectionId: string;
  readonly normal: boolean;
}

export interface AdoptMessage {
  readonly tenant: string;
  readonly slice: number;
  readonly nodeId: number;
  readonly instance: string;
  /** Client id and connection id. */
  readonly clients: readonly (readonly [string, string])[];
}

/** Connections that have lost their client ids meanwhile; undefined: not the owner, ask again. */
export interface AdoptReply {
  readonly lost?: readonly string[];
}

export interface KickMessage {
  readonly connectionId: string;
}

export function encodeJson(message: object): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Of a gateway, which is authenticated. @throws SyntaxError */
export function decodeJson<T extends object>(bytes: Buffer): T {
  return JSON.parse(bytes.toString('utf8')) as T;
}
