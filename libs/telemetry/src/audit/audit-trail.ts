import { printable, printableCharsMax } from '../printable.js';
import type { Log } from '../log.js';
import type { Audit, AuditEntry, AuditRecord, AuditSink } from './audit.js';

export interface AuditTrailOptions {
  readonly sinks: readonly AuditSink[];
  /** Different records of one kind and outcome that are told within a second; what is beyond is counted. Default 1 000. */
  readonly perSecondMax?: number;
  /** The time of day. */
  readonly epochNow?: () => number;
}

const perSecondMaxDefault = 1_000;
const windowMs = 1_000;

/**
 * Tells the first of equal records at once and counts those that follow within a second, so that who guesses passwords or
 * tries a topic again and again is two entries a second. Texts of clients are made printable and cut.
 */
export class AuditTrail implements Audit {
  readonly #recent = new Map<string, { readonly entry: AuditEntry; repeated: number }>();
  readonly #told = new Map<string, number>();
  readonly #perSecondMax: number;
  readonly #epochNow: () => number;
  #untold = 0;
  #timer: NodeJS.Timeout | undefined;
  /** All that were given, told or not. */
  recorded = 0;

  constructor(private readonly options: AuditTrailOptions) {
    this.#perSecondMax = options.perSecondMax ?? perSecondMaxDefault;
    this.#epochNow = options.epochNow ?? Date.now;
  }

  record(record: AuditRecord, ruleOf?: () => string | undefined): void {
    this.recorded++;
    const key = keyOf(record);
    const known = this.#recent.get(key);
    if (known !== undefined) {
      known.repeated++;
      return;
    }
    this.#timer ??= setTimeout(() => this.flush(), windowMs).unref();
    // Each by itself: who tries names at the door must not hide what is done inside.
    const sort = `${record.kind} ${record.outcome}`;
    const told = this.#told.get(sort) ?? 0;
    if (told >= this.#perSecondMax) {
      this.#untold++;
      return;
    }
    this.#told.set(sort, told + 1);
    const rule = ruleOf?.();
    const entry = shown({ ...record, ...(rule !== undefined && { rule }), timeMs: this.#epochNow() });
    this.#recent.set(key, { entry, repeated: 0 });
    this.#write(entry);
  }

  /** Tells what was counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const timeMs = this.#epochNow();
    for (const { entry, repeated } of this.#recent.values()) {
      if (repeated > 0) this.#write({ ...entry, timeMs, repeated });
    }
    this.#recent.clear();
    this.#told.clear();
    if (this.#untold > 0) {
      const reason = `more than ${this.#perSecondMax} different ones of a kind in a second`;
      this.#write({
        kind: 'audit',
        outcome: 'failed',
        action: 'record',
        reason,
        timeMs,
        repeated: this.#untold,
      });
    }
    this.#untold = 0;
  }

  #write(entry: AuditEntry): void {
    for (const sink of this.options.sinks) sink.write(entry);
  }
}

/** The same log, with a trail. */
export function auditedLog(log: Log, audit: Audit): Log {
  return {
    audit,
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}

function keyOf(record: AuditRecord): string {
  const { kind, outcome, action, resource, tenant, user, listener, remoteAddress, reason } = record;
  // As much of what a client says as is told: it may be a thousand names of 64 KB, also before it is authenticated.
  const [name, userName] = [resource?.name, user].map((text) => text?.slice(0, printableCharsMax));
  return JSON.stringify([
    ...[kind, outcome, action, resource?.type, name, tenant, userName, listener, remoteAddress, reason],
  ]);
}

function shown(entry: AuditEntry): AuditEntry {
  const texts: Record<string, unknown> = { ...entry };
  for (const [key, value] of Object.entries(texts))
    if (typeof value === 'string') texts[key] = printable(value);
  const { resource } = entry;
  if (resource !== undefined) texts['resource'] = { type: resource.type, name: printable(resource.name) };
  return texts as unknown as AuditEntry;
}
