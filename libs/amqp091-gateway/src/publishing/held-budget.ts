import { Amqp091Error } from '#libs/amqp091-codec';

/** Bytes of messages that transactions hold: of one connection and, in `whole`, of all. */
export class HeldBudget {
  #bytes = 0;

  constructor(
    private readonly bytesMax: number,
    private readonly whole?: HeldBudget,
  ) {}

  /** @throws Amqp091Error `resource-error` */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.bytesMax) {
      throw new Amqp091Error('resource-error', `transactions hold more than ${this.bytesMax} bytes`);
    }
    this.whole?.take(bytes);
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
    this.whole?.give(bytes);
  }
}
