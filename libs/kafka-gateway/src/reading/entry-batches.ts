import { type BrokerEntry, ChunkAssembler, type EntryPosition } from '#libs/pulsar';
import { EntryUnreadable, type StoredBatch } from '../mapping/stored-batch.js';

/** What is needed of RecordBatchMapper. */
export interface BatchMapper {
  /** @throws EntryUnreadable */
  fromPulsar(entry: BrokerEntry, config: { readonly timestampType: 'create' | 'append' }): StoredBatch;
  /** A batch without records, by which consumers move on. */
  placeholder(
    baseOffset: number,
    lastOffset: number,
    position: EntryPosition,
    timestampMs: number,
  ): StoredBatch;
}

export interface EntryBatchesOptions {
  readonly timestampType: 'create' | 'append';
  /** Bytes of chunked messages that are not complete. */
  readonly chunkBytesMax: number;
}

/** Messages in chunks whose chunks lie between each other's. */
const chunkedMessagesMax = 32;
/** A reader may be paused for long in the middle of one. */
const chunkAgeMsMax = 600_000;

/** The entries of one partition, in order, as batches; puts the chunked messages of native producers together. */
export class EntryBatches {
  private chunks: ChunkAssembler | undefined;

  constructor(
    private readonly mapper: BatchMapper,
    private readonly options: EntryBatchesOptions,
  ) {}

  /** Takes note of an entry that nobody asked for: the rest of a message may begin in it. */
  pass(entry: BrokerEntry): void {
    if (entry.isChunk) this.assembler.add(entry);
  }

  /**
   * The whole message sits where its last chunk is; the places of the others hold no records.
   * Undefined for a chunk whose first one came before all entries given so far.
   *
   * @throws EntryUnreadable
   */
  batchOf(entry: BrokerEntry): StoredBatch | undefined {
    if (!entry.isChunk) return this.mapper.fromPulsar(entry, this.options);
    const outcome = this.assembler.add(entry);
    if (outcome.kind === 'complete') return this.mapper.fromPulsar(outcome.entry, this.options);
    if (outcome.kind === 'dropped' && outcome.reason === 'too-large') {
      throw new EntryUnreadable('too-large', 'a chunked message is over the cap');
    }
    if (outcome.kind === 'ignored' && (entry.metadata.chunkId ?? 0) > 0) return undefined;
    return this.mapper.fromPulsar(entry, this.options);
  }

  /** The place of an entry whose message cannot be put together. */
  withoutRecords(entry: BrokerEntry): StoredBatch {
    return this.mapper.fromPulsar(entry, this.options);
  }

  /** For offsets that hold no records, behind the last entry that does. */
  placeholder(baseOffset: number, lastOffset: number, position: EntryPosition): StoredBatch {
    return this.mapper.placeholder(baseOffset, lastOffset, position, Date.now());
  }

  private get assembler(): ChunkAssembler {
    this.chunks ??= new ChunkAssembler({
      messagesMax: chunkedMessagesMax,
      bytesMax: this.options.chunkBytesMax,
      ageMsMax: chunkAgeMsMax,
      now: () => performance.now(),
    });
    return this.chunks;
  }
}
