import type { Buffer } from 'node:buffer';
import type { Link, ProtocolConnection } from '#libs/transport';
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

/** What a splice tells the one who opened it. */
export interface SpliceEvents {
  /** In order. The bytes are a view on what came: keep a copy. */
  onBytes(bytes: Buffer): void;
  /** After a `send` that answered false. */
  onWritable(): void;
  /** Once; nothing follows. */
  onClose(reason: string): void;
}

/** A connection of a client, carried on to another gateway: bytes both ways. After its end all methods do nothing. */
export interface Splice {
  /** The bytes belong to the splice from then on. False: no more until `onWritable`. */
  send(bytes: Buffer): boolean;
  /** Stops `onBytes`. Counted, as those of a `Link`. */
  pause(): void;
  resume(): void;
  /** Sends what is on its way, then ends it. `onClose` follows. */
  close(reason: string): void;
}

/**
 * Takes a connection that another gateway carried here. The link is that of the other gateway: what it says of the peer is
 * said of the gateway, and `header` is what there is to know of the client.
 *
 * @param header a view on what came: keep a copy
 * @throws when it cannot be taken: it is closed
 */
export type SpliceAcceptor = (link: Link, header: Buffer, from: number) => ProtocolConnection<unknown>;

/** Connections from gateway to gateway, over the internal listener: each is a connection of its own there. */
export interface Splicing {
  /**
   * Resolves when the other gateway has proved who it is and `header` is on its way.
   *
   * @param header at most {@link spliceHeaderBytesMax}
   * @throws PeerUnavailable
   */
  open(nodeId: number, kind: string, header: Buffer, events: SpliceEvents): Promise<Splice>;
  /** One acceptor per kind. */
  serve(kind: string, accept: SpliceAcceptor): void;
}

/** What is told of a client together with its connection. */
export const spliceHeaderBytesMax = 65_536;

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
  readonly splicing: Splicing;
}
