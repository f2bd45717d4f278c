import { GroupOffsets, type OffsetCount } from './group-offsets.js';
import type { GroupRecord } from './group-record.js';

/** What a group is beside its offsets: its members and who reads what. */
export interface GroupProtocol {
  /** As ListGroups v5 says it. */
  readonly type: 'classic' | 'consumer';
  /** As DescribeGroups and ListGroups say it: `Stable`, `Empty`, ... */
  readonly stateName: string;
  /** `consumer` for consumers; empty where no member has said. */
  readonly protocolType: string;
  readonly memberCount: number;
  /** About what is kept of what its members say and are assigned. */
  readonly memberBytes: number;
  /** Since when there are no members, in ms since 1970; undefined while there are. Persisted: offsets expire by it. */
  readonly emptySince: number | undefined;
  /**
   * Kafka's code for an offset commit by this member; 0 when it may. `generationOrEpoch` is -1 and `memberId` empty where
   * the client named none (admin tools, simple consumers).
   */
  checkCommit(
    memberId: string,
    instanceId: string | null,
    generationOrEpoch: number,
    apiVersion: number,
  ): number;
  /** The same for OffsetFetch v9 and newer, which names a member; 0 when it may. */
  checkFetch(memberId: string | null, memberEpoch: number): number;
  /** Called when a commit of this member was accepted: a sign of life where the protocol counts it as one. */
  committed?(memberId: string): void;
  /** Topics that members subscribe to; undefined when unknown. OffsetDelete and expiry look at it. */
  subscribedTopics(): ReadonlySet<string> | undefined;
  /** Tombstones of all its records. */
  tombstones(): GroupRecord[];
  /** The slice is no longer ours, or the group is deleted: answer everybody who waits with the code, stop timers. */
  close(code: number): void;
}

/** One consumer group, as its coordinator holds it. */
export class Group {
  readonly offsets: GroupOffsets;
  /** Undefined: nobody ever joined, it only has offsets. */
  protocol: GroupProtocol | undefined;

  constructor(
    readonly id: string,
    count?: OffsetCount,
  ) {
    this.offsets = new GroupOffsets(id, count);
  }

  get memberCount(): number {
    return this.protocol?.memberCount ?? 0;
  }

  /** A group that only has offsets is, as in Kafka, a classic one without protocol. */
  get type(): GroupProtocol['type'] {
    return this.protocol?.type ?? 'classic';
  }

  get stateName(): string {
    return this.protocol?.stateName ?? 'Empty';
  }

  get protocolType(): string {
    return this.protocol?.protocolType ?? '';
  }

  /** Whether members read the topic; of members whose topics are not known it is taken that they do. */
  isSubscribed(topic: string): boolean {
    if (this.protocol === undefined) return false;
    return this.protocol.subscribedTopics()?.has(topic) ?? this.protocol.memberCount > 0;
  }
}
