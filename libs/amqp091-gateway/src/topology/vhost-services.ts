import type { Member } from '#libs/cluster';
import type { Log } from '#libs/telemetry';
import type { TenantAmqp091Options } from '#libs/tenancy';
import type { QueueStore } from './queue-store.js';
import type { Amqp091Scope } from './scope.js';
import type { TopologyLog } from './topology-log.js';
import type { TopologyReplica } from './topology-replica.js';
import type { VhostState } from './vhost-state.js';

/** What the operations on one vhost have in common. */
export interface VhostServices {
  readonly scope: Amqp091Scope;
  readonly limits: Pick<TenantAmqp091Options, 'exchangesMax' | 'queuesMax' | 'bindingsMax'>;
  /** Whether the tenant may have one more queue than so many; counts what is refused. */
  readonly mayHaveMore: (queues: number) => boolean;
  /** Of the tenant. */
  readonly counts: TopologyReplica['counts'];
  readonly state: VhostState;
  readonly records: TopologyLog;
  readonly store: QueueStore;
  /** This gateway, as it is known now. */
  readonly self: () => Pick<Member, 'nodeId' | 'instance'>;
  readonly log: Log;
}
