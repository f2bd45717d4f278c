import type { Duplex } from 'node:stream';
import type { ConnectionLog, ProtocolCounters } from '#libs/telemetry';
import { isMalformedFrame } from './malformed-frame.js';
import {
  type Link,
  type ListenerInfo,
  MalformedFrame,
  type PeerInfo,
  type Protocol,
  type ProtocolConnection,
} from './protocol.js';
import { guessProtocol } from './wrong-protocol.js';

export interface TransportOptions {
  readonly id: string;
  readonly peer: PeerInfo;
  readonly listener: ListenerInfo;
  readonly log: ConnectionLog;
  readonly counters: ProtocolCounters;
  /** What is left of the time to authenticate. */
  readonly authenticationTimeoutMs: number;
  readonly sendBufferBytesMax: number;
  /** `checkIdle` looks only for clients that do not read. */
  readonly silenceAllowed?: boolean;
  onAuthenticated?(): void;
  onClosed?(transport: Transport, reason: string): void;
}

/** After `close`: how long the client may take to read what was flushed and to end its side. */
const lingerTimeoutMs = 2_000;
const prefixBytes = 8;
/** `checkIdle` calls without a byte until a connection counts as idle. */
export const idleChecksMax = 4;
const nothing = Buffer.alloc(0);
const noFrames: readonly unknown[] = [];

/**
 * One socket and its protocol connection, joined: bytes in, frames to the protocol, bytes out, with back-pressure both
 * ways. Works over any Duplex, so protocols are tested without a port.
 *
 *     open --close()--> closing (flushes, reads and discards) --socket closed--> closed
 *     open --fault, destroy()--------------------------------------------------> closed
 *
 * Reading stops while anyone wants it to: the protocol (`pause`), a full send buffer, a drain. Nothing is read into
 * memory meanwhile but what Node's stream holds (64 KiB) and the frames of the last read.
 */
export class Transport implements Link {
  readonly id: string;
  readonly peer: PeerInfo;
  readonly listener: ListenerInfo;
  readonly log: ConnectionLog;
  readonly #options: TransportOptions;
  readonly #socket: Duplex;
  readonly #counters: ProtocolCounters;
  readonly #connection: ProtocolConnection<unknown> | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #closeReason = 'client-closed';
  #timer: NodeJS.Timeout | undefined;
  #authenticated = false;

  #pauses = 0;
  #held = noFrames;
  #heldFrom = 0;
  #delivering = false;
  #pumpScheduled = false;
  #ended = false;
  #prefix: Buffer | undefined;

  #corked = false;
  #stalled = false;
  #sentBytes = 0;
  /** Who waits for bytes to leave, in their order; a stream that is destroyed in the middle of a write tells nobody. */
  readonly #unflushed: (() => void)[] = [];
  #draining = false;

  #heard = false;
  #flushedBytesSeen = 0;
  #quietChecks = 0;

