import { Buffer } from 'node:buffer';
import type { Exchange } from '../exchanges/exchange.js';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import type { Publication } from './message-publisher.js';

/** A message that came to no queue, as far as was known when it came. */
export interface LateMessage {
  readonly exchange: Exchange;
  readonly message: PublishedMessage;
  readonly mandatory: boolean;
  readonly publication: Publication;
}

/** Does what is to be done with late messages. */
export interface LateHandler {
  /** Resolves when all is known that was declared before, at whichever gateway. */
  caughtUp(): Promise<void>;
  /** False: it comes to no queue, as far as is known. */
  route(late: LateMessage): boolean;
  /** It comes to no queue. */
  nowhere(late: LateMessage): void | Promise<void>;
  /** It came to no queue, and nobody knows whether there is one. */
  failed(late: LateMessage, error: unknown): void;
}

/**
 * Messages of one channel that wait for what was declared at other gateways, and those that were published after them: they
 * are routed in their order. However many there are, one question answers for all that wait.
 */
export class LateMessages {
  #waiting: LateMessage[] = [];
  #run: Promise<void> | undefined;

  constructor(private readonly handler: LateHandler) {}

  /** What is published now must wait, too. */
  get isWaiting(): boolean {
    return this.#run !== undefined;
  }

  /** Resolves when none waits; undefined: none does. */
  get settled(): Promise<void> | undefined {
    return this.#run;
  }

  add(late: LateMessage): void {
    const { message } = late;
    // What it is a view of may be used again.
    const body = message.body.map((part) => Buffer.from(part));
    this.#waiting.push({ ...late, message: { ...message, body } });
    this.#run ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.length;
      const fault = await this.handler.caughtUp().then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      for (let at = 0; at < asked; at++) await this.#end(this.#waiting[at] as LateMessage, fault);
      // Those that came meanwhile go as far as they have queues; the question was too early for the others.
      let ended = asked;
      while (ended < this.#waiting.length && this.handler.route(this.#waiting[ended] as LateMessage)) ended++;
      this.#waiting = this.#waiting.slice(ended);
    }
    this.#run = undefined;
  }

  async #end(late: LateMessage, fault: { readonly error: unknown } | undefined): Promise<void> {
    if (this.handler.route(late)) return;
    if (fault !== undefined) {
      this.handler.failed(late, fault.error);
      return;
    }
    try {
      await this.handler.nowhere(late);
    } catch (error) {
      this.handler.failed(late, error);
    }
  }
}
