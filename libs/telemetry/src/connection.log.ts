import type { AuditAct, AuditRecord } from './audit/audit.js';
import type { ClientChange } from './audit/audited-changes.js';
import type { Log, LogFields } from './log.js';
import { printable } from './printable.js';

/** Who the connection is; every line about it carries these. */
export interface ConnectionIdentity {
  readonly protocol: string;
  readonly listener: string;
  readonly connectionId: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** Reasons are fixed words, so the set stays small by itself; the bound is for a caller that breaks that rule. */
const warnedReasonsMax = 64;

type Details = Omit<Partial<LogFields>, 'event' | 'reason'>;

/**
 * The log of one connection. A connection that goes wrong writes exactly one warn or error line: the first
 * fault wins, what follows from it (the close, the second error while closing) is only worth a debug line.
 * Strings that a client chose are made printable and cut, so that no client can forge or flood a line.
 */
export class ConnectionLog {
  readonly #log: Log;
  #identity: ConnectionIdentity;
  #principal: { tenant?: string; user?: string } = {};
  #faulted = false;
  readonly #warned = new Set<string>();

  constructor(log: Log, identity: ConnectionIdentity) {
    this.#log = log;
    this.#identity = identity;
  }

  /** Of the protocols of its listener it is this one. */
  speaks(protocol: string): void {
    this.#identity = { ...this.#identity, protocol };
  }

  /** From here on lines also say whose connection this is. */
  identify(principal: { tenant: string; user: string }): void {
    this.#principal = { tenant: principal.tenant, user: principal.user };
  }

  /** True once the connection's one line was written. */
  get faulted(): boolean {
    return this.#faulted;
  }

  debug(event: string, message: string, details?: Details): void {
    this.#log.debug(this.#fields(event, undefined, details), message);
  }

  /** A request that was refused while the connection goes on: one warn line per reason, repeats at debug. */
  refusal(reason: string, message: string, details?: Details): void {
    const repeated = this.#warned.has(reason);
    if (!repeated && this.#warned.size < warnedReasonsMax) this.#warned.add(reason);
    this.#log[repeated ? 'debug' : 'warn'](
      this.#fields('request.refused', reason, details),
      printable(message),
    );
  }

  /** The client did something that ends its connection: one warn line. `reason` is a fixed kebab-case word. */
  fault(reason: string, message: string, details?: Details): void {
    this.#write('warn', 'connection.fault', reason, message, details);
  }

  /** Our own code failed on this connection: one error line, with the stack. */
  failure(error: unknown, message: string, details?: Details): void {
    this.#write('error', 'connection.failure', 'internal-error', message, { ...details, error });
  }

  /** A client was refused what it has no permission for. @param ruleOf the permission that denies it; absent: none allows it */
  denied(act: AuditAct, ruleOf?: () => string | undefined): void {
    this.#log.audit?.record({ kind: 'access', outcome: 'denied', ...this.#who(), ...act }, ruleOf);
  }

  /** A client changed something for others than itself. @param name of what it changed */
  changed(action: ClientChange, name: string, clientId?: string): void {
    this.#log.audit?.record({
      ...{ kind: 'change', outcome: 'allowed', ...this.#who(), action },
      resource: { type: action.slice(0, action.indexOf('.')), name },
      ...(clientId !== undefined && { clientId }),
    });
  }

  #who(): Pick<AuditRecord, 'protocol' | 'listener' | 'remoteAddress' | 'tenant' | 'user'> {
    const { protocol, listener, remoteAddress } = this.#identity;
    return { protocol, listener, remoteAddress, ...this.#principal };
  }

  #write(
    level: 'warn' | 'error',
    event: string,
    reason: string,
    message: string,
    details: Details | undefined,
  ): void {
    const written = this.#faulted ? 'debug' : level;
    this.#faulted = true;
    this.#log[written](this.#fields(event, reason, details), printable(message));
  }

  #fields(event: string, reason: string | undefined, details: Details | undefined): LogFields {
    const fields: Record<string, unknown> = { ...this.#identity, ...this.#principal, ...details, event };
    if (reason !== undefined) fields.reason = reason;
    for (const key in fields) {
      const value = fields[key];
      if (typeof value === 'string') fields[key] = printable(value);
    }
    return fields as unknown as LogFields;
  }
}