  constructor(socket: Duplex, protocol: Protocol, options: TransportOptions) {
    this.#socket = socket;
    this.#options = options;
    this.id = options.id;
    this.peer = options.peer;
    this.listener = options.listener;
    this.log = options.log;
    this.#counters = options.counters;
    this.#counters.connectionsOpened++;
    this.#counters.connectionsOpen++;
    this.#timer = setTimeout(() => this.#onAuthenticationTimeout(), options.authenticationTimeoutMs).unref();
    socket.on('close', () => this.#onSocketClose());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onSocketError(error));
    try {
      this.#connection = protocol.accept(this);
    } catch (error) {
      this.#fail(error, 'the protocol could not take the connection');
      return;
    }
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('end', () => this.#onEnd());
    // A protocol may pause in `accept`; attaching 'data' has set the stream going.
    if (this.#pauses > 0) socket.pause();
  }

  get sendBufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** The protocol's side, for tests. */
  get connection(): ProtocolConnection<unknown> | undefined {
    return this.#connection;
  }

  send(bytes: Buffer | readonly Buffer[], onFlushed?: () => void): boolean {
    if (this.#state !== 'open') {
      onFlushed?.();
      return false;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(uncork, this);
    }
    const parts = Buffer.isBuffer(bytes) ? [bytes] : bytes;
    const last = parts.length - 1;
    for (let index = 0; index < last; index++) this.#write(parts[index]!);
    this.#write(parts[last] ?? nothing, onFlushed);
    return !this.#stalled;
  }

  pause(): void {
    if (this.#pauses++ === 0) this.#socket.pause();
  }

  resume(): void {
    if (this.#pauses === 0 || --this.#pauses > 0) return;
    this.#schedulePump();
  }

  authenticated(): void {
    if (this.#authenticated || this.#state !== 'open') return;
    this.#authenticated = true;
    clearTimeout(this.#timer);
    this.#options.onAuthenticated?.();
  }

  close(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closeReason = reason;
    this.#held = noFrames;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), lingerTimeoutMs).unref();
    this.#socket.end();
    // What still comes is read and dropped: closing a socket with unread bytes makes the kernel send a reset, which
    // can take our last answer away from the client before it has read it.
    this.#socket.resume();
  }

  /** Ends the connection at once, without flushing. */
  destroy(reason: string): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open') this.#closeReason = reason;
    this.#state = 'closing';
    this.#held = noFrames;
    this.#socket.destroy();
  }

  /** Takes no more frames, waits until the protocol has answered what it has, then closes. */
  async drain(reason: string): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    if (this.#state === 'open' && this.#connection !== undefined) {
      this.pause();
      try {
        await this.#connection.drained();
      } catch (error) {
        this.#fail(error, 'the protocol could not drain the connection');
      }
      this.close(reason);
    }
    await this.closed();
  }

  /** Resolves when the socket is gone. */
  closed(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('close', resolve));
  }

  /**
   * Called by the listener's sweep, `idleChecksMax` times per idle timeout; so no timer is touched per byte. A client
   * whose reading we stopped ourselves is not idle; one that leaves a full send buffer unread is.
   */
  checkIdle(): void {
    if (!this.#authenticated || this.#state !== 'open') return;
    const flushedBytes = this.#sentBytes - this.#socket.writableLength;
    const moved = this.#heard || flushedBytes !== this.#flushedBytesSeen;
    const heldByUs = this.#pauses > 0 && !this.#stalled;
    this.#heard = false;
    this.#flushedBytesSeen = flushedBytes;
    if (moved || heldByUs || (this.#options.silenceAllowed && !this.#stalled)) {
      this.#quietChecks = 0;
    } else if (++this.#quietChecks >= idleChecksMax) {
      this.#onIdle();
    }
  }

  /** Called once per turn by `uncork`. */
  flush(): void {
    this.#corked = false;
    this.#socket.uncork();
  }

  #write(bytes: Buffer, onFlushed?: () => void): void {
    if (bytes.length === 0) {
      onFlushed?.();
      return;
    }
    if (onFlushed !== undefined) this.#unflushed.push(onFlushed);
    this.#sentBytes += bytes.length;
    this.#counters.sentBytes += bytes.length;
    if (this.#socket.writableLength + bytes.length <= this.#options.sendBufferBytesMax) {
      if (onFlushed === undefined) this.#socket.write(bytes);
      else this.#socket.write(bytes, () => this.#unflushed.shift()?.());
      return;
    }
    if (!this.#stalled) {
      this.#stalled = true;
      this.pause();
    }
    // Only writes above the mark carry a callback; the last of them always runs with little or nothing left.
    this.#socket.write(bytes, () => {
      if (onFlushed !== undefined) this.#unflushed.shift()?.();
      this.#onFlushed();
    });
  }

  #onFlushed(): void {
    if (!this.#stalled || this.#state !== 'open') return;
    if (this.#socket.writableLength > this.#options.sendBufferBytesMax / 2) return;
    this.#stalled = false;
    this.resume();
    this.#guard(() => this.#connection?.onWritable());
  }

  #onData(bytes: Buffer): void {
    this.#counters.receivedBytes += bytes.length;
    if (this.#state !== 'open') return;
    this.#heard = true;
    this.#prefix ??= Buffer.from(bytes.subarray(0, prefixBytes));
    this.#decode(bytes);
    this.#decodeHeldBack();
  }

  /** @returns whether there were frames */
  #decode(bytes: Buffer): boolean {
    let frames: readonly unknown[];
    try {
      frames = this.#connection!.decoder.push(bytes);
    } catch (error) {
      if (isMalformedFrame(error)) this.#onMalformed(error);
      else this.#fail(error, 'the decoder failed on bytes from the client');
      return false;
    }
    this.#deliver(frames, 0);
    return frames.length > 0;
  }

  #decodeHeldBack(): void {
    while (this.#state === 'open' && this.#pauses === 0 && this.#connection!.decoder.holdsBack) {
      if (!this.#decode(nothing)) return;
    }
  }

  #deliver(frames: readonly unknown[], from: number): void {
    let next = from;
    this.#delivering = true;
    try {
      while (next < frames.length && this.#pauses === 0 && this.#state === 'open') {
        this.#connection!.onFrame(frames[next++]);
      }
    } catch (error) {
      if (isMalformedFrame(error)) this.#onMalformed(error);
      else this.#fail(error, 'the protocol failed on a frame');
    }
    this.#delivering = false;
    if (this.#state === 'open' && next < frames.length) {
      this.#held = frames;
      this.#heldFrom = next;
    } else {
      this.#held = noFrames;
    }
  }

  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    // Not at once: `resume` is called from deep inside the protocol, which does not expect its next frame there.
    process.nextTick(pump, this);
  }

  /** Goes on after a pause: first the frames that were held, then the socket. */
  pump(): void {
    this.#pumpScheduled = false;
    if (this.#state !== 'open' || this.#pauses > 0 || this.#delivering) return;
    if (this.#held.length > 0) this.#deliver(this.#held, this.#heldFrom);
    this.#decodeHeldBack();
    if (this.#state !== 'open' || this.#pauses > 0) return;
    if (this.#ended) this.close('client-closed');
    else this.#socket.resume();
  }

  #onEnd(): void {
    this.#ended = true;
    // What waits for a resume came before the end, and is still served.
    if (this.#held.length === 0 && !(this.#pauses > 0 && this.#connection!.decoder.holdsBack)) {
      this.close('client-closed');
    }
  }

  #onMalformed(error: Error & { code: string }): void {
    this.#counters.malformed++;
    const guess = this.#prefix === undefined ? undefined : guessProtocol(this.#prefix);
    this.log.fault(
      'malformed-frame',
      guess === undefined ? error.message : `${error.message}; looks like ${guess}`,
      { code: error.code },
    );
    this.close('malformed-frame');
  }

  #fail(error: unknown, message: string): void {
    this.#counters.failures++;
    this.log.failure(error, message);
    this.destroy('internal-error');
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#fail(error, 'the protocol failed');
    }
  }

  #onAuthenticationTimeout(): void {
    this.#counters.authTimeouts++;
    const heard = this.#prefix === undefined ? 'sent nothing' : 'did not authenticate';
    this.log.fault('authentication-timeout', `the client ${heard} in time`);
    this.destroy('authentication-timeout');
  }

