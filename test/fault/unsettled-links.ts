// AMQP clients that lose their gateways: senders that send again what was not accepted, receivers that leave deliveries unsettled.
import { Buffer } from 'node:buffer';
import {
  type AmqpFrame,
  type AmqpOutcome,
  decodeHeader,
  encodeFrame,
  encodeTransferHead,
  findSections,
} from '#libs/amqp-codec';
import { dataMessage, messageText } from '../../libs/amqp-gateway/src/testing/amqp-client.js';
import { AmqpSocket } from '../bench/amqp-load/amqp-socket.js';

/** Deliveries on their way of one sender: what it may have to send again. */
const inFlightMax = 2_000;

/** Sends its numbers in order; those of which it does not know that they were accepted it sends again after a cut, as another attempt. */
export class RetryingSender {
  /** What was accepted: `<link>:<number>:<attempt>`. */
  readonly accepted = new Set<string>();
  /** Accepted by number: what need not be sent again. */
  #done = 0;
  #attempt = 0;
  #socket: AmqpSocket | undefined;
  readonly refusals: string[] = [];

  #count = 0;
  #send: () => void = () => {};

  constructor(
    private readonly link: number,
    private readonly address: string,
  ) {}

  get isDone(): boolean {
    return this.#done === this.#count;
  }

  /** It has so many to send, in all. */
  goOnTo(count: number): void {
    this.#count = count;
    this.#send();
  }

