import { Buffer } from 'node:buffer';

/*
 * What the four APIs of the classic group protocol ask and are answered, whatever their version. A consumer group
 * (KIP-848) with classic members answers the same calls.
 */

/** An assignor or the like that a member supports, with what it tells the leader. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinCall {
  /** Empty: the member has none yet. */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  /** As Kafka shows it: `/192.0.2.7`. */
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** `consumer`, `connect`, ... */
  readonly protocolType: string;
  /** In the order of the member's preference. The buffers may be parts of the request's frame: who keeps them copies. */
  readonly protocols: readonly MemberProtocol[];
  readonly reason: string | null;
  /** v4 and newer: a new dynamic member is given its id first and joins with it (KIP-394). */
  readonly idRequired: boolean;
  /** v9 and newer: a leader that replaced itself can be told so without assigning (KIP-814). */
  readonly skipsAssignment: boolean;
  /** Called once when the client's connection ends; returns the way to cancel. */
  whenGone(listener: () => void): () => void;
}

export interface JoinedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly metadata: Buffer;
}

export interface JoinAnswer {
  readonly code: number;
  readonly memberId: string;
  /** -1 with an error. */
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  /** For the leader only. */
  readonly members: readonly JoinedMember[];
}

export interface SyncCall {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  /** Null before v5. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** From the leader: by member id. The buffers may be parts of the request's frame. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

export interface SyncAnswer {
  readonly code: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

export interface LeavingMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly reason: string | null;
}

/** A group that classic members may take part in. Every call is answered once, at once or later; codes are Kafka's. */
export interface ClassicRequests {
  join(call: JoinCall, answer: (answer: JoinAnswer) => void): void;
  sync(call: SyncCall, answer: (answer: SyncAnswer) => void): void;
  /** Gives the code. */
  heartbeat(memberId: string, instanceId: string | null, generation: number): number;
  /** A code for each, in order. */
  leave(members: readonly LeavingMember[]): readonly number[];
}

export const noBytes: Buffer = Buffer.alloc(0);

/** A join that is refused. */
export function joinRefusal(memberId: string, code: number): JoinAnswer {
  return {
    code,
    memberId,
    generation: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    members: [],
  };
}

export function syncRefusal(code: number): SyncAnswer {
  return { code, protocolType: null, protocolName: null, assignment: noBytes };
}
