// One partition of a broker, as the writers see it, without a broker.
import { type OutgoingEntry, type Producer, PulsarError, type SendDone } from '#libs/pulsar';
import { duplicateSearchDefaults } from '../mapping/duplicate-search.js';
import type { EntryListener, EntryPosition, EntrySource } from '../mapping/entry-source.js';
import { OffsetCounters, offsetTrackerDefaults } from '../mapping/offset-tracker.js';
import type { ProducingClient } from '../producers/append.js';
import { PartitionOffsets } from '../producers/partition-offsets.js';
import { PartitionWriter } from '../producers/partition-writer.js';

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

interface Stored extends EntryPosition {
  readonly index: number;
  readonly producerName: string;
  readonly sequenceId: number;
  readonly highestSequenceId: number;
}

/** A broker's partition with deduplication, whose receipts come when the test says so. */
export class FakePartition implements EntrySource {
  readonly log: Stored[] = [];
  readonly last = new Map<string, number>();
  readonly open = new Map<string, FakeProducer>();
  plainNames = 0;
  opened: string[] = [];
  busy = new Set<string>();
  /** A name that an attached producer has is nobody else's, as with a broker. */
  exclusive = false;
  /** Entries that a producer's close finds stored, of those in flight; receipts come for them unless it hurries. */
  storedAtClose = 0;
  hidesIndex = false;
  /** A policy of the topic. */
  payloadBytesMax = Number.POSITIVE_INFINITY;

  async create(name: string): Promise<Producer> {
    if (this.busy.has(name)) throw new PulsarError('ProducerBusy', 'taken');
    if (this.exclusive && this.open.get(name)?.attached) throw new PulsarError('ProducerBusy', 'taken');
    const producer = new FakeProducer(this, name, this.last.get(name) ?? -1);
    this.open.set(name, producer);
    this.opened.push(name);
    return producer as unknown as Producer;
  }

  follow(start: EntryPosition, _span: 'one' | 'many', listener: EntryListener) {
    let closed = false;
    void soon().then(() => {
      for (const entry of this.log.slice(start.entryId)) {
        if (closed) return;
        listener.onEntry(this.hidesIndex ? { ...entry, index: undefined } : entry);
      }
    });
    return {
      many: true,
      close: () => {
        closed = true;
      },
    };
  }

  async readIndex(_ledgerId: number, entryId: number): Promise<number | undefined> {
    return this.log[entryId]?.index;
  }

  async firstIndex(): Promise<number | undefined> {
    return this.log[0]?.index;
  }

  async lastPosition(): Promise<EntryPosition | undefined> {
    return this.log.at(-1);
  }
}

interface Pending {
  readonly entry: OutgoingEntry;
  readonly sequenceId: number;
  readonly highest: number;
  readonly done: SendDone;
}

export class FakeProducer {
  readonly pending: Pending[] = [];
  private next: number;
  private closed = false;
  private detached = false;
  private onEnd: (error: PulsarError) => void = () => {};

  constructor(
    private readonly partition: FakePartition,
    readonly name: string,
    public lastSequenceId: number,
  ) {
    this.next = lastSequenceId + 1;
  }

  get attached(): boolean {
    return !this.closed && !this.detached;
  }

  onClosed(listener: (error: PulsarError) => void): void {
    this.onEnd = listener;
  }

  /** Its connection is lost: of what is pending so many were stored all the same. It keeps all until it is back. */
  detach(stored: number): void {
    for (const item of this.pending.slice(0, stored)) this.store(item);
    this.detached = true;
  }