  /** Begins, or goes on behind the last one that was accepted with all before it. */
  async sendTo(endpoint: string): Promise<void> {
    const name = `sender-${this.link}`;
    const socket = await AmqpSocket.attach(endpoint, {
      ...{ name, role: false, initialDeliveryCount: 0 },
      ...{ source: { type: 'source' }, target: { type: 'target', address: this.address } },
    });
    socket.failsWith(() => {});
    this.#socket = socket;
    const base = this.#done;
    const attempt = this.#attempt++;
    const text = (id: number) => `${this.link}:${base + id}:${attempt}`;
    const answered = new Set<number>();
    let sent = 0;
    const send = () => {
      const parts: Buffer[] = [];
      const end = Math.min(this.#count - base, socket.creditUpTo, this.#done - base + inFlightMax);
      for (; sent < end; sent++) {
        const message = dataMessage(text(sent));
        const deliveryTag = Buffer.from(`${sent}`);
        const transfer = {
          type: 'transfer',
          handle: 0,
          deliveryId: sent,
          deliveryTag,
          messageFormat: 0,
        } as const;
        parts.push(encodeTransferHead(0, transfer, message.length), message);
      }
      if (parts.length > 0) socket.socket.write(Buffer.concat(parts));
    };
    socket.onFrame = ({ performative }) => {
      if (performative.type === 'detach' || performative.type === 'close') {
        this.refusals.push(`${performative.error?.condition}`);
      }
      if (performative.type !== 'disposition') return;
      const { first, last = first, state } = performative;
      if (state?.type !== 'accepted') this.refusals.push(`${text(first)} was ${state?.type}`);
      for (let id = first; id <= last; id++) {
        answered.add(id);
        this.accepted.add(text(id));
      }
      while (answered.delete(this.#done - base)) this.#done++;
    };
    socket.onPiece = send;
    this.#send = send;
    send();
  }

  cut(): void {
    this.#socket?.close();
    this.#send = () => {};
  }
}

/** What is known of all deliveries of one queue. */
export class SettlementRecord {
  /** Told by the gateway that it is accepted, and when, by what is in the message. */
  readonly #confirmedAt = new Map<string, number>();
  /** Accepted by a client that was cut off before it was told: it may come again. */
  readonly #unanswered = new Set<string>();
  /** What came after it was confirmed. */
  readonly again: { text: string; confirmedAt: number; at: number; deliveryCount: number }[] = [];

  get confirmed(): number {
    return this.#confirmedAt.size;
  }

  came(text: string, deliveryCount: number): void {
    const confirmedAt = this.#confirmedAt.get(text);
    if (confirmedAt !== undefined) this.again.push({ text, confirmedAt, at: Date.now(), deliveryCount });
  }

  confirm(text: string): void {
    if (!this.#confirmedAt.has(text)) this.#confirmedAt.set(text, Date.now());
  }

  neverAnswered(text: string): void {
    this.#unanswered.add(text);
  }

  isSettled(text: string): boolean {
    return this.#confirmedAt.has(text) || this.#unanswered.has(text);
  }
}

/** A link that takes what comes and settles what it is told to, second (AMQP 2.6.12): it waits for the gateway's word. */
export class UnsettledReceiver {
  /** Deliveries that it has not said anything of, by id. */
  readonly open = new Map<number, string>();
  received = 0;
  readonly #accepting = new Map<number, string>();
  readonly #givingBack = new Set<number>();
  readonly faults: string[] = [];

  private constructor(
    private readonly socket: AmqpSocket,
    private readonly record: SettlementRecord,
  ) {
    // Whoever kills its gateway cuts it too.
    socket.failsWith(() => {});
    socket.onFrame = (frame) => this.#onFrame(frame);
  }

  static async open(
    endpoint: string,
    name: string,
    address: string,
    record: SettlementRecord,
    credit: number,
  ): Promise<UnsettledReceiver> {
    const socket = await AmqpSocket.attach(endpoint, {
      ...{ name, role: true, source: { type: 'source', address }, target: { type: 'target' } },
    });
    const receiver = new UnsettledReceiver(socket, record);
    socket.credit(0, credit);
    return receiver;
  }

  /** What it settled has all been answered. */
  get isAnswered(): boolean {
    return this.#accepting.size === 0 && this.#givingBack.size === 0;
  }

  accept(first: number, last = first): void {
    for (let id = first; id <= last; id++) this.#accepting.set(id, this.#take(id));
    this.#settle(first, last, { type: 'accepted' });
  }

  giveBack(id: number, outcome: AmqpOutcome): void {
    this.#take(id);
    this.#givingBack.add(id);
    this.#settle(id, id, outcome);
  }

  /** All that it has. */
  acceptAll(): void {
    let first: number | undefined;
    let last = 0;
    for (const id of [...this.open.keys()]) {
      if (first !== undefined && id !== last + 1) {
        this.accept(first, last);
        first = undefined;
      }
      first ??= id;
      last = id;
    }
    if (first !== undefined) this.accept(first, last);
  }

  /** Its gateway is killed, or it goes. */
  cut(): void {
    this.socket.close();
    for (const text of this.#accepting.values()) this.record.neverAnswered(text);
    this.#accepting.clear();
    this.#givingBack.clear();
    this.open.clear();
  }

  #take(id: number): string {
    const text = this.open.get(id)!;
    this.open.delete(id);
    return text;
  }

  #settle(first: number, last: number, state: AmqpOutcome): void {
    this.socket.socket.write(
      encodeFrame(0, { type: 'disposition', role: true, first, last, settled: false, state }),
    );
  }

  #onFrame({ performative, payload }: AmqpFrame): void {
    if (performative.type === 'transfer') {
      const text = messageText(payload);
      this.record.came(text, decodeHeader(findSections(payload))?.deliveryCount ?? 0);
      this.open.set(performative.deliveryId!, text);
      this.received++;
    } else if (performative.type === 'disposition' && performative.settled) {
      const { first, last = first, state } = performative;
      for (let id = first; id <= last; id++) {
        const text = this.#accepting.get(id);
        this.#accepting.delete(id);
        this.#givingBack.delete(id);
        // What Pulsar did not take comes again, and is accepted then.
        if (text !== undefined && state?.type === 'accepted') this.record.confirm(text);
      }
    } else if (performative.type === 'detach' || performative.type === 'close') {
      this.faults.push(`${performative.type}: ${performative.error?.condition}`);
    }
  }
}
