import type { Amqp091Error } from '#libs/amqp091-codec';
import type { AuditAct, ConnectionLog } from '#libs/telemetry';

interface Denial {
  readonly act: AuditAct;
  readonly ruleOf: () => string | undefined;
}

/** Of errors that say to a client that it has no permission: what it wanted. */
const denials = new WeakMap<Amqp091Error, Denial>();

export function asDenial(error: Amqp091Error, denial: Denial): Amqp091Error {
  denials.set(error, denial);
  return error;
}

/** Records what the client is told now, where that is a denial. */
export function auditDenial(error: Amqp091Error, log: Pick<ConnectionLog, 'denied'>): void {
  const denial = denials.get(error);
  if (denial === undefined) return;
  denials.delete(error);
  log.denied({ ...denial.act, reason: error.code }, denial.ruleOf);
}
