import { type ClusterView, listenerOf, type Member } from '#libs/cluster';
import type { ListenerInfo } from '#libs/transport';

/** Where a client reaches a gateway. */
export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** The gateways as brokers, for clients that came by one listener: all are reached by the listeners of its name. */
export class Brokers {
  /** By node id. Draining gateways are not in it, unless there are no others. */
  readonly list: readonly BrokerAddress[];
  readonly #selfId: number;

  constructor(
    cluster: Pick<ClusterView, 'self' | 'members'>,
    private readonly listener: ListenerInfo,
  ) {
    const members = cluster.members();
    const live = members.filter(({ state }) => state === 'live');
    this.#selfId = cluster.self.nodeId;
    this.list = (live.length > 0 ? live : members)
      .map((member) => this.#address(member))
      .filter((address) => address !== undefined);
  }

  /** Any gateway can do what Kafka's controller does: the one that was asked, so that the client need not go elsewhere. */
  get controllerId(): number {
    return this.address(this.#selfId)?.nodeId ?? this.list[0]?.nodeId ?? -1;
  }

  address(nodeId: number): BrokerAddress | undefined {
    return this.list.find((each) => each.nodeId === nodeId);
  }

  #address(member: Member): BrokerAddress | undefined {
    const { nodeId } = member;
    // Its own listeners are not told to the others before all are open.
    if (nodeId === this.#selfId) {
      return { nodeId, host: this.listener.advertisedHost, port: this.listener.advertisedPort };
    }
    const reached = listenerOf(member, this.listener);
    return reached && { nodeId, host: reached.host, port: reached.port };
  }
}
