import { asPulsarError, type EntryPosition, type PulsarError } from '#libs/pulsar';
import { isBefore } from './entry-order.js';
import type { EntryMessages, Feed, FeedListener } from './feed.js';
import { heldBytesOf, type ReadEntry } from './read-entry.js';

/** The partition, as the feed of one listener sees it. */
export interface FedPartition {
  readonly partition: string;
  /** The last entry of the tail: all that comes later reaches those who joined. */
  readonly position: EntryPosition;
  readonly heldBytesMax: number;
  join(feed: ListenerFeed): void;
  part(feed: ListenerFeed): void;
  /** Opens a reader of its own for a feed, after an entry. */
  catchUp(feed: ListenerFeed, after: EntryPosition): CatchUpReader;
  left(feed: ListenerFeed): void;
  listenerFailed(error: PulsarError): void;
}

/** A reader for one feed. It retries for as long as that makes sense, and then tells the feed. */
export interface CatchUpReader {
  pause(): void;
  resume(): void;
  close(): void;
}

interface HeldEntry {
  readonly position: EntryPosition;
  readonly messages: EntryMessages;
  readonly bytes: number;
}

/**
 * What one listener is given.
 *
 * ```
 *               held entries over heldBytesMax                      what was held is given
 *   tailing ───────────────────────────────────▶ behind ──────────────────────────────────▶ catching up
 *      ▲                                                                                         │
 *      └───────────────── its own reader has come to where the tail is ──────────────────────────┘
 *                                                        any ── close(), the partition ended ──▶ closed
 * ```
 * Where it says "paused", it holds copies of what arrives. While it catches up its own reader is paused then: what that
 * has asked for already is bounded by the reader's window.
 */
export class ListenerFeed implements Feed {
  position: EntryPosition;
  private source: 'tail' | 'none' | 'own' | 'closed' = 'none';
  private own: CatchUpReader | undefined;
  /** The last entry that was given or is held. */
  private taken: EntryPosition;
  private paused = false;
  private draining = false;
  private held: HeldEntry[] = [];
  private heldBytes = 0;

  constructor(
    private readonly fed: FedPartition,
    private readonly listener: FeedListener,
    after: EntryPosition,
  ) {
    this.position = after;
    this.taken = after;
  }

  get partition(): string {
    return this.fed.partition;
  }

  get isClosed(): boolean {
    return this.source === 'closed';
  }

  start(): void {
    if (this.meetsTail()) this.join();
    else this.readOwn();
  }

  resume(): void {
    if (!this.paused || this.isClosed) return;
    this.paused = false;
    this.scheduleDrain();
  }

  close(): void {
    if (this.isClosed) return;
    this.leave();
    this.fed.left(this);
  }

  /** The partition cannot be read any more. */
  end(error: PulsarError): void {
    if (this.isClosed) return;
    this.close();
    this.listener.onEnded(error);
  }

  /** From the tail, or from its own reader. */
  offer(entry: ReadEntry): void {
    if (this.source === 'closed' || !isBefore(this.taken, entry.position)) return;
    if (this.paused || this.held.length > 0) {
      this.hold(entry);
      return;
    }
    this.taken = entry.position;
    this.give(entry.position, entry.messages);
  }

  /** From its own reader: an entry. */
  offerOwn(entry: ReadEntry): void {
    this.offer(entry);
    if (this.source === 'own' && this.meetsTail()) this.join();
  }

  /** From its own reader: all up to here was given, or is not there any more. */
  passed(position: EntryPosition): void {
    if (this.source !== 'own') return;
    if (isBefore(this.taken, position)) {
      this.taken = position;
      if (this.held.length === 0) this.position = position;
    }
    if (this.meetsTail()) this.join();
  }

  private meetsTail(): boolean {
    return !isBefore(this.taken, this.fed.position);
  }

  private join(): void {
    this.own?.close();
    this.own = undefined;
    this.source = 'tail';
    this.fed.join(this);
  }

  private readOwn(): void {
    this.source = 'own';
    this.own = this.fed.catchUp(this, this.taken);
    if (this.paused) this.own.pause();
  }

  private hold(entry: ReadEntry): void {
    if (this.source === 'tail' && this.heldBytes >= this.fed.heldBytesMax) {
      this.source = 'none';
      this.fed.part(this);
      return;
    }
    const messages = entry.owned;
    const bytes = heldBytesOf(messages);
    this.held.push({ position: entry.position, messages, bytes });
    this.heldBytes += bytes;
    this.taken = entry.position;
    if (this.heldBytes >= this.fed.heldBytesMax) this.own?.pause();
  }

  private scheduleDrain(): void {
    if (this.draining) return;
    this.draining = true;
    queueMicrotask(() => {
      this.draining = false;
      this.drain();
    });
  }

  private drain(): void {
    let given = 0;
    while (!this.paused && !this.isClosed && given < this.held.length) {
      const { position, messages, bytes } = this.held[given++] as HeldEntry;
      this.heldBytes -= bytes;
      this.give(position, messages);
    }
    if (this.isClosed) return;
    this.held.splice(0, given);
    if (this.paused || this.held.length > 0) return;
    if (!isBefore(this.taken, this.position)) this.position = this.taken;
    if (this.source === 'none') this.start();
    else this.own?.resume();
  }

  private give(position: EntryPosition, messages: EntryMessages): void {
    this.position = position;
    // It may call `resume` before it returns.
    this.paused = true;
    try {
      if (this.listener.onEntry(position, messages)) this.paused = false;
    } catch (thrown) {
      const error = asPulsarError(thrown, 'UnknownError');
      this.fed.listenerFailed(error);
      this.end(error);
    }
  }

  private leave(): void {
    if (this.source === 'tail') this.fed.part(this);
    this.source = 'closed';
    this.own?.close();
    this.own = undefined;
    this.held = [];
    this.heldBytes = 0;
  }
}
