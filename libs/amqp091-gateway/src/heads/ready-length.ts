/** One of both that a queue has a limit of: messages, or bytes of their bodies. */
class Amount {
  /** Ready, as it was counted last. */
  counted = 0;
  /** Ready, stored and on the way, as far as is known here. */
  private known = 0;
  private inFlight = 0;
  private sinceBegun = 0;

  constructor(private readonly max: number) {}

  get isFull(): boolean {
    return this.known >= this.max;
  }

  get excess(): number {
    return Math.max(0, this.counted - this.max);
  }

  storing(amount: number): void {
    this.known += amount;
    this.inFlight += amount;
  }

  stored(amount: number, isStored: boolean): void {
    this.inFlight -= amount;
    if (isStored) this.sinceBegun += amount;
    else this.known -= amount;
  }

  countingBegins(): void {
    this.sinceBegun = 0;
  }

  /** Of what was on its way meanwhile nobody knows whether it was counted: what was known before is true unless it cannot be. */
  count(amount: number): void {
    this.counted = amount;
    const most = amount + this.sinceBegun + this.inFlight;
    this.known = Math.min(most, Math.max(amount, this.known));
  }
}

/** How much a queue has ready, as it was counted last, and what this process stored since. Pure bookkeeping. */
export class ReadyLength {
  private readonly messages: Amount;
  private readonly bytes: Amount;

  constructor(messagesMax = Infinity, bytesMax = Infinity) {
    this.messages = new Amount(messagesMax);
    this.bytes = new Amount(bytesMax);
  }

  /** One more is too many. */
  get isFull(): boolean {
    return this.messages.isFull || this.bytes.isFull;
  }

  /** So many of the oldest are too many, of those that were counted. */
  get excess(): number {
    const { messages, bytes } = this;
    const meanBytes = messages.counted === 0 ? 1 : Math.max(1, bytes.counted / messages.counted);
    return Math.min(messages.counted, Math.max(messages.excess, Math.ceil(bytes.excess / meanBytes)));
  }

  /** It is on its way to Pulsar. */
  storing(bytes: number): void {
    this.messages.storing(1);
    this.bytes.storing(bytes);
  }

  /** Pulsar has it, or will not have it. */
  stored(bytes: number, isStored: boolean): void {
    this.messages.stored(1, isStored);
    this.bytes.stored(bytes, isStored);
  }

  countingBegins(): void {
    this.messages.countingBegins();
    this.bytes.countingBegins();
  }

  counted(messages: number, bytes: number): void {
    this.messages.count(messages);
    this.bytes.count(bytes);
  }
}
