import type { ListenerHooks } from '#libs/transport';
import { type ForwardedHandler, type Forwarding, PeerUnavailable } from '../cluster-view.js';
import type { Member } from '../member.js';
import { Peer } from './peer.js';
import type { ServedPeers } from './served-peer.js';

export interface PeerForwardingOptions {
  readonly frameBytesMax: number;
  /** Requests to other gateways without an answer, over all of them; and their bytes. */
  readonly requestsMax: number;
  readonly requestBytesMax: number;
  readonly authenticationTimeoutMs: number;
  readonly sendBufferBytesMax: number;
}

/** Who there is to forward to. */
export interface PeerDirectory {
  readonly self: Member;
  members(): readonly Member[];
  /** What the internal listener of a member asks to prove. */
  secretOf(nodeId: number): string | undefined;
  onChange(listener: () => void): () => void;
}

/** Requests to and from the other gateways. */
export class PeerForwarding implements Forwarding {
  /** By instance: a gateway that came back is another one. */
  readonly #peers = new Map<string, Peer>();
  readonly #forget: () => void;
  #requests = 0;
  #requestBytes = 0;

  constructor(
    private readonly options: PeerForwardingOptions,
    private readonly directory: PeerDirectory,
    private readonly served: ServedPeers,
    private readonly hooks: ListenerHooks,
  ) {
    this.#forget = directory.onChange(() => this.#closeGone());
  }

  /** Without an answer at this moment. */
  get requestsInFlight(): number {
    return this.#requests;
  }

  async request(
    nodeId: number,
    kind: string,
    payload: Buffer,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const { requestsMax, requestBytesMax, frameBytesMax } = this.options;
    const peer = this.#peer(nodeId);
    const { length } = payload;
    // What goes around the payload is far less than this.
    if (length > frameBytesMax - 1_024) throw new PeerUnavailable(nodeId, `${length} bytes are too many`);
    if (this.#requests >= requestsMax || this.#requestBytes + length > requestBytesMax) {
      throw new PeerUnavailable(nodeId, 'too much is in flight');
    }
    this.#requests++;
    this.#requestBytes += length;
    try {
      return await peer.request(kind, payload, timeoutMs, signal);
    } finally {
      this.#requests--;
      this.#requestBytes -= length;
    }
  }

  serve(kind: string, handler: ForwardedHandler): void {
    this.served.serve(kind, handler);
  }

  close(): void {
    this.#forget();
    for (const peer of this.#peers.values()) peer.close('this gateway stops');
    this.#peers.clear();
  }

  #peer(nodeId: number): Peer {
    const { self } = this.directory;
    const member = this.directory.members().find((each) => each.nodeId === nodeId);
    if (member === undefined) throw new PeerUnavailable(nodeId, 'it is not there');
    if (member.instance === self.instance) throw new PeerUnavailable(nodeId, 'it is this gateway itself');
    const known = this.#peers.get(member.instance);
    if (known !== undefined) return known;
    const secret = this.directory.secretOf(nodeId);
    if (member.internal.port === 0 || secret === undefined) {
      throw new PeerUnavailable(nodeId, 'it has no internal listener');
    }
    const selfId = () => this.directory.self.nodeId;
    const peer = new Peer(member, { ...this.options, secret, selfId }, this.hooks);
    this.#peers.set(member.instance, peer);
    return peer;
  }

  #closeGone(): void {
    const there = new Set(this.directory.members().map(({ instance }) => instance));
    for (const [instance, peer] of this.#peers) {
      if (there.has(instance)) continue;
      this.#peers.delete(instance);
      peer.close('it is gone');
    }
  }
}
