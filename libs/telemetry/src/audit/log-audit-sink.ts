import type { Log } from '../log.js';
import type { AuditEntry, AuditSink } from './audit.js';

const messages: Record<AuditEntry['kind'], string> = {
  login: 'somebody came',
  access: 'a permission was asked for',
  change: 'something was changed for all',
  audit: 'not all was told',
};

/** Lines with `event: audit`, whatever the level of the log lets through from info on. */
export class LogAuditSink implements AuditSink {
  constructor(private readonly log: Log) {}

  write({ timeMs: _, repeated, ...entry }: AuditEntry): void {
    this.log.info(
      { event: 'audit', ...entry, ...(repeated !== undefined && { count: repeated }) },
      messages[entry.kind],
    );
  }
}
