import type { BrokerEntry } from './broker-entry.js';

export interface ChunkAssemblerOptions {
  /** Messages being put together at once; the one without a chunk for the longest time gives way. */
  readonly messagesMax: number;
  /** Bytes held by all of them together, and so the size of the largest message. */
  readonly bytesMax: number;
  /** Milliseconds after its last chunk that an incomplete message is given up. */
  readonly ageMsMax: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * - `complete`: `entry` is the whole message, at the position and index of its last chunk
 * - `pending`: more chunks are needed
 * - `ignored`: a chunk that was here before (its producer sent it again), or the rest of a message already dropped
 * - `dropped`: the message cannot be put together, see `reason`
 */
export type ChunkOutcome =
  | { readonly kind: 'complete'; readonly entry: BrokerEntry; readonly firstChunk: BrokerEntry }
  | { readonly kind: 'pending' | 'ignored' }
  | { readonly kind: 'dropped'; readonly reason: 'missing-chunk' | 'malformed' | 'too-large' };

interface Assembly {
  readonly chunks: BrokerEntry[];
  readonly chunkCount: number;
  readonly totalBytes: number;
  bytes: number;
  heldBytes: number;
  lastChunkAt: number;
}

/** What an entry costs besides its payload, so that many tiny chunks are bounded too. */
const entryOverheadBytes = 512;

/** More chunks than a message of Pulsar's largest size could have; a larger count is a lie. */
const chunkCountMax = 100_000;

/**
 * Puts the chunked messages of native producers together (PIP-37): a message over the entry size is compressed, cut,
 * and published as one entry per chunk with a common uuid. Chunks of several producers interleave; a producer that
 * reconnects sends chunks again. The gateway itself writes no chunks.
 */
export class ChunkAssembler {
  readonly #options: ChunkAssemblerOptions;
  /** By uuid, the one that waits longest first. */
  readonly #assemblies = new Map<string, Assembly>();
  #heldBytes = 0;
  #droppedMessages = 0;

  constructor(options: ChunkAssemblerOptions) {
    this.#options = options;
  }

  get messages(): number {
    return this.#assemblies.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Messages that were given up since the start: incomplete, too old, too large or over the bounds. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  /** Takes an entry with `isChunk`, in the order of the topic. */
  add(entry: BrokerEntry): ChunkOutcome {
    this.#expire();
    const { uuid, chunkId, numChunksFromMsg, totalChunkMsgSize } = entry.metadata;
    if (!uuid || chunkId === undefined || numChunksFromMsg === undefined || totalChunkMsgSize === undefined) {
      return this.#refuse('malformed');
    }
    if (
      chunkId < 0 ||
      chunkId >= numChunksFromMsg ||
      numChunksFromMsg > chunkCountMax ||
      totalChunkMsgSize < 0
    ) {
      return this.#refuse('malformed', uuid);
    }
    if (totalChunkMsgSize > this.#options.bytesMax) {
      return chunkId === 0 ? this.#refuse('too-large', uuid) : { kind: 'ignored' };
    }
    // A first chunk again: its producer starts over, and what came before will not be continued.
    if (chunkId === 0) this.#begin(uuid, numChunksFromMsg, totalChunkMsgSize);
    const assembly = this.#assemblies.get(uuid);
    if (assembly === undefined) return { kind: 'ignored' };
    if (chunkId < assembly.chunks.length) return { kind: 'ignored' };
    if (chunkId > assembly.chunks.length) return this.#refuse('missing-chunk', uuid);
    return this.#append(uuid, assembly, entry);
  }

  #begin(uuid: string, chunkCount: number, totalBytes: number): void {
    this.#forget(uuid);
    if (this.#assemblies.size >= this.#options.messagesMax) this.#dropOldest();
    const lastChunkAt = this.#options.now();
    this.#assemblies.set(uuid, { chunks: [], chunkCount, totalBytes, bytes: 0, heldBytes: 0, lastChunkAt });
  }

  #append(uuid: string, assembly: Assembly, entry: BrokerEntry): ChunkOutcome {
    const heldBytes = entry.payload.length + entryOverheadBytes;
    assembly.bytes += entry.payload.length;
    if (assembly.bytes > assembly.totalBytes) return this.#refuse('malformed', uuid);
    assembly.chunks.push(entry);
    if (assembly.chunks.length === assembly.chunkCount) {
      this.#forget(uuid);
      return this.#complete(assembly, entry);
    }
    assembly.heldBytes += heldBytes;
    this.#heldBytes += heldBytes;
    assembly.lastChunkAt = this.#options.now();
    // Last in the map again: the first is the one that waits longest.
    this.#assemblies.delete(uuid);
    this.#assemblies.set(uuid, assembly);
    while (this.#heldBytes > this.#options.bytesMax) this.#dropOldest();
    return this.#assemblies.has(uuid) ? { kind: 'pending' } : { kind: 'dropped', reason: 'too-large' };
  }

  #complete(assembly: Assembly, last: BrokerEntry): ChunkOutcome {
    if (assembly.bytes !== assembly.totalBytes) {
      this.#droppedMessages++;
      return { kind: 'dropped', reason: 'malformed' };
    }
    const payload = Buffer.concat(
      assembly.chunks.map((chunk) => chunk.payload),
      assembly.totalBytes,
    );
    return { kind: 'complete', entry: last.withAssembledPayload(payload), firstChunk: assembly.chunks[0]! };
  }

  #refuse(reason: 'missing-chunk' | 'malformed' | 'too-large', uuid?: string): ChunkOutcome {
    if (uuid !== undefined) this.#forget(uuid);
    this.#droppedMessages++;
    return { kind: 'dropped', reason };
  }

  #expire(): void {
    const oldest = this.#options.now() - this.#options.ageMsMax;
    for (const [uuid, assembly] of this.#assemblies) {
      if (assembly.lastChunkAt > oldest) return;
      this.#forget(uuid);
      this.#droppedMessages++;
    }
  }

  #dropOldest(): void {
    const oldest = this.#assemblies.keys().next();
    if (oldest.done) return;
    this.#forget(oldest.value);
    this.#droppedMessages++;
  }

  #forget(uuid: string): void {
    const assembly = this.#assemblies.get(uuid);
    if (assembly === undefined) return;
    this.#heldBytes -= assembly.heldBytes;
    this.#assemblies.delete(uuid);
  }
}
