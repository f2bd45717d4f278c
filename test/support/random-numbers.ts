/** The same ones for the same seed (mulberry32). */
export class RandomNumbers {
  constructor(private state: number) {}

  /** 0 to `below` - 1 */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x100000000) * below);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
