import type { Buffer } from 'node:buffer';

export interface MembersLogListener {
  /** Every record in the log's order: first what compaction kept of the past, then all that follows. */
  onRecord(value: Buffer, timestampMs: number): void;
  /** Told once when it ends by itself. */
  onClosed(reason: string): void;
}

/** The gateways' common log: all append, and all read the same order. */
export interface MembersLog {
  /** False while nothing can be heard: then silence says nothing. */
  readonly attached: boolean;
  append(key: string, value: Buffer, done?: (error: unknown) => void): void;
  close(): Promise<void>;
}

/** Resolves when the past has been given. Rejects when the log cannot be read or written now. */
export type OpenMembersLog = (listener: MembersLogListener) => Promise<MembersLog>;
