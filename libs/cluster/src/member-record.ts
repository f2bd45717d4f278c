import type { MemberListener } from './member.js';

/**
 * What gateways write into the members topic, as JSON with `"v": 1`. A gateway's records have its node id as key, so that
 * compaction keeps its last one; `hello` and announcements have fixed keys.
 */
export type ClusterRecord = HelloRecord | MemberRecord | AnnouncementRecord;

/** Read back, it tells its writer what time the log has, and that all before it was read. */
export interface HelloRecord {
  readonly kind: 'hello';
  readonly instance: string;
}

export interface MemberRecord {
  readonly kind: 'member';
  readonly nodeId: number;
  readonly instance: string;
  /** `claim`: wants the node id, and has it when nobody else does at this place of the log. */
  readonly state: 'claim' | 'live' | 'draining' | 'left';
  /** Instance that is known to be gone, since its port was free. */
  readonly replaces?: string;
  /** Name of the machine, for people and for `replaces`. */
  readonly machine: string;
  /** `host:port` of the listeners as bound on the machine. */
  readonly bound: readonly string[];
  readonly listeners: readonly MemberListener[];
  readonly internal: { readonly host: string; readonly port: number };
  /** What its internal listener asks others to prove; absent where the operators gave all gateways one. */
  readonly secret?: string;
  /** Silence after which it is gone, in ms. */
  readonly timeoutMs: number;
}

export interface AnnouncementRecord {
  readonly kind: 'announcement';
  readonly instance: string;
  readonly nodeId: number;
  readonly name: string;
  readonly payload: string;
}

const version = 1;
const listenersMax = 64;
const textMax = 1_024;
/** Of one announcement. */
export const announcementCharsMax = 65_536;

export function keyOf(record: ClusterRecord): string {
  return record.kind === 'member' ? `node/${record.nodeId}` : record.kind;
}

export function encodeRecord(record: ClusterRecord): Buffer {
  return Buffer.from(JSON.stringify({ v: version, ...record }));
}

/** Undefined for what no gateway of this version wrote. */
export function decodeRecord(value: Buffer): ClusterRecord | undefined {
  let read: unknown;
  try {
    read = JSON.parse(value.toString());
  } catch {
    return undefined;
  }
  const { v, kind, ...fields } = (read ?? {}) as Record<string, unknown>;
  if (v !== version || !isText(fields.instance)) return undefined;
  const { instance } = fields;
  if (kind === 'hello') return { kind, instance };
  if (!isNodeId(fields.nodeId)) return undefined;
  if (kind === 'member') return memberOf(fields, instance, fields.nodeId);
  const { name, payload } = fields;
  const isAnnouncement =
    kind === 'announcement' &&
    isText(name) &&
    typeof payload === 'string' &&
    payload.length <= announcementCharsMax;
  return isAnnouncement ? { kind, instance, nodeId: fields.nodeId, name, payload } : undefined;
}

function memberOf(
  fields: Record<string, unknown>,
  instance: string,
  nodeId: number,
): MemberRecord | undefined {
  const { state, replaces, machine, bound, listeners, internal, secret, timeoutMs } = fields;
  if (state !== 'claim' && state !== 'live' && state !== 'draining' && state !== 'left') return undefined;
  if (!isText(machine) || !isListOf(bound, isText) || !isListOf(listeners, isListener)) return undefined;
  if (!isAddress(internal) || typeof timeoutMs !== 'number' || !(timeoutMs > 0)) return undefined;
  if ((replaces !== undefined && !isText(replaces)) || (secret !== undefined && !isText(secret)))
    return undefined;
  return {
    kind: 'member',
    nodeId,
    instance,
    state,
    replaces,
    machine,
    bound,
    listeners,
    internal,
    secret,
    timeoutMs,
  };
}

function isNodeId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= textMax;
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.length <= listenersMax && value.every(is);
}

function isAddress(value: unknown): value is { host: string; port: number } {
  const { host, port } = (value ?? {}) as Record<string, unknown>;
  return isText(host) && Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535;
}

function isListener(value: unknown): value is MemberListener {
  const { name, protocol, tls } = (value ?? {}) as Record<string, unknown>;
  return isAddress(value) && isText(name) && isText(protocol) && typeof tls === 'boolean';
}
