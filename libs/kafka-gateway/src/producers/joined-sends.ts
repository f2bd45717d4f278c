import {
  isPulsarError,
  joinEntries,
  type OutgoingEntry,
  type Producer,
  PulsarError,
  type SendReceipt,
} from '#libs/pulsar';
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
 * may have been stored before is therefore sent alone: joined with others it would make these be dropped, too. What another
 * gateway stored while the broker was away from this one, the Pulsar producer sees: it sends no entry that is stored in part.
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
  private proceeding = false;
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
    this.behind.push(group);
    this.proceed();
  }

  /** In order, also when what is refused at once makes its client send more. */
  private proceed(): void {
    if (this.proceeding) return;
    this.proceeding = true;
    while (!this.proving) {
      const next = this.behind.shift();
      if (next === undefined) break;
      if (next.sends.length === 1) this.transmit(next, next.sends[0]!.batch.entry);
      else this.join(next);
    }
    this.proceeding = false;
  }

  private join(group: Group): void {
    const { producer, sends } = group;
    const entries = sends.map(({ batch }) => batch.entry);
    const joined = joinEntries(entries);
    if (payloadBytes(joined) <= this.provenBytes) {
      release(entries);
      this.transmit(group, joined);
      return;
    }
    this.proving = true;
    this.transmit(group, joined, (isRefused) => {
      if (isRefused) this.behind.unshift(...sends.map((send) => ({ producer, sends: [send] })));
      else release(entries);
      this.proving = false;
      this.proceed();
    });
  }

  /** @param proven told last; refused: its batches are not told, and are there to be sent apart */
  private transmit(group: Group, entry: OutgoingEntry, proven?: (isRefused: boolean) => void): void {
    const { producer, sends } = group;
    const bytes = payloadBytes(entry);
    const sentAfter = group.isRepeat ? group.since : this.offsets.lastKnown;
    producer.send(entry, (error, receipt) => {
      const isRefused = sends.length > 1 && isTooLarge(error);
      if (isRefused) this.apart = true;
      if (error === undefined) {
        this.provenBytes = Math.max(this.provenBytes, bytes);
        this.learn(group, receipt, sentAfter);
      } else if (!isRefused || proven === undefined) {
        // The policy became stricter, and others were sent behind it: the clients repeat it.
        const told = isRefused ? new PulsarError('TooManyPending', 'batches were too large together') : error;
        for (const send of sends) send.failed(told, sentAfter);
      }
      proven?.(isRefused);
    });
  }

  private learn(
    { producer, sends }: Group,
    receipt: SendReceipt,
    sentAfter: EntryPosition | undefined,
  ): void {
    const { ledgerId, entryId } = receipt;
    if (ledgerId < 0) {
      // Stored before, perhaps by another gateway: then not as one entry.
      let { sequenceId } = receipt;
      for (const send of sends) {
        const { numMessages } = send.batch.entry;
        const highestSequenceId = sequenceId + numMessages - 1;
        const part = { ledgerId, entryId, sequenceId, highestSequenceId };
        this.offsets.learn(part, producer.name, numMessages, sentAfter, (offset, fault) =>
          send.stored(offset, fault),
        );
        sequenceId = highestSequenceId + 1;
      }
      return;
    }
    let messages = 0;
    for (const { batch } of sends) messages += batch.entry.numMessages;
    this.offsets.learn(receipt, producer.name, messages, sentAfter, (baseOffset, fault) => {
      let offset = baseOffset;
      for (const send of sends) {
        send.stored(offset, fault);
        if (offset >= 0) offset += send.batch.entry.numMessages;
      }
    });
  }
}

function isTooLarge(error: unknown): boolean {
  return isPulsarError(error, 'NotAllowedError') || isPulsarError(error, 'EntryTooLarge');
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
