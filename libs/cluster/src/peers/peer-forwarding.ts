import type { ListenerHooks } from '#libs/transport';
import { type ForwardedHandler, type Forwarding, PeerUnavailable } from '../cluster-view.js';
import { Peer } from './peer.js';
import { type PeerDirectory, reachablePeer } from './peer-directory.js';
import type { ServedPeers } from './served-peer.js';

export interface PeerForwardingOptions {
  readonly frameBytesMax: number;
  /** Requests to other gateways without an answer, over all of them; and their bytes. */
  readonly requestsMax: number;
  readonly requestBytesMax: number;
  readonly authenticationTimeoutMs: number;
  readonly sendBufferBytesMax: number;
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
    const { member, secret } = reachablePeer(this.directory, nodeId);
    const known = this.#peers.get(member.instance);
    if (known !== undefined) return known;
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
