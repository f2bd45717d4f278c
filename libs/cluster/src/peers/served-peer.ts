import { type Link, MalformedFrame, type Protocol, type ProtocolConnection } from '#libs/transport';
import type { ForwardedHandler, Forwarder } from '../cluster-view.js';
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeFrame,
  frameKinds,
  type PeerFrame,
  PeerFrameDecoder,
} from './peer-frame.js';
import { clientMac, decodeProof, isEqualMac, newNonce, serverMac } from './peer-proof.js';

export interface ServedPeerOptions {
  /** What a peer has to prove to know. */
  readonly secret: string;
  /** Of one request or answer. */
  readonly frameBytesMax: number;
  /** Of one connection: what is over it is refused. */
  readonly requestsMax: number;
  readonly requestBytesMax: number;
}

/** More than goes around an answer in its frame. */
const answerOverheadBytes = 64;

/** The protocol's name in logs and metrics. */
export const peerProtocolName = 'cluster';

/** The internal listener's side: serves the requests of gateways that prove to know the secret. */
export class ServedPeers implements Protocol<PeerFrame> {
  readonly name = peerProtocolName;
  readonly #handlers = new Map<string, ForwardedHandler>();

  constructor(private readonly options: ServedPeerOptions) {}

  serve(kind: string, handler: ForwardedHandler): void {
    this.#handlers.set(kind, handler);
  }

  handler(kind: string): ForwardedHandler | undefined {
    return this.#handlers.get(kind);
  }

  accept(link: Link): ProtocolConnection<PeerFrame> {
    return new ServedPeer(link, this, this.options);
  }
}

/**
 * ```
 *   challenged ──right proof──▶ trusted (serves requests)
 *       └──anything else──▶ closed
 * ```
 */
class ServedPeer implements ProtocolConnection<PeerFrame> {
  readonly decoder: PeerFrameDecoder;
  readonly #challenge = newNonce();
  #from: number | undefined;
  /** Of requests that are being served: who wants to know that nobody waits. */
  readonly #serving = new Map<number, Set<() => void>>();
  #requests = 0;
  #requestBytes = 0;
  #idle: (() => void)[] = [];

  constructor(
    private readonly link: Link,
    private readonly peers: ServedPeers,
    private readonly options: ServedPeerOptions,
  ) {
    this.decoder = new PeerFrameDecoder(options.frameBytesMax);
    link.send(encodeFrame(frameKinds.challenge, this.#challenge));
  }

  onFrame({ kind, body }: PeerFrame): void {
    if (this.#from === undefined) this.#onProof(kind, body);
    else if (kind === frameKinds.request) void this.#onRequest(body, this.#from);
    else if (kind === frameKinds.cancel) this.#gone(decodeAnswer(body).id);
    else throw new MalformedFrame('frame-unexpected', `a frame of kind ${kind} instead of a request`);
  }

  onWritable(): void {}

  onClose(): void {
    for (const id of [...this.#serving.keys()]) this.#gone(id);
    for (const resolve of this.#idle) resolve();
  }

  drained(): Promise<void> {
    if (this.#requests === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #onProof(kind: number, body: Buffer): void {
    if (kind !== frameKinds.proof) throw new MalformedFrame('not-a-gateway', 'no proof of the secret');
    const { nodeId, nonce, mac } = decodeProof(body);
    const { secret } = this.options;
    if (!isEqualMac(clientMac(secret, this.#challenge, nodeId, nonce), mac)) {
      this.link.log.fault('secret-not-proved', 'who connected does not know the secret of the gateways');
      this.link.close('secret-not-proved');
      return;
    }
    this.#from = nodeId;
    this.decoder.authenticated();
    this.link.authenticated();
    this.link.send(encodeFrame(frameKinds.welcome, serverMac(secret, this.#challenge, nonce)));
  }

  async #onRequest(body: Buffer, from: number): Promise<void> {
    const { id, kind, payload } = decodeRequest(body);
    const { requestsMax, requestBytesMax } = this.options;
    const listeners = new Set<() => void>();
    const forwarder: Forwarder = {
      nodeId: from,
      whenGone: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    this.#requests++;
    this.#requestBytes += body.length;
    this.#serving.set(id, listeners);
    try {
      if (this.#requests > requestsMax || this.#requestBytes > requestBytesMax)
        throw new Error('too much in flight');
      const handler = this.peers.handler(kind);
      if (handler === undefined) throw new Error(`requests of kind ${kind} are not served`);
      const answer = await handler(payload, forwarder);
      // A frame that the other side does not take ends the connection, and with it everybody's requests.
      if (answer.length > this.options.frameBytesMax - answerOverheadBytes) {
        throw new Error(`an answer of ${answer.length} bytes is too large`);
      }
      this.link.send(encodeAnswer('response', id, answer));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.link.send(encodeAnswer('failure', id, Buffer.from(why)));
    }
    this.#serving.delete(id);
    this.#requestBytes -= body.length;
    if (--this.#requests === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #gone(id: number): void {
    const listeners = this.#serving.get(id);
    this.#serving.delete(id);
    for (const listener of listeners ?? []) listener();
  }
}
