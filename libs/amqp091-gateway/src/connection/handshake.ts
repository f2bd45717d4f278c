import { Buffer } from 'node:buffer';
import {
  Amqp091Error,
  type Amqp091Method,
  type Amqp091MethodOf,
  encodeMethod,
  methodReference,
  negotiateTune,
  type TuneParameters,
} from '#libs/amqp091-codec';
import type { Principal, SaslStep } from '#libs/auth';
import type { Link } from '#libs/transport';
import type { ConnectionServices } from './connection-services.js';
import { Amqp091Authentication } from '../authentication/amqp091-authentication.js';
import { type ClientProperties, clientPropertiesOf } from './client-properties.js';
import { serverProperties } from './server-properties.js';

/** Who a client has proven to be, and what was agreed on with it. */
export interface TunedClient {
  readonly principal: Principal;
  /** On the clock of `performance.now`; infinite for most. */
  readonly endsAtMs: number;
  readonly authentication: Amqp091Authentication;
  readonly properties: ClientProperties;
  readonly tune: TuneParameters;
}

export interface HandshakeHooks {
  /** connection.open comes next. */
  onTuned(client: TunedClient): void;
  /** The connection is to be closed. @param error what the client is told; undefined: it is not trusted with a word */
  onRefused(reason: string, message: string, error?: Amqp091Error): void;
}

/**
 * From the protocol header to connection.open (0-9-1 section 2.2.4):
 *
 *     header ──▶ started ── start-ok ──▶ securing ── secure-ok ... ──▶ tuning ── tune-ok ──▶ over
 *
 * Nothing is read while somebody is asked who the client is, so what it sent ahead waits in its socket. Every other input
 * is a refusal, and so is every input after one. As in RabbitMQ, who is not authenticated is closed without a word, unless
 * it can be told that its credentials are wrong.
 */
export class Handshake {
  readonly #authentication: Amqp091Authentication;
  #state: 'header' | 'started' | 'securing' | 'tuning' | 'over' = 'header';
  #mechanism = '';
  #properties: ClientProperties | undefined;
  #client: Extract<SaslStep, { kind: 'allow' }> | undefined;

  constructor(
    private readonly link: Link,
    private readonly services: ConnectionServices,
    private readonly hooks: HandshakeHooks,
  ) {
    this.#authentication = new Amqp091Authentication({
      authenticator: services.authenticator,
      peer: { ...link.peer, listener: link.listener.name },
    });
  }

  get isAuthenticated(): boolean {
    return this.#client !== undefined;
  }

  onHeader(): void {
    this.#wait(this.#start());
  }

  /** A method of channel 0. @throws Amqp091Error */
  onMethod(method: Amqp091Method): void {
    if (this.#state === 'started' && method.name === 'connection.start-ok') this.#onStartOk(method);
    else if (this.#state === 'securing' && method.name === 'connection.secure-ok') {
      const response = Buffer.from(method.response);
      this.#wait(this.#authentication.respond(response).then((step) => this.#answer(step)));
    } else if (this.#state === 'tuning' && method.name === 'connection.tune-ok') this.#onTuneOk(method);
    else {
      const fault = `${method.name} in the state ${this.#state}`;
      throw new Amqp091Error('command-invalid', fault, methodReference(method.name));
    }
  }

  /** The client is gone, or is refused for what it sent. */
  end(): void {
    this.#state = 'over';
  }

  async #start(): Promise<void> {
    const offer = await this.#authentication.offer();
    if (this.#isOver()) return;
    if ('kind' in offer) {
      this.#denied(offer.reason);
      return;
    }
    const { version, parts } = this.services;
    this.#state = 'started';
    this.#send({
      name: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(version, parts.capabilities),
      mechanisms: Buffer.from(offer.join(' ')),
      locales: Buffer.from('en_US'),
    });
  }

  #onStartOk({ clientProperties, mechanism, response }: Amqp091MethodOf<'connection.start-ok'>): void {
    this.#properties = clientPropertiesOf(clientProperties);
    this.#mechanism = mechanism;
    this.#state = 'securing';
    this.#wait(
      this.#authentication.init(mechanism, Buffer.from(response)).then((step) => this.#answer(step)),
    );
  }

  #answer(step: SaslStep): void {
    if (this.#isOver()) return;
    if (step.kind === 'continue') {
      this.#send({ name: 'connection.secure', challenge: step.challenge });
    } else if (step.kind === 'deny') {
      this.#denied(step.reason);
    } else {
      this.#client = step;
      this.#state = 'tuning';
      this.services.metrics.protocol('amqp').authSuccesses++;
      this.#send({ name: 'connection.tune', ...this.#offeredTune() });
    }
  }

  #offeredTune(): TuneParameters {
    const { channelsMax, frameBytesMax, heartbeatSeconds } = this.services.options;
    return { channelMax: channelsMax, frameMax: frameBytesMax, heartbeat: heartbeatSeconds };
  }

  #onTuneOk(answered: Amqp091MethodOf<'connection.tune-ok'>): void {
    const tune = negotiateTune(this.#offeredTune(), answered);
    const { principal, endsAtMs } = this.#client!;
    this.#state = 'over';
    this.hooks.onTuned({
      ...{ principal, endsAtMs, tune },
      authentication: this.#authentication,
      properties: this.#properties!,
    });
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

  #send(method: Amqp091Method): void {
    this.link.send(encodeMethod(0, method));
  }

  /** RabbitMQ's words ("authentication_failure_close"). */
  #denied(reason: string): void {
    this.services.metrics.protocol('amqp').authFailures++;
    const error = new Amqp091Error(
      'access-refused',
      `Login was refused using authentication mechanism ${this.#mechanism}. For details see the broker logfile.`,
    );
    const isTold = this.#properties?.capabilities.authenticationFailureClose ?? false;
    this.#refuse('authentication-failed', `authentication failed: ${reason}`, isTold ? error : undefined);
  }

  #refuse(reason: string, message: string, error?: Amqp091Error): void {
    if (this.#isOver()) return;
    this.#state = 'over';
    this.hooks.onRefused(reason, message, error);
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }
}
