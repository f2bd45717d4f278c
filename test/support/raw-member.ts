// A member of a classic group that keeps to the protocol and notes what it was told: for groups of many, and in trouble.
import { setTimeout as delay } from 'node:timers/promises';
import {
  decodeConsumerProtocolAssignment,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  findCoordinatorApi,
  heartbeatApi,
  isRetriable,
  type JoinGroupResponse,
  joinGroupApi,
  KafkaErrorCode as code,
  kafkaErrorName,
  leaveGroupApi,
  offsetCommitApi,
  syncGroupApi,
} from '#libs/kafka-codec';
import { KafkaSocket } from './kafka-socket.js';

export interface RawMemberOptions {
  /** Gateways, as `host:port`. */
  readonly bootstrap: readonly string[];
  readonly groupId: string;
  readonly topic: string;
  readonly partitions: number;
  readonly clientId?: string;
  readonly instanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /** `host:port` of the one gateway that it knows, whoever coordinates. */
  readonly through?: string;
  /** False: sends heartbeats, and never SyncGroup. */
  readonly syncs?: boolean;
}

/** A generation that the member was given its part of. */
export interface Generation {
  readonly generation: number;
  readonly memberId: string;
  readonly assigned: readonly number[];
  /** `performance.now()` */
  readonly at: number;
}

/** Between two attempts to find the coordinator. */
const retryMs = 50;

