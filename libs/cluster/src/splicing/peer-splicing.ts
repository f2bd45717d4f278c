import { connectOut, type ListenerHooks } from '#libs/transport';
import {
  PeerUnavailable,
  type Splice,
  type SpliceAcceptor,
  type SpliceEvents,
  spliceHeaderBytesMax,
  type Splicing,
} from '../cluster-view.js';
import { type PeerDirectory, reachablePeer } from '../peers/peer-directory.js';
import type { ServedPeers } from '../peers/served-peer.js';
import { OutgoingSplice } from './outgoing-splice.js';

export interface PeerSplicingOptions {
  /** Connections to other gateways that carry clients, over all of them. */
  readonly splicesMax: number;
  readonly authenticationTimeoutMs: number;
  /** Of one splice: above it the client is not read. */
  readonly spliceBufferBytesMax: number;
}

/**
 * Connections of clients to and from the other gateways, each of them a connection between the two gateways: TCP's own
 * windows are the back-pressure, and one that is slow holds up no other.
 */
export class PeerSplicing implements Splicing {
  readonly #splices = new Set<OutgoingSplice>();
  readonly #forget: () => void;

  constructor(
    private readonly options: PeerSplicingOptions,
    private readonly directory: PeerDirectory,
    private readonly served: ServedPeers,
    private readonly hooks: ListenerHooks,
  ) {
    this.#forget = directory.onChange(() => this.#closeGone());
  }

  /** To other gateways, those that are being opened included. */
  get count(): number {
    return this.#splices.size;
  }

  async open(nodeId: number, kind: string, header: Buffer, events: SpliceEvents): Promise<Splice> {
    const { splicesMax, authenticationTimeoutMs, spliceBufferBytesMax } = this.options;
    const { member, secret } = reachablePeer(this.directory, nodeId);
    if (header.length > spliceHeaderBytesMax) {
      throw new PeerUnavailable(nodeId, `${header.length} bytes about a client are too many`);
    }
    if (this.#splices.size >= splicesMax) {
      throw new PeerUnavailable(nodeId, `there are ${splicesMax} connections to other gateways already`);
    }
    const opened = Promise.withResolvers<void>();
    const splice = new OutgoingSplice(member.instance, {
      identity: { secret, selfId: () => this.directory.self.nodeId },
      ...{ kind, header, events },
      onOpen: opened.resolve,
      onEnd: (failure) => {
        this.#splices.delete(splice);
        opened.reject(new PeerUnavailable(nodeId, failure ?? 'it ended'));
      },
    });
    this.#splices.add(splice);
    const options = {
      ...member.internal,
      authenticationTimeoutMs,
      sendBufferBytesMax: spliceBufferBytesMax,
    };
    connectOut(splice, options, this.hooks).then(
      (connection) => splice.connected(connection),
      (error: Error) => splice.abandon(error.message),
    );
    await opened.promise;
    return splice;
  }

  serve(kind: string, accept: SpliceAcceptor): void {
    this.served.serveSplice(kind, accept);
  }

  close(): void {
    this.#forget();
    for (const splice of this.#splices) splice.abandon('this gateway stops');
  }

  #closeGone(): void {
    const there = new Set(this.directory.members().map(({ instance }) => instance));
    for (const splice of this.#splices) if (!there.has(splice.instance)) splice.abandon('it is gone');
  }
}
