import { Buffer } from 'node:buffer';
import type { AmqpComposite, AmqpOutcome } from '#libs/amqp-codec';
import type { MessageSource, OutgoingDelivery, SettleDone } from '../node.js';
import type { SessionConnection } from '../connection/session-connection.js';
import type { LinkSession } from '../session/link-session.js';
import type { UnsettledMap } from './outcome-memory.js';
import { failed, released } from './own-outcomes.js';
import type { ResumeQuota } from './resume-quota.js';
import { saidOutcomeOf } from './said-outcome.js';
import { SentDelivery, type SentDeliveryOwner } from './sent-delivery.js';

const nothing: Pick<OutgoingDelivery, 'parts' | 'bytes'> = { parts: [], bytes: 0 };

/** What the client's attach says of its side. */
export interface ClientUnsettled {
  /** By delivery tag, as latin1 text. */
  readonly states: ReadonlyMap<string, UnsettledMap[number][1]>;
  readonly isIncomplete: boolean;
}

/**
 * How a delivery goes on: `again` with all its bytes; `settled`, since the client has said its outcome; `aborted`, since its bytes
 * are gone: then the message comes as another delivery.
 */
interface Resumed {
  readonly from: SentDelivery;
  readonly as: 'again' | 'settled' | 'aborted';
}

/** What one link to a client has not settled when it is suspended, and how that goes on when it is resumed (AMQP 2.6.13). */
export class KeptDeliveries {
  /** Sent, and not settled. */
  readonly #unsettled = new Set<SentDelivery>();
  #kept: SentDelivery[] = [];
  #resumed: Resumed[] = [];
  #wasLost = false;

  readonly #tenant: string;
  /** That are kept of what is sent. */
  readonly #bytes: ResumeQuota;

  /** @param onResumed there is something to be sent */
  constructor(
    { services, identity }: SessionConnection,
    private readonly source: () => MessageSource,
    private readonly onResumed: () => void,
  ) {
    this.#tenant = identity.principal.tenant.name;
    this.#bytes = services.suspendedLinks.bytes;
  }

  /** Deliveries that wait to be sent again. */
  get waiting(): number {
    return this.#resumed.length;
  }

  /** It is sent, and its bytes stay if there is room. */
  sent(sent: SentDelivery): void {
    this.#unsettled.add(sent);
    if (this.#bytes.take(this.#tenant, sent.delivery.bytes)) sent.keep();
  }

  /** It is settled. */
  forget(sent: SentDelivery): void {
    this.#unsettled.delete(sent);
    if (sent.keptBytes === 0) return;
    this.#bytes.give(this.#tenant, sent.keptBytes);
    sent.keptBytes = 0;
  }

  /** @param partial was not sent whole: what the client has of it is of no use to it */
  suspend({ sent, connection }: LinkSession, partial: SentDelivery | undefined): void {
    this.#wasLost = connection.isLost;
    for (const { from, as } of this.#resumed) if (as === 'again') this.#keep(from);
    this.#resumed = [];
    if (partial !== undefined) this.#unsettled.add(partial);
    for (const each of this.#unsettled) {
      sent.delete(each.deliveryId);
      if (each !== partial) this.#keep(each);
      else if (!each.settled && !each.aborted) this.#giveBack(each);
    }
    this.#unsettled.clear();
  }

  /**
   * What the client does not list comes again as another delivery: it never had it, or said its outcome to nobody.
   *
   * @returns what the client is told
   * @throws AmqpError
   */
  resume({ states, isIncomplete }: ClientUnsettled): UnsettledMap {
    const said = new Map([...states].map(([tag, state]) => [tag, saidOutcomeOf(state)]));
    const kept = this.#kept;
    this.#kept = [];
    const told: [Buffer, undefined][] = [];
    for (const sent of kept) {
      sent.isKept = false;
      if (sent.isOver || sent.isSettling) {
        this.forget(sent);
        continue;
      }
      const tag = tagOf(sent);
      const its = said.get(tag.toString('latin1'));
      if (its === undefined && !isIncomplete) {
        this.#giveBack(sent);
        continue;
      }
      told.push([tag, undefined]);
      if (its === undefined) this.#keep(sent);
      else if (its.outcome !== undefined && its.transactionId === undefined) this.#settle(sent, its.outcome);
      else this.#sendAgain(sent);
    }
    return told;
  }

  /** The next to be sent, as a delivery of this link. */
  take(owner: SentDeliveryOwner, channel: number, handle: number, deliveryId: number): SentDelivery {
    const { from, as } = this.#resumed.shift() as Resumed;
    const { deliveryTag, delivery } = from;
    const isSettled = as === 'settled';
    const next = new SentDelivery(owner, channel, handle, deliveryId, deliveryTag, isSettled, delivery);
    next.resumes = true;
    next.aborted = as === 'aborted';
    next.content = as === 'again' ? from.content : nothing;
    next.keptBytes = from.keptBytes;
    if (as === 'again') this.#unsettled.add(next);
    return next;
  }

  /** The link is closed, and its source with it, which gives all back. */
  clear(): void {
    for (const { from } of this.#resumed) this.forget(from);
    for (const sent of [...this.#kept, ...this.#unsettled]) this.forget(sent);
    this.#kept = [];
    this.#resumed = [];
  }

  #giveBack(sent: SentDelivery): void {
    this.forget(sent);
    this.source().settle(sent.delivery, this.#wasLost ? failed : released, ignored);
  }

  #keep(sent: SentDelivery): void {
    sent.isKept = true;
    this.#kept.push(sent);
  }

  #settle(sent: SentDelivery, outcome: AmqpOutcome): void {
    this.forget(sent);
    // What Pulsar did not take comes again, as another delivery.
    const done: SettleDone = () => this.#add({ from: sent, as: 'settled' });
    this.source().settle(sent.delivery, outcome, done);
  }

  #sendAgain(sent: SentDelivery): void {
    if (sent.keptBytes > 0) {
      this.#add({ from: sent, as: 'again' });
      return;
    }
    this.#giveBack(sent);
    this.#add({ from: sent, as: 'aborted' });
  }

  #add(resumed: Resumed): void {
    this.#resumed.push(resumed);
    this.onResumed();
  }
}

function tagOf({ deliveryTag }: SentDelivery): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeBigUInt64BE(BigInt(deliveryTag));
  return tag;
}

function ignored(): void {}

/** What the attach says; undefined: it resumes nothing (AMQP 2.7.3). */
export function clientUnsettled({
  unsettled,
  incompleteUnsettled,
}: AmqpComposite<'attach'>): ClientUnsettled | undefined {
  if (unsettled === undefined) return undefined;
  const states = new Map(unsettled.map(([tag, state]) => [tag.toString('latin1'), state]));
  return { states, isIncomplete: incompleteUnsettled };
}
