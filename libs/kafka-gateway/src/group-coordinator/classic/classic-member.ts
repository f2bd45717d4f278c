import { Buffer } from 'node:buffer';
import { type JoinAnswer, type MemberProtocol, noBytes, type SyncAnswer } from './classic-requests.js';

export interface ClassicMemberFields {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
  readonly assignment?: Buffer;
}

/** One member of a classic group: what it said, what it was given and who waits for an answer. */
export class ClassicMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  /** Copies: nothing here is part of a request's frame. */
  protocols: readonly MemberProtocol[];
  assignment: Buffer;
  /** Set while a JoinGroup of this member waits for the others. */
  joining: ((answer: JoinAnswer) => void) | undefined;
  /** Set while a SyncGroup of this member waits for the leader's assignment and its receipt. */
  syncing: ((answer: SyncAnswer) => void) | undefined;
  /** Until its first generation is complete: the client may not know its id, so its waiting has an end of its own. */
  isNew = false;
  /** When it is taken for gone unless something is heard of it, as the clock's uptime. */
  expiresAt = Number.POSITIVE_INFINITY;

  constructor(fields: ClassicMemberFields) {
    this.memberId = fields.memberId;
    this.instanceId = fields.instanceId;
    this.clientId = fields.clientId;
    this.clientHost = fields.clientHost;
    this.sessionTimeoutMs = fields.sessionTimeoutMs;
    this.rebalanceTimeoutMs = fields.rebalanceTimeoutMs;
    this.protocols = fields.protocols;
    this.assignment = fields.assignment ?? noBytes;
  }

  /** Who waits for an answer need not send heartbeats, unless it may have gone without knowing its id. */
  get mayExpire(): boolean {
    return this.isNew || (this.joining === undefined && this.syncing === undefined);
  }

  /** Bytes of what clients chose that are kept of it. */
  get bytes(): number {
    const { memberId, clientId, instanceId, assignment, protocols } = this;
    return (
      memberId.length +
      clientId.length +
      (instanceId?.length ?? 0) +
      assignment.length +
      protocolBytes(protocols)
    );
  }

  /** The same protocols with the same metadata in the same order. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    return (
      this.protocols.length === protocols.length &&
      this.protocols.every(({ name, metadata }, index) => {
        const other = protocols[index]!;
        return name === other.name && metadata.equals(other.metadata);
      })
    );
  }

  /** Empty where the member does not have the protocol. */
  metadata(protocolName: string | null): Buffer {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? noBytes;
  }

  /** The first of its protocols that all members have. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.protocols.find(({ name }) => candidates.has(name))?.name;
  }
}

export function protocolBytes(protocols: readonly MemberProtocol[]): number {
  let bytes = 0;
  for (const { name, metadata } of protocols) bytes += name.length + metadata.length;
  return bytes;
}

/** For what outlives the request: with a buffer of its own, since a part of a frame or of a pool keeps the whole of it. */
export function ownedProtocols(protocols: readonly MemberProtocol[]): MemberProtocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: ownedBytes(metadata) }));
}

export function ownedBytes(bytes: Buffer): Buffer {
  if (bytes.length === 0) return noBytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** How many names one log line has room for. */
const namesMax = 5;

/** For a log line. */
export function namesOf(members: readonly ClassicMember[]): string {
  const names = members.slice(0, namesMax).map(({ memberId }) => memberId);
  return names.join(', ') + (members.length > namesMax ? ` and ${members.length - namesMax} more` : '');
}