  #onIdle(): void {
    if (this.#stalled) {
      this.#counters.sendStalls++;
      this.log.fault('send-stalled', 'the client does not read what it is sent', {
        bytes: this.#socket.writableLength,
      });
      this.destroy('send-stalled');
      return;
    }
    this.#counters.idleTimeouts++;
    this.close('idle-timeout');
  }

  #onSocketError(error: NodeJS.ErrnoException): void {
    if (error instanceof MalformedFrame) {
      this.#counters.malformed++;
      this.log.fault('malformed-frame', error.message, { code: error.code });
      if (this.#state === 'open') this.#closeReason = 'malformed-frame';
      return;
    }
    const gone = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    if (this.#state === 'open') this.#closeReason = gone ? 'connection-reset' : 'socket-error';
    this.log.debug('connection.error', error.message, { code: error.code });
  }

  #onSocketClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#held = noFrames;
    clearTimeout(this.#timer);
    this.#counters.connectionsOpen--;
    this.#guard(() => this.#connection?.onClose(this.#closeReason));
    for (const onFlushed of this.#unflushed.splice(0)) this.#guard(onFlushed);
    this.log.debug('connection.closed', `closed: ${this.#closeReason}`);
    this.#options.onClosed?.(this, this.#closeReason);
  }
}

function uncork(transport: Transport): void {
  transport.flush();
}

function pump(transport: Transport): void {
  transport.pump();
}
