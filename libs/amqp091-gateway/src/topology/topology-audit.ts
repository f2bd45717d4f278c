import type { ConnectionLog } from '#libs/telemetry';
import { resourceName } from '../permissions/vhost-access.js';
import type { Amqp091Scope } from './scope.js';

type Change = 'queue.create' | 'queue.delete' | 'queue.purge' | 'exchange.delete';

/** What a client changed for others than itself. */
export function auditChange(
  log: Pick<ConnectionLog, 'changed'>,
  action: Change,
  { vhost }: Amqp091Scope,
  name: string,
): void {
  const type = action === 'exchange.delete' ? 'exchange' : 'queue';
  log.changed({ action, resource: { type, name: resourceName(vhost, name) } });
}
