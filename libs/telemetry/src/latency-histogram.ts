/** Upper bounds of the buckets in milliseconds: half a millisecond to ten seconds, 1-2-5 steps between. */
export const latencyBucketsMs = [
  0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000,
] as const;

/** How long something took, counted in fixed buckets; nothing is allocated per observation. */
export class LatencyHistogram {
  /** Per bucket, not cumulative; the last one is for what took longer than all bounds. */
  readonly counts = new Float64Array(latencyBucketsMs.length + 1);
  sumMs = 0;

  observe(durationMs: number): void {
    let bucket = 0;
    while (bucket < latencyBucketsMs.length && durationMs > latencyBucketsMs[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sumMs += durationMs;
  }

  get count(): number {
    let total = 0;
    for (const count of this.counts) total += count;
    return total;
  }
}
