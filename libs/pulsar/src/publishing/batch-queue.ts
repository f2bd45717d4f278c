/** So many places in front are left empty before what is behind them moves up. */
const emptyMax = 1_024;

/** First in, first out: thousands may wait, and taking one moves none of them. */
export class BatchQueue<Batch> {
  private batches: (Batch | undefined)[] = [];
  private taken = 0;

  get length(): number {
    return this.batches.length - this.taken;
  }

  get first(): Batch | undefined {
    return this.batches[this.taken];
  }

  push(batch: Batch): void {
    this.batches.push(batch);
  }

  /** Removes the first. */
  shift(): void {
    this.batches[this.taken++] = undefined;
    if (this.taken < emptyMax && this.taken < this.batches.length) return;
    this.batches = this.batches.slice(this.taken);
    this.taken = 0;
  }

  takeAll(): Batch[] {
    const all = this.batches.slice(this.taken) as Batch[];
    this.batches = [];
    this.taken = 0;
    return all;
  }
}
