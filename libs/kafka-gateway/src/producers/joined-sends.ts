import { isPulsarError, joinEntries, type OutgoingEntry, type Producer } from '#libs/pulsar';
import type { EntryPosition } from '../mapping/entry-source.js';
import type { OffsetFault } from '../mapping/offset-tracker.js';
import type { PartitionBatch } from '../mapping/record.mapping.js';
import { loopTurns } from './loop-turns.js';
import type { PartitionOffsets } from './partition-offsets.js';

/** An entry that so many turns of the event loop added to is sent all the same. */
const turnsMax = 8;

/** One batch on its way into an entry. One of the two is called, once. */
export interface BatchSend {
  readonly batch: PartitionBatch;
  stored(baseOffset: number, fault: OffsetFault | undefined): void;
  /** @param sentAfter what is stored of it, if anything, is stored behind */
  failed(error: unknown, sentAfter: EntryPosition | undefined): void;
}

/** What becomes one entry. */
interface Group {
  readonly producer: Producer;
  readonly sends: readonly BatchSend[];
  /** `sentAfter` of an earlier attempt. */
  readonly since?: EntryPosition | undefined;
  readonly isRepeat?: boolean;
}

/**
 * Batches on their way into one Pulsar producer. Those that come close behind one another become one entry, which costs one
 * write and one receipt; nobody waits for a clock or for a receipt, only until the event loop has nothing more at hand.
 *
 * The entry has the lowest and the highest sequence id of its batches, so deduplication takes or drops it as a whole. What
 * may have been stored before is therefore sent alone: joined with others it would make these be dropped, too.
 *
 * A policy of the topic may allow less than an entry of several batches. So nothing is sent behind one that is larger than all
 * before until it is stored; when it is refused, its batches are sent one by one, as all are from then on.
 */
export class JoinedSends {
  private waiting: BatchSend[] = [];
  private producer: Producer | undefined;
  private bytes = 0;
  private bytesMax = 0;
  private turns = 0;
  /** In the turn of the event loop that goes on. */
  private grew = false;
  private listening = false;
  /** Payload bytes of the largest entry that was taken. */
  private provenBytes = 0;
  private proving = false;
  private readonly behind: Group[] = [];
  private apart = false;

  constructor(private readonly offsets: PartitionOffsets) {}

  /** In the order of the calls. */
  send(producer: Producer, send: BatchSend): void {
    const { entry, joinedBytesMax } = send.batch;
    const bytes = payloadBytes(entry);
    const last = this.waiting.at(-1)?.batch.entry;
    if (last !== undefined) {
      this.bytesMax = Math.min(this.bytesMax, joinedBytesMax);
      const fits = this.producer === producer && this.bytes + bytes <= this.bytesMax;
      if (!fits || !follows(entry, last)) this.flush();
    }
    if (this.waiting.length === 0) {
      this.producer = producer;
      this.bytes = 0;
      this.bytesMax = this.apart ? 0 : joinedBytesMax;
      this.turns = 0;
    }
    this.grew = true;
    this.bytes += bytes;
    this.waiting.push(send);
    if (this.bytes >= this.bytesMax) this.flush();
    else if (!this.listening) {
      this.listening = true;
      loopTurns.add(this);
    }
  }

  /** What may have been stored before, behind `since`: behind all others, in an entry of its own. */
  repeat(producer: Producer, send: BatchSend, since: EntryPosition | undefined): void {
    this.flush();
    this.take({ producer, sends: [send], since, isRepeat: true });
  }

  turnOver(): boolean {
    if (this.grew && ++this.turns <= turnsMax) {
      this.grew = false;
      return true;
    }
    this.listening = false;
    this.flush();
    return false;
  }

  flush(): void {
    const { waiting, producer } = this;
    if (waiting.length === 0 || producer === undefined) return;
    this.waiting = [];
    this.take({ producer, sends: waiting });
  }

  private take(group: Group): void {
    if (this.proving) this.behind.push(group);
    else if (group.sends.length === 1) this.transmit(group, group.sends[0]!.batch.entry);
    else this.join(group);
  }

  private join(group: Group): void {
    const entries = group.sends.map(({ batch }) => batch.entry);
    const joined = joinEntries(entries);
    if (payloadBytes(joined) <= this.provenBytes) {
      release(entries);
      this.transmit(group, joined);
      return;
    }
    this.proving = true;
    this.transmit(group, joined, (error) => {
      this.proving = false;
      const isRefused = isPulsarError(error, 'NotAllowedError') || isPulsarError(error, 'EntryTooLarge');
      if (isRefused) {
        this.apart = true;
        for (const send of group.sends) this.take({ producer: group.producer, sends: [send] });
      } else release(entries);
      for (const next of this.behind.splice(0)) this.take(next);
      return isRefused;
    });
  }

  /** @param settled told of the outcome first; true: it has taken care of it */
  private transmit(group: Group, entry: OutgoingEntry, settled?: (error: unknown) => boolean): void {
    const { producer, sends } = group;
    const sentAfter = group.isRepeat ? group.since : this.offsets.lastKnown;
    producer.send(entry, (error, receipt) => {
      if (error === undefined) this.provenBytes = Math.max(this.provenBytes, payloadBytes(entry));
      if (settled?.(error)) return;
      if (error !== undefined) {
        for (const send of sends) send.failed(error, sentAfter);
        return;
      }
      this.offsets.learn(receipt, producer.name, entry.numMessages, sentAfter, (baseOffset, fault) => {
        let offset = baseOffset;
        for (const send of sends) {
          const { numMessages } = send.batch.entry;
          send.stored(offset, fault);
          if (offset >= 0) offset += numMessages;
        }
      });
    });
  }
}

function payloadBytes({ payloadStart, payloadEnd }: OutgoingEntry): number {
  return payloadEnd - payloadStart;
}

function follows(entry: OutgoingEntry, last: OutgoingEntry): boolean {
  const { highestSequenceId } = last;
  return highestSequenceId === undefined || entry.sequenceId === highestSequenceId + 1;
}

function release(entries: readonly OutgoingEntry[]): void {
  for (const { memory } of entries) memory?.release();
}
