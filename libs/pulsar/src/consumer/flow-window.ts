export interface FlowWindowOptions {
  /** Messages granted and not yet taken, at most. */
  readonly messagesMax: number;
  /** Bytes of the same, as far as the sizes seen so far foretell. */
  readonly bytesMax: number;
  /** Messages granted before anything is known of their size. Default 100. */
  readonly firstMessages?: number;
}

const firstMessagesDefault = 100;
/** Weight of the newest entry in the running mean of bytes per message. */
const meanWeight = 1 / 16;

/**
 * Permits (FLOW) of one consumer. The broker counts messages and never bytes, so the window in
 * messages shrinks as they grow: large messages get few permits, small ones up to `messagesMax`.
 *
 * Pure bookkeeping: `start`, `taken` and `resume` say how many permits to send now, 0 for none.
 */
export class FlowWindow {
  /** Granted and not yet taken. Negative when a batch was larger than what was left. */
  private outstanding = 0;
  private bytesPerMessage = 0;
  private paused = false;

  constructor(private readonly options: FlowWindowOptions) {}

  /** A new subscription: nothing is on the way. */
  start(): number {
    this.outstanding = 0;
    return this.grant();
  }

  /** Learns the size of messages as they arrive. */
  arrived(messages: number, bytes: number): void {
    const perMessage = messages > 0 ? bytes / messages : bytes;
    this.bytesPerMessage =
      this.bytesPerMessage === 0
        ? perMessage
        : this.bytesPerMessage + (perMessage - this.bytesPerMessage) * meanWeight;
  }

  /** `messages`, as the broker charged them (a batch's size less what was acknowledged before), make room. */
  taken(messages: number): number {
    this.outstanding -= messages;
    return this.grant();
  }

  /** Grants nothing more. What was granted still arrives. */
  pause(): void {
    this.paused = true;
  }

  resume(): number {
    this.paused = false;
    return this.grant();
  }

  private grant(): number {
    if (this.paused) return 0;
    const target = this.target();
    const missing = target - this.outstanding;
    if (missing < target / 2) return 0;
    this.outstanding += missing;
    return missing;
  }

  private target(): number {
    const { messagesMax, bytesMax, firstMessages } = this.options;
    if (this.bytesPerMessage === 0) return Math.min(firstMessages ?? firstMessagesDefault, messagesMax);
    return Math.max(1, Math.min(messagesMax, Math.floor(bytesMax / this.bytesPerMessage)));
  }
}
