import { Amqp091Error, AssemblyBudget } from '#libs/amqp091-codec';

/** Contents that have come in part, of one connection and, in `whole`, of all. */
export class ContentBudget extends AssemblyBudget {
  constructor(
    bytesMax: number,
    private readonly whole?: ContentBudget,
  ) {
    super(bytesMax);
  }

  override take(bytes: number): void {
    super.take(bytes);
    try {
      this.whole?.take(bytes);
    } catch {
      super.give(bytes);
      throw new Amqp091Error('resource-error', 'too many contents of all clients are not complete');
    }
  }

  override give(bytes: number): void {
    super.give(bytes);
    this.whole?.give(bytes);
  }
}
