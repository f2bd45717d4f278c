import { Buffer } from 'node:buffer';
import {
  type TransferHead,
  transferHeadBytesMax,
  writeTransferContinuation,
  writeTransferHead,
} from '#libs/amqp-codec';
import type { OutgoingDelivery } from '../node.js';

/** Payloads of more bytes in one part go out as they are; smaller ones are cheaper copied. */
const copiedPartBytesMax = 4_096;
const slabBytes = 64 * 1024;
/** What is left of a slab is worth keeping from so many bytes on. */
const spareBytesMin = 2_048;
/** So many bytes do not wait for the end of the turn. */
const flushedAtBytes = 64 * 1024;

/** What is left of a slab that nobody writes to at present; one for the process, which writes to one at a time mostly. */
let spare: Buffer | undefined;

/** Where frames go. */
export interface FrameLink {
  send(frames: Buffer | readonly Buffer[], onFlushed?: () => void): boolean;
}

/** How far a delivery was written that may take several frames. */
export interface DeliveryCursor {
  readonly head: TransferHead;
  readonly content: Pick<OutgoingDelivery, 'parts' | 'bytes'>;
  /** Of the message, written already. */
  bytesWritten: number;
  /** Where that is in its parts. */
  part: number;
  partOffset: number;
}

/**
 * Gathers the frames that a session sends in one turn, so that they go to the link in few buffers: frames of small messages are
 * written one behind the other into slabs that sessions take turns with.
 */
export class FrameOutput {
  #slab: Buffer | undefined;
  /** What of the slab is written but not among the gathered buffers yet. */
  #from = 0;
  #at = 0;
  #gathered: Buffer[] = [];
  #bytes = 0;
  #scheduled = false;
  #writable = true;
  /** Called when the operating system has what is gathered. */
  #onFlushed: (() => void)[] = [];
  readonly #onTurnEnd = () => {
    this.#scheduled = false;
    this.flush();
  };

  /**
   * @param frameBytesMax of the client
   * @param beforeFlush writes what was put off to the end of the turn
   */
  constructor(
    private readonly link: FrameLink,
    private readonly frameBytesMax: number,
    private readonly beforeFlush: () => void,
  ) {}

  /** Whether the link wants more. */
  get writable(): boolean {
    return this.#writable;
  }

  /** The link has room again. */
  onWritable(): void {
    this.#writable = true;
  }

  /** There is something to be sent at the end of this turn. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#onTurnEnd);
  }

  /** A whole frame. */
  frame(bytes: Buffer): void {
    const slab = this.#slab;
    if (slab !== undefined && bytes.length <= slab.length - this.#at) {
      slab.set(bytes, this.#at);
      this.#at += bytes.length;
    } else {
      this.#cut();
      this.#gathered.push(bytes);
    }
    this.#wrote(bytes.length);
  }

  /** When what was written up to here has left, or never will. */
  onFlushed(listener: () => void): void {
    this.#onFlushed.push(listener);
  }

  /** The next frame of the delivery. True: it was the last. */
  transfer(cursor: DeliveryCursor): boolean {
    const { head, content } = cursor;
    const left = content.bytes - cursor.bytesWritten;
    const room = this.frameBytesMax - transferHeadBytesMax;
    const more = left > room;
    const payloadBytes = more ? room : left;
    const slab = this.#room(transferHeadBytesMax);
    const write = cursor.bytesWritten === 0 ? writeTransferHead : writeTransferContinuation;
    const payloadAt = write(slab, this.#at, head, payloadBytes, more);
    const headBytes = payloadAt - this.#at;
    this.#at = payloadAt;
    this.#payload(cursor, payloadBytes);
    cursor.bytesWritten += payloadBytes;
    this.#wrote(headBytes + payloadBytes);
    return !more;
  }

  /** Gives everything to the link. */
  flush(): void {
    this.beforeFlush();
    if (this.#bytes === 0) return;
    this.#cut();
    this.#giveBack();
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#bytes = 0;
    if (!this.link.send(gathered.length === 1 ? gathered[0]! : gathered, this.#takeListeners())) {
      this.#writable = false;
    }
  }

  /** Drops what the link was not given: it takes nothing any more. */
  close(): void {
    this.#giveBack();
    this.#gathered = [];
    this.#bytes = 0;
    this.#writable = false;
    this.#takeListeners()?.();
  }

  #takeListeners(): (() => void) | undefined {
    const listeners = this.#onFlushed;
    if (listeners.length === 0) return undefined;
    this.#onFlushed = [];
    return () => {
      for (const listener of listeners) listener();
    };
  }

  #payload(cursor: DeliveryCursor, payloadBytes: number): void {
    const { parts } = cursor.content;
    let left = payloadBytes;
    while (left > 0) {
      const part = parts[cursor.part]!;
      const bytes = Math.min(left, part.length - cursor.partOffset);
      const end = cursor.partOffset + bytes;
      if (bytes > copiedPartBytesMax) {
        this.#cut();
        this.#gathered.push(bytes === part.length ? part : part.subarray(cursor.partOffset, end));
      } else {
        const slab = this.#room(bytes);
        part.copy(slab, this.#at, cursor.partOffset, end);
        this.#at += bytes;
      }
      left -= bytes;
      if (end === part.length) {
        cursor.part++;
        cursor.partOffset = 0;
      } else cursor.partOffset = end;
    }
  }

  /** A slab with room for so many bytes behind `#at`. */
  #room(bytes: number): Buffer {
    if (this.#slab !== undefined && this.#slab.length - this.#at >= bytes) return this.#slab;
    this.#cut();
    if (spare !== undefined && spare.length >= bytes) {
      this.#slab = spare;
      spare = undefined;
    } else {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    }
    this.#from = 0;
    this.#at = 0;
    return this.#slab;
  }

  /** What was written to the slab becomes a buffer of its own. */
  #cut(): void {
    if (this.#slab === undefined || this.#at === this.#from) return;
    this.#gathered.push(this.#slab.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }

  #giveBack(): void {
    const slab = this.#slab;
    this.#slab = undefined;
    if (slab !== undefined && slab.length - this.#at >= spareBytesMin) spare = slab.subarray(this.#at);
  }

  #wrote(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= flushedAtBytes) this.flush();
    else this.schedule();
  }
}
