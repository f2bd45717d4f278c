import {
  decodeConsumerProtocolAssignment,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { classicGroup, groupToJoin } from '../group-coordinator/classic/classic-groups.js';
import type { JoinAnswer, JoinCall, SyncAnswer } from '../group-coordinator/classic/classic-requests.js';
import type { ConsumerGroupBed } from './consumer-group-bed.js';

type Partitions = Record<string, number[]>;

/** A consumer of the classic protocol, cooperative, in the group of a bed. */
export class ClassicConsumer {
  memberId = '';
  generation = -1;
  owned: Partitions = {};

  constructor(
    private readonly bed: ConsumerGroupBed,
    private readonly more: Partial<JoinCall> & { topics?: string[] } = {},
  ) {}

  join(): Promise<JoinAnswer> {
    const { topics = ['orders'], ...more } = this.more;
    const metadata = encodeConsumerProtocolSubscription({
      version: 3,
      topics,
      userData: null,
      ownedPartitions: Object.entries(this.owned).map(([topic, partitions]) => ({ topic, partitions })),
      generationId: this.generation,
      rackId: null,
    });
    const call: JoinCall = {
      memberId: this.memberId,
      instanceId: null,
      clientId: 'classic',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'cooperative-sticky', metadata }],
      reason: null,
      idRequired: false,
      skipsAssignment: true,
      whenGone: () => () => {},
      ...more,
    };
    return new Promise((resolve) => {
      groupToJoin(this.bed.slice.coordinator, 'g', this.memberId).join(call, (answer) => {
        if (answer.code === KafkaErrorCode.NONE) {
          this.memberId = answer.memberId;
          this.generation = answer.generation;
        }
        resolve(answer);
      });
    });
  }

  sync(assignments: ReadonlyMap<string, Partitions> = new Map()): Promise<SyncAnswer> {
    const bytes = [...assignments].map(([memberId, all]) => {
      const assignedPartitions = Object.entries(all).map(([topic, partitions]) => ({ topic, partitions }));
      return [
        memberId,
        encodeConsumerProtocolAssignment({ version: 3, assignedPartitions, userData: null }),
      ] as const;
    });
    return new Promise((resolve) => {
      const { memberId, generation } = this;
      const call = { memberId, generation, protocolType: 'consumer', protocolName: 'cooperative-sticky' };
      const instanceId = this.more.instanceId ?? null;
      classicGroup(this.bed.slice.coordinator, 'g')!.sync(
        { ...call, instanceId, assignments: new Map(bytes) },
        (answer) => {
          if (answer.code === KafkaErrorCode.NONE) this.owned = partitionsOf(answer.assignment);
          resolve(answer);
        },
      );
    });
  }

  heartbeat(): number {
    const group = classicGroup(this.bed.slice.coordinator, 'g')!;
    return group.heartbeat(this.memberId, this.more.instanceId ?? null, this.generation);
  }

  leave(): readonly number[] {
    const group = classicGroup(this.bed.slice.coordinator, 'g')!;
    return group.leave([{ memberId: this.memberId, instanceId: null, reason: null }]);
  }

  /** What a client does after a heartbeat: joins and syncs while it is told to. */
  async follow(): Promise<void> {
    for (let times = 0; times < 10 && this.heartbeat() === KafkaErrorCode.REBALANCE_IN_PROGRESS; times++) {
      await this.join();
      await this.sync();
    }
  }
}

function partitionsOf(assignment: Buffer): Partitions {
  if (assignment.length === 0) return {};
  const { assignedPartitions } = decodeConsumerProtocolAssignment(assignment);
  return Object.fromEntries(assignedPartitions.map(({ topic, partitions }) => [topic, [...partitions]]));
}
