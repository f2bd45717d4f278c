import type { Buffer } from 'node:buffer';
import {
  type AmqpProtocolHeader,
  type AmqpSaslFrame,
  encodeProtocolHeader,
  encodeSaslFrame,
} from '#libs/amqp-codec';
import type { Principal } from '#libs/auth';
import type { Link } from '#libs/transport';
import { AmqpAuthentication, type AmqpAuthStep } from '../authentication/amqp-authentication.js';
import type { AmqpServices } from '../amqp.services.js';

/** Who a client has proven to be. */
export interface AuthenticatedClient {
  readonly principal: Principal;
  /** On the clock of `performance.now`; infinite for most. */
  readonly endsAtMs: number;
}

export interface HandshakeHooks {
  /** The AMQP header was exchanged: `open` comes next. */
  onReady(client: AuthenticatedClient): void;
  /** The connection is to be closed; the client was told what there is to tell. @param reason a fixed word */
  onRefused(reason: string, message: string): void;
}

/**
 * From the first byte to the AMQP header (AMQP 2.2, 5.3.2):
 *
 *     start ── SASL header ──▶ sasl ── init ──▶ exchanging ── outcome ok ──▶ authenticated ── AMQP header ──▶ ready
 *       └───── AMQP header: certificate or anonymous ─────────────────────────────────────────────────────────▲
 *
 * Nothing is read while somebody is asked who the client is, so what it sent ahead waits in its socket. Every other input
 * is a refusal, and so is every input after one.
 */
export class Handshake {
  readonly #authentication: AmqpAuthentication;
  #state: 'start' | 'sasl' | 'exchanging' | 'authenticated' | 'over' = 'start';
  #client: AuthenticatedClient | undefined;

  constructor(
    private readonly link: Link,
    private readonly services: AmqpServices,
    private readonly hooks: HandshakeHooks,
  ) {
    this.#authentication = new AmqpAuthentication({
      authenticator: services.authenticator,
      peer: { ...link.peer, listener: link.listener.name },
    });
  }

  onHeader(header: AmqpProtocolHeader): void {
    const { protocol, isSupported } = header;
    if (!isSupported) this.refuseHeader();
    else if (this.#state === 'start' && protocol === 'sasl') this.#wait(this.#offer());
    else if (this.#state === 'start') this.#wait(this.#enterBare());
    else if (this.#state === 'authenticated' && protocol === 'amqp') this.#ready(this.#client!);
    else this.#refuse('protocol-error', 'a protocol header out of turn');
  }

  onSaslFrame({ performative }: AmqpSaslFrame): void {
    if (this.#state === 'sasl' && performative.type === 'sasl-init') {
      const { mechanism, initialResponse } = performative;
      this.#state = 'exchanging';
      this.#wait(this.#authentication.init(mechanism, initialResponse).then((step) => this.#answer(step)));
    } else if (this.#state === 'exchanging' && performative.type === 'sasl-response') {
      this.#wait(this.#authentication.respond(performative.response).then((step) => this.#answer(step)));
    } else {
      this.#refuse('protocol-error', `${performative.type} out of turn`);
    }
  }

  /** The client began with other bytes than it may, or says nothing that is served: it is told what is (AMQP 2.2). */
  refuseHeader(): void {
    if (this.#state === 'start') this.link.send(encodeProtocolHeader('sasl'));
    else if (this.#state === 'authenticated') this.link.send(encodeProtocolHeader('amqp'));
    this.#refuse('unsupported-protocol', 'a protocol header that is not supported');
  }

  /** The client is gone, or is refused for what it sent. */
  end(): void {
    this.#state = 'over';
  }

  #wait(step: Promise<void>): void {
    this.link.pause();
    step
      .catch((error: unknown) => {
        this.link.log.failure(error, 'a client could not be authenticated');
        this.#refuse('internal-error', 'authentication failed');
      })
      .finally(() => this.link.resume());
  }

  async #offer(): Promise<void> {
    const offer = await this.#authentication.offer();
    if (this.#isOver()) return;
    this.link.send(encodeProtocolHeader('sasl'));
    if ('kind' in offer) {
      this.#answer(offer);
      return;
    }
    this.#state = 'sasl';
    this.link.send(encodeSaslFrame({ type: 'sasl-mechanisms', saslServerMechanisms: offer }));
  }

  async #enterBare(): Promise<void> {
    const step = await this.#authentication.bare();
    if (this.#isOver()) return;
    if (step.kind === 'allow') {
      this.#allowed(step);
      this.#ready(this.#client!);
      return;
    }
    this.link.send(encodeProtocolHeader('sasl'));
    this.#denied(step.kind === 'deny' ? step.reason : 'bad-credentials');
  }

  #answer(step: AmqpAuthStep): void {
    if (this.#isOver()) return;
    if (step.kind === 'continue') {
      this.link.send(encodeSaslFrame({ type: 'sasl-challenge', challenge: step.challenge }));
      return;
    }
    if (step.kind === 'allow') {
      this.#allowed(step);
      this.#sendOutcome(0, step.additionalData);
      return;
    }
    this.#sendOutcome(step.saslCode);
    this.#denied(step.reason);
  }

  #allowed({ principal, endsAtMs }: Extract<AmqpAuthStep, { kind: 'allow' }>): void {
    this.#state = 'authenticated';
    this.#client = { principal, endsAtMs };
    this.services.metrics.protocol('amqp').authSuccesses++;
  }

  #sendOutcome(code: number, additionalData?: Buffer): void {
    this.link.send(encodeSaslFrame({ type: 'sasl-outcome', code, additionalData }));
  }

  #denied(reason: string): void {
    this.services.metrics.protocol('amqp').authFailures++;
    this.#refuse('authentication-failed', `authentication failed: ${reason}`);
  }

  #ready(client: AuthenticatedClient): void {
    this.#state = 'over';
    this.link.send(encodeProtocolHeader('amqp'));
    this.hooks.onReady(client);
  }

  #refuse(reason: string, message: string): void {
    if (this.#isOver()) return;
    this.#state = 'over';
    this.hooks.onRefused(reason, message);
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }
}
