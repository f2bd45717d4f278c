/**
 * Permits (FLOW) of a consumer whose owner says how many messages it wants: what was granted and has not come. An entry is
 * dispatched whole, so one of several messages may bring more than was granted; that is owed by what is granted next.
 *
 * Pure bookkeeping: `start` and `grant` say how many permits to send now.
 */
export class GrantedPermits {
  private granted = 0;

  /** Granted and not yet come; negative when an entry brought more than was asked for. */
  get outstanding(): number {
    return this.granted;
  }

  /** A new subscription, of which the broker knows nothing: what was granted and did not come is asked for again. */
  start(): number {
    this.granted = Math.max(0, this.granted);
    return this.granted;
  }

  grant(messages: number): number {
    this.granted += messages;
    return messages;
  }

  /** `messages` have come, as the broker charged them. */
  arrived(messages: number): void {
    this.granted -= messages;
  }
}