  /** Comes back as libs/pulsar's producer does: when nobody has the name, and with all that is pending. */
  reattach(): void {
    const { open, last } = this.partition;
    if (this.closed || !this.detached || open.get(this.name)?.attached) return;
    this.detached = false;
    open.set(this.name, this);
    this.lastSequenceId = last.get(this.name) ?? -1;
    const { lastSequenceId } = this;
    if (
      this.pending.every(
        ({ sequenceId, highest }) => sequenceId > lastSequenceId || highest <= lastSequenceId,
      )
    )
      return;
    const fenced = new PulsarError('ProducerFenced', 'stored in part by another');
    this.closed = true;
    this.onEnd(fenced);
    while (this.pending.length > 0) this.failNext(fenced);
  }

  send(entry: OutgoingEntry, done: SendDone): void {
    const sequenceId = entry.sequenceId ?? this.next;
    const highest = entry.highestSequenceId ?? sequenceId + entry.numMessages - 1;
    if (this.closed) {
      this.fail({ sequenceId, highest, done }, new PulsarError('Closed', 'closed'));
      return;
    }
    this.next = highest + 1;
    this.pending.push({ entry, sequenceId, highest, done });
  }

  /** The next entries arrive and are stored or known; their receipts come, unless they are lost. */
  confirm(count = Infinity, lost = false): void {
    for (let done = 0; done < count && this.pending.length > 0; done++) {
      const item = this.pending.shift()!;
      const { log, payloadBytesMax } = this.partition;
      if (item.entry.payloadEnd - item.entry.payloadStart > payloadBytesMax) {
        this.fail(item, new PulsarError('NotAllowedError', 'over the maximum message size'));
        continue;
      }
      const known = !this.store(item);
      const position = known ? { ledgerId: -1, entryId: -1 } : { ledgerId: 1, entryId: log.length - 1 };
      const receipt = { ...position, sequenceId: item.sequenceId, highestSequenceId: item.highest };
      if (!lost) item.done(undefined, receipt);
      else this.fail(item, new PulsarError('Timeout', 'no receipt'));
    }
  }

  failNext(error: PulsarError): void {
    this.fail(this.pending.shift()!, error);
  }

  async close(how: 'flush' | 'now' = 'flush'): Promise<void> {
    if (this.closed) return;
    const { storedAtClose } = this.partition;
    if (this.attached && how === 'flush') this.confirm(storedAtClose);
    else if (this.attached) this.detach(storedAtClose);
    this.closed = true;
    while (this.pending.length > 0) this.failNext(new PulsarError('Closed', 'closed'));
  }

  /** False: deduplication knows it. */
  private store({ entry, sequenceId, highest }: Pending): boolean {
    const { log, last } = this.partition;
    if ((last.get(this.name) ?? -1) >= sequenceId) return false;
    last.set(this.name, highest);
    const index = (log.at(-1)?.index ?? -1) + entry.numMessages;
    const place = { ledgerId: 1, entryId: log.length, index };
    log.push({ ...place, producerName: this.name, sequenceId, highestSequenceId: highest });
    return true;
  }

  private fail(item: { sequenceId: number; highest: number; done: SendDone }, error: PulsarError): void {
    item.done(error, {
      ledgerId: -1,
      entryId: -1,
      sequenceId: item.sequenceId,
      highestSequenceId: item.highest,
    });
  }
}

export class FakeClient implements ProducingClient {
  private readonly listeners = new Set<() => void>();
  whenClosed(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  close(): void {
    for (const listener of [...this.listeners]) listener();
  }
  get watched(): number {
    return this.listeners.size;
  }
}

/** A gateway's writer of the partition, with room for some producers. */
export function writerOf(
  partition: FakePartition,
  openIdempotent = (id: bigint): Promise<Producer> => partition.create(`id.${id}`),
  now?: () => number,
): PartitionWriter {
  return new PartitionWriter(
    { openPlain: () => partition.create('plain'), openIdempotent },
    new PartitionOffsets(partition, offsetTrackerDefaults, duplicateSearchDefaults, new OffsetCounters()),
    { value: 0, max: 10, makeRoom: () => false },
    { inFlightBytesMax: 1e6, inFlightBatchesMax: 100, producerIdsMax: 10 },
    now,
  );
}
