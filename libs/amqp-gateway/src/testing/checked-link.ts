import type { DeliveryOutcome, MessageSink, OutgoingDelivery } from '../node.js';
import type { SubscriptionSource } from '../sources/subscription-source.js';
import { textOf } from './fake-source-parts.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await turn();
}

/** A link that checks what it is given. */
export class CheckedLink implements MessageSink {
  source!: SubscriptionSource;
  credit = 0;
  readonly held: { readonly text: string; readonly delivery: OutgoingDelivery }[] = [];
  /** Accepted, and Pulsar has said so. */
  readonly accepted = new Set<string>();
  /** Accepted or rejected, whether Pulsar has heard of it or not. */
  readonly decided = new Set<string>();
  /** Each text once: given while it was held, or after it was accepted. */
  readonly faults: string[] = [];
  given = 0;

  onDelivery(delivery: OutgoingDelivery): void {
    const text = textOf(delivery);
    this.given++;
    if (--this.credit < 0) this.faults.push(`${text} without credit`);
    if (this.held.some((each) => each.text === text)) this.faults.push(`${text} twice`);
    if (this.accepted.has(text)) this.faults.push(`${text} after it was accepted`);
    this.held.push({ text, delivery });
    delivery.sent();
  }

  onEnded(error: Error): void {
    this.faults.push(error.message);
  }

  setCredit(messages: number): void {
    this.credit = messages;
    this.source.setCredit(messages);
  }

  settle(at: number, outcome: DeliveryOutcome): void {
    const [held] = this.held.splice(at % Math.max(1, this.held.length), 1);
    if (held === undefined) return;
    if (outcome.type === 'accepted' || outcome.type === 'rejected') this.decided.add(held.text);
    this.source.settle(held.delivery as never, outcome, (error) => {
      if (error === undefined && outcome.type === 'accepted') this.accepted.add(held.text);
    });
  }
}
