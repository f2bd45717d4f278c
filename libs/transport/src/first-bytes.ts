import { Buffer } from 'node:buffer';
import {
  type FrameDecoder,
  type Link,
  MalformedFrame,
  type Protocol,
  type ProtocolConnection,
  type WebSocketProfile,
} from './protocol.js';

/** A protocol, and the bytes that its clients begin with. */
export interface BeginningProtocol {
  readonly beginnings: readonly Buffer[];
  readonly protocol: Protocol;
}

export interface FirstBytesOptions {
  readonly name: string;
  /** No beginning is the start of another. */
  readonly protocols: readonly BeginningProtocol[];
  /** What a client is told that begins as none of them does, before it is closed. */
  readonly refusal: Buffer;
}

const nothing = Buffer.alloc(0);
const noFrames: readonly never[] = [];

/** Several protocols on one port: the client's first bytes choose, and are part of what the chosen one reads. */
export class FirstBytesProtocol implements Protocol {
  readonly name: string;
  /** Of the first that has one. */
  readonly websocket?: WebSocketProfile;

  constructor(private readonly options: FirstBytesOptions) {
    this.name = options.name;
    const profile = options.protocols.find(({ protocol }) => protocol.websocket)?.protocol.websocket;
    if (profile !== undefined) this.websocket = profile;
  }

  accept(link: Link): ProtocolConnection<unknown> {
    return new FirstBytesConnection(link, this.options);
  }
}

/**
 *     choosing (holds less than a beginning) ── first bytes ──▶ chosen (all is passed on)
 *         └── other bytes ──▶ refused
 */
class FirstBytesConnection implements ProtocolConnection<unknown>, FrameDecoder<unknown> {
  #held = nothing;
  #chosen: ProtocolConnection<unknown> | undefined;

  constructor(
    private readonly link: Link,
    private readonly options: FirstBytesOptions,
  ) {}

  get decoder(): FrameDecoder<unknown> {
    return this.#chosen?.decoder ?? this;
  }

  /** The decoder until one is chosen. */
  push(bytes: Buffer): readonly unknown[] {
    const first = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const chosen = this.#choose(first);
    if (chosen === undefined) {
      this.#held = Buffer.from(first);
      return noFrames;
    }
    this.#held = nothing;
    this.link.log.speaks(chosen.name);
    this.#chosen = chosen.accept(this.link);
    return this.#chosen.decoder.push(first);
  }

  onFrame(frame: unknown): void {
    this.#chosen!.onFrame(frame);
  }

  onWritable(): void {
    this.#chosen?.onWritable();
  }

  onClose(reason: string): void {
    this.#chosen?.onClose(reason);
  }

  drained(): Promise<void> {
    return this.#chosen?.drained() ?? Promise.resolve();
  }

  /** Undefined: it may still become one. @throws MalformedFrame it is none */
  #choose(first: Buffer): Protocol | undefined {
    let possible = false;
    for (const { beginnings, protocol } of this.options.protocols) {
      for (const beginning of beginnings) {
        const bytes = Math.min(first.length, beginning.length);
        if (beginning.compare(first, 0, bytes, 0, bytes) !== 0) continue;
        if (bytes === beginning.length) return protocol;
        possible = true;
      }
    }
    if (possible) return undefined;
    this.link.send(Buffer.from(this.options.refusal));
    throw new MalformedFrame('unknown-protocol', `not how a client of ${this.options.name} begins`);
  }
}
