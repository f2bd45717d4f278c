import type { Due } from './due-times.js';
import type { WillRecord } from './records/will-record.js';

/** A will in the log, and in memory. */
export interface StoredWill extends Omit<WillRecord, 'dueAtMs' | 'session'>, Due {
  readonly number: number;
  session: number | undefined;
  dueAtMs: number | undefined;
}
