/** Own signs of life that were not read back, after which nobody's silence counts. */
const unheardSignsMax = 2;

/**
 * Whether the members' log can be heard: it is attached, and gives this gateway's own signs back. A broker that stops or
 * stalls keeps connections and stores nothing, and all gateways would be dead to each other.
 */
export class LogHearing {
  private heardOwnAt = 0;
  private wasDeaf = false;

  constructor(private readonly heartbeatMs: number) {}

  /** An own record was read. Gives whether the log was not heard before. */
  own(now: number): boolean {
    const { wasDeaf } = this;
    this.heardOwnAt = now;
    this.wasDeaf = false;
    return wasDeaf;
  }

  /** @param signs whether this gateway gives signs of life */
  isDeaf(now: number, attached: boolean, signs: boolean): boolean {
    const isUnheard = signs && now - this.heardOwnAt > unheardSignsMax * this.heartbeatMs;
    this.wasDeaf ||= !attached || isUnheard;
    return !attached || isUnheard;
  }
}
