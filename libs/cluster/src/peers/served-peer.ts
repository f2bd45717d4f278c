import {
  type FrameDecoder,
  type Link,
  MalformedFrame,
  type Protocol,
  type ProtocolConnection,
} from '#libs/transport';
import {
  type ForwardedHandler,
  type Forwarder,
  type SpliceAcceptor,
  spliceHeaderBytesMax,
} from '../cluster-view.js';
import { TakenOverDecoder } from '../splicing/taken-over-decoder.js';
import {
  decodeAnswer,
  decodeRequest,
  decodeSplice,
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

/** The internal listener's side: serves requests and connections of gateways that prove to know the secret. */
export class ServedPeers implements Protocol {
  readonly name = peerProtocolName;
  readonly #handlers = new Map<string, ForwardedHandler>();
  readonly #acceptors = new Map<string, SpliceAcceptor>();

  constructor(private readonly options: ServedPeerOptions) {}

  serve(kind: string, handler: ForwardedHandler): void {
    this.#handlers.set(kind, handler);
  }

  handler(kind: string): ForwardedHandler | undefined {
    return this.#handlers.get(kind);
  }

  serveSplice(kind: string, accept: SpliceAcceptor): void {
    this.#acceptors.set(kind, accept);
  }

  acceptor(kind: string): SpliceAcceptor | undefined {
    return this.#acceptors.get(kind);
  }

  accept(link: Link): ProtocolConnection<unknown> {
    return new ServedPeer(link, this, this.options);
  }
}

/**
 * ```
 *   challenged ──right proof──▶ trusted (serves requests) ──splice──▶ carrying (a protocol's connection from here on)
 *       └──anything else──▶ closed
 * ```
 */
class ServedPeer implements ProtocolConnection<unknown> {
  readonly #frames: PeerFrameDecoder;
  decoder: FrameDecoder<unknown>;
  #carried: ProtocolConnection<unknown> | undefined;
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
    this.#frames = new PeerFrameDecoder(options.frameBytesMax);
    this.decoder = this.#frames;
    link.send(encodeFrame(frameKinds.challenge, this.#challenge));
  }

  onFrame(frame: unknown): void {
    if (this.#carried === undefined) this.#onPeerFrame(frame as PeerFrame);
    else this.#carried.onFrame(frame);
  }

  #onPeerFrame({ kind, body }: PeerFrame): void {
    if (this.#from === undefined) this.#onProof(kind, body);
    else if (kind === frameKinds.request) void this.#onRequest(body, this.#from);
    else if (kind === frameKinds.splice) this.#onSplice(body, this.#from);
    else if (kind === frameKinds.cancel) this.#gone(decodeAnswer(body).id);
    else throw new MalformedFrame('frame-unexpected', `a frame of kind ${kind} instead of a request`);
  }

  onWritable(): void {
    this.#carried?.onWritable();
  }

  onClose(reason: string): void {
    this.#carried?.onClose(reason);
    for (const id of [...this.#serving.keys()]) this.#gone(id);
    for (const resolve of this.#idle) resolve();
  }

  drained(): Promise<void> {
    if (this.#carried !== undefined) return this.#carried.drained();
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
    this.#frames.authenticated();
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

  #onSplice(body: Buffer, from: number): void {
    const { kind, header } = decodeSplice(body);
    const accept = this.peers.acceptor(kind);
    if (accept === undefined || header.length > spliceHeaderBytesMax || this.#requests > 0) {
      throw new MalformedFrame('splice-refused', `a connection of kind ${kind} is not taken here`);
    }
    try {
      this.#carried = accept(this.link, header, from);
    } catch (error) {
      throw new MalformedFrame(
        'splice-refused',
        `a connection is not taken here: ${(error as Error).message}`,
      );
    }
    this.decoder = new TakenOverDecoder(this.#frames.takeRest(), this.#carried.decoder);
  }

  #gone(id: number): void {
    const listeners = this.#serving.get(id);
    this.#serving.delete(id);
    for (const listener of listeners ?? []) listener();
  }
}
