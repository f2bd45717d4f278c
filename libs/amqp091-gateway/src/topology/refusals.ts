import { Amqp091Error } from '#libs/amqp091-codec';
import type { ResourceKind } from './vhost-topology.js';

/** As RabbitMQ names things in its reply texts. */
export function resourceText(kind: ResourceKind, name: string, vhost: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}

export function notFound(kind: ResourceKind, name: string, vhost: string): Amqp091Error {
  return new Amqp091Error('not-found', `no ${resourceText(kind, name, vhost)}`);
}

export function preconditionFailed(text: string): Amqp091Error {
  return new Amqp091Error('precondition-failed', text);
}

export function exclusivelyLocked(name: string, vhost: string): Amqp091Error {
  const what = resourceText('queue', name, vhost);
  return new Amqp091Error(
    'resource-locked',
    `cannot obtain exclusive access to locked ${what}. It could be originally declared on another connection or the ` +
      'exclusive property value does not match that of the original declaration.',
  );
}

export function defaultExchangeRefusal(): Amqp091Error {
  return new Amqp091Error('access-refused', 'operation not permitted on the default exchange');
}

/** Only what is made: what is there may be declared again. */
export function checkNotReserved(kind: ResourceKind, name: string): void {
  if (!name.startsWith('amq.')) return;
  throw new Amqp091Error('access-refused', `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}

/** While the log of the topology is away: nobody knows whether it was changed. */
export function topologyAway(cause: unknown): Amqp091Error {
  const error = new Amqp091Error('internal-error', 'what is declared cannot be changed or asked for now');
  error.cause = cause;
  return error;
}