export class RawMember {
  readonly generations: Generation[] = [];
  /** Names of codes, and how connections failed -> how often. */
  readonly refusals = new Map<string, number>();
  memberId = '';
  readonly #options: Required<Omit<RawMemberOptions, 'instanceId' | 'through'>> & {
    readonly instanceId: string | null;
    readonly through?: string;
  };
  #socket: KafkaSocket | undefined;
  #farewell: Promise<unknown> | undefined;
  /** The generation that it sends heartbeats in. */
  #within: number | undefined;
  #stopped = false;
  #stop = () => {};
  readonly #stopping: Promise<void>;
  readonly ended: Promise<void>;

  constructor(options: RawMemberOptions) {
    this.#options = {
      clientId: 'member',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 30_000,
      heartbeatMs: 500,
      syncs: true,
      ...options,
      instanceId: options.instanceId ?? null,
    };
    this.#stopping = new Promise((resolve) => {
      this.#stop = resolve;
    });
    this.ended = this.#live();
  }

  /** The last generation that it was given its part of. */
  get latest(): Generation | undefined {
    return this.generations.at(-1);
  }

  /** Ends as a process that dies. */
  async crash(): Promise<void> {
    this.#halt();
    this.#socket?.destroy();
    await this.ended;
  }

  /** Says that it goes. */
  async leave(): Promise<void> {
    const { groupId } = this.#options;
    this.#farewell = this.#socket?.call(leaveGroupApi, 4, {
      groupId,
      members: [{ memberId: this.memberId }],
    });
    this.#halt();
    await this.ended;
  }

  /** Gives the code, of this member in its last generation unless another is named. */
  async commit(offset: number, generation = this.latest!.generation, partition = 0): Promise<number> {
    const { groupId, topic } = this.#options;
    const { topics } = await this.#socket!.call(offsetCommitApi, 8, {
      ...{ groupId, memberId: this.memberId, generationIdOrMemberEpoch: generation },
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, committedOffset: BigInt(offset) }] }],
    });
    return topics[0]!.partitions[0]!.errorCode;
  }

  #halt(): void {
    this.#stopped = true;
    this.#stop();
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#socket = await this.#coordinator();
        while (!this.#stopped) await this.#takePart(this.#socket);
      } catch (error) {
        this.#failed(error);
      }
      await this.#farewell?.catch(() => {});
      this.#socket?.destroy();
      if (!this.#stopped) await this.#pause(retryMs);
    }
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    if (!(error instanceof Refusal)) this.#note((error as Error).message);
    else if (!isRetriable(error.code)) this.#halt();
  }

  #note(what: string): void {
    this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
  }

  /** A connection to whom some gateway names. */
  async #coordinator(): Promise<KafkaSocket> {
    const { bootstrap, groupId, clientId, through } = this.#options;
    if (through !== undefined) return KafkaSocket.open(through, clientId);
    const asked = await KafkaSocket.open(bootstrap[Math.floor(Math.random() * bootstrap.length)]!, clientId);
    try {
      const found = await asked.call(findCoordinatorApi, 3, { key: groupId });
      this.#begunAnew(found.errorCode);
      return await KafkaSocket.open(`${found.host}:${found.port}`, clientId);
    } finally {
      asked.destroy();
    }
  }

  /** One generation: joins, takes its part, and is in it until something changes; on another connection too. */
  async #takePart(socket: KafkaSocket): Promise<void> {
    const { groupId, instanceId, heartbeatMs } = this.#options;
    this.#within ??= await this.#begin(socket);
    const { memberId } = this;
    while (!this.#stopped && this.#within !== undefined) {
      await this.#pause(heartbeatMs);
      if (this.#stopped) return;
      const who = { groupId, memberId, groupInstanceId: instanceId, generationId: this.#within };
      const { errorCode } = await socket.call(heartbeatApi, 4, who);
      if (this.#begunAnew(errorCode)) this.#within = undefined;
    }
  }

  /** Gives the generation; undefined when it has to begin once more. */
  async #begin(socket: KafkaSocket): Promise<number | undefined> {
    const joined = await this.#join(socket);
    if (joined === undefined) return undefined;
    const { groupId, instanceId, syncs } = this.#options;
    const { generationId, memberId } = joined;
    const who = { groupId, memberId, groupInstanceId: instanceId, generationId };
    if (syncs) {
      const synced = await socket.call(syncGroupApi, 4, { ...who, assignments: this.#assignments(joined) });
      if (this.#begunAnew(synced.errorCode)) return undefined;
      const assigned = synced.assignment.length === 0 ? [] : partitionsOf(synced.assignment);
      this.generations.push({ generation: generationId, memberId, assigned, at: performance.now() });
    }
    return generationId;
  }

  async #join(socket: KafkaSocket): Promise<JoinGroupResponse | undefined> {
    const { groupId, instanceId, topic, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const metadata = encodeConsumerProtocolSubscription({
      ...{ version: 1, topics: [topic], userData: null, ownedPartitions: [], generationId: -1, rackId: null },
    });
    const joined = await socket.call(joinGroupApi, 7, {
      ...{ groupId, memberId: this.memberId, groupInstanceId: instanceId },
      ...{ sessionTimeoutMs, rebalanceTimeoutMs, protocolType: 'consumer' },
      protocols: [{ name: 'round', metadata }],
    });
    if (joined.errorCode === code.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId;
      return undefined;
    }
    if (this.#begunAnew(joined.errorCode)) return undefined;
    this.memberId = joined.memberId;
    return joined;
  }

  /** Whether the member has to join again. @throws Refusal when the coordinator has to be found again, or for good */
  #begunAnew(errorCode: number): boolean {
    if (errorCode === code.NONE) return false;
    this.#note(kafkaErrorName(errorCode));
    if (errorCode === code.REBALANCE_IN_PROGRESS || errorCode === code.ILLEGAL_GENERATION) return true;
    if (errorCode === code.UNKNOWN_MEMBER_ID) {
      this.memberId = '';
      return true;
    }
    throw new Refusal(errorCode);
  }

  /** By the leader: partition p is of member p modulo their number. */
  #assignments({ leader, memberId, members }: JoinGroupResponse) {
    if (leader !== memberId) return [];
    const { topic, partitions } = this.#options;
    const parts = new Map(members.map((each) => [each.memberId, [] as number[]]));
    const ids = [...parts.keys()].sort();
    for (let partition = 0; partition < partitions; partition++) {
      parts.get(ids[partition % ids.length]!)!.push(partition);
    }
    return [...parts].map(([id, own]) => ({
      memberId: id,
      assignment: encodeConsumerProtocolAssignment({
        ...{ version: 0, userData: null, assignedPartitions: [{ topic, partitions: own }] },
      }),
    }));
  }

  #pause(ms: number): Promise<void> {
    return Promise.race([delay(ms, undefined, { ref: false }), this.#stopping]);
  }
}

class Refusal extends Error {
  constructor(readonly code: number) {
    super(kafkaErrorName(code));
  }
}

function partitionsOf(assignment: Buffer): number[] {
  return decodeConsumerProtocolAssignment(assignment).assignedPartitions.flatMap(({ partitions }) => [
    ...partitions,
  ]);
}

/** Resolves when all are in one generation that has each partition once; gives it. */
export async function untilSettled(
  members: readonly RawMember[],
  partitions: number,
  timeoutMs = 30_000,
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const generations = new Set(members.map(({ latest }) => latest?.generation));
    const owned = members.flatMap(({ latest }) => latest?.assigned ?? []);
    if (generations.size === 1 && owned.length === partitions && new Set(owned).size === partitions) {
      return [...generations][0]!;
    }
    if (performance.now() > deadline) {
      const refusals = members.map(
        ({ refusals, memberId }) => `${memberId}: ${JSON.stringify([...refusals])}`,
      );
      throw new Error(
        `not settled: generations ${[...generations]}, ${owned.length} partitions\n${refusals.slice(0, 10).join('\n')}`,
      );
    }
    await delay(10);
  }
}
