import type { Audit } from './audit/audit.js';

/** The keys that a log line of Pulsegate may carry beside its message. Fixed, so that lines can be searched. */
export interface LogFields {
  /** What happened, `<subject>.<verb>`: `connection.refused`, `tls.reloaded`. */
  readonly event: string;
  readonly protocol?: string;
  readonly listener?: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly connectionId?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** A fixed kebab-case word, one of a small set: what to count by. */
  readonly reason?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly broker?: string;
  readonly code?: string;
  readonly durationMs?: number;
  readonly count?: number;
  readonly bytes?: number;
  /** An Error; written with its type, message and stack. */
  readonly error?: unknown;
  readonly [key: string]: unknown;
}

/** What the libs log with. pino in the gateway, `silentLog` or a recorder in tests. */
export interface Log {
  /** Where it is kept what clients and operators did; absent: nowhere. */
  readonly audit?: Audit | undefined;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Discards everything. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
