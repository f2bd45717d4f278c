import type { PublishPressure } from './publish-kind.js';

/** Above so many times the bound messages are refused: what was read already must find room. */
const refusedAt = 2;
/** Who waits for room hears of it when so much of the bound is free again. */
const relievedAt = 0.75;

/** Bytes on their way to Pulsar: of one partition, in one tenant, in the process. */
export class PublishBudget implements PublishPressure {
  private held = 0;
  private listeners = new Set<() => void>();

  constructor(
    private readonly bytesMax: number,
    private readonly whole?: PublishBudget,
  ) {}

  get bytes(): number {
    return this.held;
  }

  /** False: it must be refused. */
  admits(bytes: number): boolean {
    if (this.held > 0 && this.held + bytes > this.bytesMax * refusedAt) return false;
    return this.whole === undefined || this.whole.admits(bytes);
  }

  /** Takes the bytes; what is over its bound by them, if anything is. */
  add(bytes: number): PublishPressure | undefined {
    this.held += bytes;
    const pressure = this.whole?.add(bytes);
    return this.held > this.bytesMax ? this : pressure;
  }

  remove(bytes: number): void {
    this.held -= bytes;
    this.whole?.remove(bytes);
    if (this.listeners.size > 0 && this.held <= this.bytesMax * relievedAt) this.relieve();
  }

  onRelief(listener: () => void): () => void {
    if (this.held <= this.bytesMax * relievedAt) {
      listener();
      return () => {};
    }
    // One per call: the same function may wait twice.
    const own = () => listener();
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  private relieve(): void {
    const { listeners } = this;
    this.listeners = new Set();
    for (const listener of listeners) listener();
  }
}
