import {
  connectOut,
  type Link,
  type ListenerHooks,
  MalformedFrame,
  type OutgoingConnection,
  type Protocol,
  type ProtocolConnection,
} from '#libs/transport';
import { PeerUnavailable } from '../cluster-view.js';
import type { Member } from '../member.js';
import {
  decodeAnswer,
  encodeCancel,
  encodeRequest,
  frameKinds,
  type PeerFrame,
  PeerFrameDecoder,
} from './peer-frame.js';
import { PeerHandshake, type PeerIdentity } from './peer-handshake.js';
import { peerProtocolName } from './served-peer.js';

export interface PeerOptions extends PeerIdentity {
  readonly frameBytesMax: number;
  readonly authenticationTimeoutMs: number;
  readonly sendBufferBytesMax: number;
}

interface Waiting {
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: PeerUnavailable) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The way to one other gateway: one connection, opened with the first request and again after it ended.
 *
 * ```
 *   idle ──request──▶ connecting ──challenge──▶ proving ──right welcome──▶ open
 *     ▲                   └────────────────────────┴───── closed ─────────┘
 *     └──────── all requests: PeerUnavailable ◀────────────────┘
 * ```
 */
export class Peer implements Protocol<PeerFrame> {
  readonly name = peerProtocolName;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #connecting = false;
  #connection: OutgoingConnection | undefined;
  #open: Link | undefined;
  /** Frames of requests that wait for the connection. */
  #unsent: Buffer[][] = [];
  #closed = false;

  constructor(
    readonly member: Member,
    private readonly options: PeerOptions,
    private readonly hooks: ListenerHooks,
  ) {}

  request(kind: string, payload: Buffer, timeoutMs: number, signal?: AbortSignal): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    if (this.#closed || signal?.aborted) return Promise.reject(this.#unavailable('it is gone'));
    const id = (this.#lastId = (this.#lastId + 1) >>> 0);
    const giveUp = (why: string) => {
      if (this.#take(id) === undefined) return;
      this.#open?.send(encodeCancel(id));
      reject(this.#unavailable(why));
    };
    const timer = setTimeout(() => giveUp(`nothing in ${timeoutMs} ms`), timeoutMs);
    signal?.addEventListener('abort', () => giveUp('nobody waits any more'), { once: true });
    this.#waiting.set(id, { resolve, reject, timer });
    const frame = encodeRequest(id, kind, payload);
    if (this.#open !== undefined) this.#open.send(frame);
    else {
      this.#unsent.push(frame);
      this.#connect();
    }
    return promise;
  }

  /** Nobody is answered any more. */
  close(why: string): void {
    this.#closed = true;
    this.#connection?.destroy(why);
    this.#failAll(why);
  }

  accept(link: Link): ProtocolConnection<PeerFrame> {
    return new PeerConnection(link, this.options, {
      opened: () => this.#opened(link),
      answered: (id, payload) => this.#take(id)?.resolve(payload),
      failed: (id, why) => this.#take(id)?.reject(this.#unavailable(why)),
      closed: (reason) => this.#ended(reason),
    });
  }

  #connect(): void {
    if (this.#connecting || this.#connection !== undefined) return;
    this.#connecting = true;
    const { host, port } = this.member.internal;
    connectOut(this, { host, port, ...this.options }, this.hooks).then(
      (connection) => {
        this.#connecting = false;
        this.#connection = connection;
        if (this.#closed) connection.destroy('gone');
      },
      (error: Error) => {
        this.#connecting = false;
        this.#failAll(error.message);
      },
    );
  }

  #opened(link: Link): void {
    this.#open = link;
    for (const frame of this.#unsent.splice(0)) link.send(frame);
  }

  #ended(reason: string): void {
    this.#open = undefined;
    this.#connection = undefined;
    this.#failAll(reason);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  }

  #failAll(why: string): void {
    this.#unsent = [];
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(this.#unavailable(why));
  }

  #unavailable(why: string): PeerUnavailable {
    return new PeerUnavailable(this.member.nodeId, why);
  }
}

interface PeerEvents {
  opened(): void;
  answered(id: number, payload: Buffer): void;
  failed(id: number, why: string): void;
  closed(reason: string): void;
}

/** The side that connects, from the challenge to the last answer. */
class PeerConnection implements ProtocolConnection<PeerFrame> {
  readonly decoder: PeerFrameDecoder;
  readonly #handshake: PeerHandshake;
  #trusted = false;

  constructor(
    private readonly link: Link,
    options: PeerOptions,
    private readonly events: PeerEvents,
  ) {
    this.decoder = new PeerFrameDecoder(options.frameBytesMax);
    this.#handshake = new PeerHandshake(link, options);
  }

  onFrame(frame: PeerFrame): void {
    if (this.#trusted) this.#onAnswer(frame);
    else if (this.#handshake.onFrame(frame)) this.#onTrusted();
  }

  onWritable(): void {}

  onClose(reason: string): void {
    this.events.closed(reason);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  #onTrusted(): void {
    this.#trusted = true;
    this.decoder.authenticated();
    this.link.authenticated();
    this.events.opened();
  }

  #onAnswer({ kind, body }: PeerFrame): void {
    const { id, payload } = decodeAnswer(body);
    if (kind === frameKinds.response) this.events.answered(id, payload);
    else if (kind === frameKinds.failure) this.events.failed(id, payload.toString());
    else throw new MalformedFrame('frame-unexpected', `a frame of kind ${kind} instead of an answer`);
  }
}
