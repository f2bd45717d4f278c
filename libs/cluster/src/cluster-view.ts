import type { Buffer } from 'node:buffer';
import type { Member } from './member.js';

/** A request that another gateway did not answer; nobody knows whether it acted on it. Trying again may help. */
export class PeerUnavailable extends Error {
  override readonly name = 'PeerUnavailable';
  readonly retriable = true;

  constructor(
    readonly nodeId: number,
    why: string,
  ) {
    super(`gateway ${nodeId} did not answer: ${why}`);
  }
}

/** Where a forwarded request came from. */
export interface Forwarder {
  readonly nodeId: number;
  /** Calls once when nobody waits for the answer any more. Returns the way to cancel. */
  whenGone(listener: () => void): () => void;
}

/** Answers requests of one kind that other gateways send. What it throws becomes `PeerUnavailable` there. */
export type ForwardedHandler = (payload: Buffer, from: Forwarder) => Promise<Buffer>;

/** Requests from gateway to gateway, over the internal listener. */
export interface Forwarding {
  /**
   * One request to a live member and its answer. Bounded in number and bytes. Aborted, the member is told that nobody
   * waits.
   *
   * @throws PeerUnavailable
   */
  request(
    nodeId: number,
    kind: string,
    payload: Buffer,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Buffer>;
  /** One handler per kind. */
  serve(kind: string, handler: ForwardedHandler): void;
}

/** What a protocol sees of the other gateways. */
export interface ClusterView {
  /** This process; another object when its node id or listeners become known. */
  readonly self: Member;
  /** `tenant/namespace` that holds the gateways' own state. */
  readonly stateNamespace: string;
  /** Grows by one with each change of members: what is computed from them is kept as long as it stays. */
  readonly version: number;
  /** Those that are known to live, self included, by node id; self alone until others are known. */
  members(): readonly Member[];
  /** Called after each change of `members()`. Returns the way to cancel. */
  onChange(listener: () => void): () => void;
  /** The member that is preferred for a key; the same on all gateways that see the same members. */
  nodeOf(key: string): Member;
  /** Tells all other gateways, soon and once; a gateway that is not there now is never told. */
  announce(kind: string, payload: string): void;
  onAnnouncement(kind: string, listener: (payload: string, from: number) => void): () => void;
  readonly forwarding: Forwarding;
}
