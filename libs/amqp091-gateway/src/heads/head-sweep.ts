import type { DeadLetterStore, DeadReason } from '../dead-letters/dead-letter.js';
import type { Amqp091Counters } from '../amqp091.counters.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { HeadMessage, HeadReader } from './head-reader.js';

/** What a sweep came to. */
export interface HeadState {
  /** The oldest that is ready ends then; Infinity: never; undefined: none is ready. */
  readonly endsAtMs: number | undefined;
  /** Messages that were to go and did not. */
  readonly excess: number;
}

export interface HeadSweepParts {
  readonly deadLetters: DeadLetterStore;
  readonly counters: Amqp091Counters;
  readonly now: () => number;
}

/** The next ones are kept here until they end, unless that is later. */
const holdMsMax = 100;
/** Then it is another queue's turn. */
const sweepMsMax = 2_000;
/** So many times as many are taken as before, as long as all of them had ended. */
const growth = 4;

/**
 * Removes from the head of a queue what has ended and what is too many, oldest first: it is a dead letter before it is
 * acknowledged. What is behind the first message that stays is not looked at (RabbitMQ, "Time-To-Live").
 */
export class HeadSweep {
  private isOver = false;

  constructor(
    private readonly parts: HeadSweepParts,
    private readonly topology: VhostTopology,
    private readonly queue: Queue,
    /** Full name of the partition that the reader reads. */
    private readonly topic: string,
  ) {}

  /** It ends as soon as what it is doing is done. */
  stop(): void {
    this.isOver = true;
  }

  /** Rejects where a dead letter cannot be stored, or nothing can be read. */
  async run(reader: HeadReader, excess: number): Promise<HeadState> {
    const { now } = this.parts;
    const untilMs = now() + sweepMsMax;
    let left = excess;
    let count = Math.max(1, excess);
    while (!this.isOver && now() < untilMs) {
      const messages = await reader.take(count);
      if (messages.length === 0) return { endsAtMs: undefined, excess: left };
      const dead = this.deadOf(messages, left);
      await this.bury(reader, dead);
      left = Math.max(0, left - dead.length);
      const next = messages[dead.length];
      count = left > 0 ? left : count * growth;
      if (next === undefined) continue;
      const waitMs = next.endsAtMs - now();
      if (waitMs > holdMsMax) return { endsAtMs: next.endsAtMs, excess: left };
      reader.putBack(messages.slice(dead.length));
      await pause(waitMs);
    }
    return { endsAtMs: now(), excess: left };
  }

  private deadOf(messages: readonly HeadMessage[], excess: number): (readonly [HeadMessage, DeadReason])[] {
    const nowMs = this.parts.now();
    const dead: (readonly [HeadMessage, DeadReason])[] = [];
    for (const message of messages) {
      if (message.endsAtMs <= nowMs) dead.push([message, 'expired']);
      else if (dead.length < excess) dead.push([message, 'maxlen']);
      else break;
    }
    return dead;
  }

  /** All at the same time: they are published in their order. */
  private async bury(
    reader: HeadReader,
    dead: readonly (readonly [HeadMessage, DeadReason])[],
  ): Promise<void> {
    const ends = dead.map(async ([message, reason]) => {
      const { delivery, batchIndex, stored } = message;
      const { ledgerId, entryId } = delivery;
      const letter = { topic: this.topic, position: { ledgerId, entryId }, batchIndex, reason, stored };
      const buried = this.parts.deadLetters.bury(this.topology, this.queue, letter);
      if (buried === undefined) this.parts.counters.messagesDropped++;
      else await buried;
      reader.acknowledge(message);
    });
    const failed = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)).unref());
}
