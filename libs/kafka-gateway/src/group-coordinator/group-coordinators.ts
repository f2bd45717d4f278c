import { KafkaErrorCode } from '#libs/kafka-codec';
import { type PulsarClient, partitionTopicName } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaOptions } from '../kafka.options.js';
import { type CoordinatorClock, systemClock } from './coordinator-clock.js';
import type { GroupCluster } from './group-cluster.js';
import type { GroupCoordinator } from './group-coordinator.js';
import { offsetRecords } from './group-offsets.js';
import type { GroupRecordKind } from './group-record.js';
import { groupSlice, groupSliceKey, groupSlicesPerTenant } from './group-slice.js';

/** Every kind of record that a group has: a kind that is not in this list is not replayed. */
export const groupRecordKinds: readonly GroupRecordKind[] = [offsetRecords];

export interface GroupCoordinatorsServices {
  readonly pulsar: PulsarClient;
  readonly cluster: GroupCluster;
  /** `<tenant>/<namespace>` of the gateway's own state. */
  readonly stateNamespace: string;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock?: CoordinatorClock;
}

/** The slices of all tenants' groups that this gateway serves. */
export class GroupCoordinators {
  readonly clock: CoordinatorClock;

  constructor(private readonly services: GroupCoordinatorsServices) {
    this.clock = services.clock ?? systemClock;
  }

  /** The node that holds a group, or is to. */
  nodeOf(tenant: Tenant, groupId: string): number {
    return this.services.cluster.nodeOf(groupSliceKey(tenant.name, groupSlice(groupId)));
  }

  /**
   * The coordinator of a group, which serves at this moment.
   *
   * @throws KafkaError NOT_COORDINATOR: another gateway holds it; COORDINATOR_LOAD_IN_PROGRESS: it is being replayed;
   *   COORDINATOR_NOT_AVAILABLE: Pulsar does not confirm that it is ours
   */
  coordinator(tenant: Tenant, groupId: string): GroupCoordinator {
    if (this.nodeOf(tenant, groupId) !== this.services.cluster.nodeId) {
      throw new KafkaError(KafkaErrorCode.NOT_COORDINATOR, 'another gateway holds the group');
    }
    throw new KafkaError(
      KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      this.#topic(tenant, groupSlice(groupId)),
    );
  }

  /** All that this gateway is to hold of a tenant, replayed. */
  all(_tenant: Tenant): Promise<GroupCoordinator[]> {
    return Promise.resolve([]);
  }

  async close(): Promise<void> {}

  #topic(tenant: Tenant, slice: number): string {
    const topic = `persistent://${this.services.stateNamespace}/kafka-groups.${tenant.name}`;
    return partitionTopicName(topic, slice % groupSlicesPerTenant);
  }
}
