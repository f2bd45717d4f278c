import {
  type AmqpComposite,
  AmqpDecodeError,
  AmqpErrorCondition,
  type AmqpFrame,
  encodeFrame,
} from '#libs/amqp-codec';
import type { QuotaHandle } from '#libs/rate-limit';
import type { Link, ProtocolConnection } from '#libs/transport';
import { AmqpError, asAmqpError } from './amqp.errors.js';
import type { AmqpServices } from './amqp.services.js';
import { ConnectionDecoder, type ConnectionInput } from './connection/connection-decoder.js';
import { type AuthenticatedClient, Handshake } from './connection/handshake.js';
import { agreeOn, checkHostname, type OpenAgreement, ourOpen } from './connection/open-agreement.js';
import { OpenedConnection } from './connection/opened-connection.js';

/**
 * One client. Decides who is given a frame and nothing else:
 *
 *     handshake ── AMQP header ──▶ ready ── open ──▶ opened ── close, by either side ──▶ closed
 *         └─────── refused ──────────┴────────────────────────────────────────────────────▲
 */
export class AmqpConnection implements ProtocolConnection<ConnectionInput> {
  readonly decoder: ConnectionDecoder;
  #handshake: Handshake | undefined;
  /** Authenticated, and not opened yet. */
  #client: AuthenticatedClient | undefined;
  #opened: OpenedConnection | undefined;
  #closed = false;

  constructor(
    readonly link: Link,
    readonly services: AmqpServices,
  ) {
    this.decoder = new ConnectionDecoder(services.idleWheel);
    this.#handshake = new Handshake(link, services, {
      onReady: (client) => {
        this.#handshake = undefined;
        this.#client = client;
      },
      onRefused: (reason, message) => this.#refuseHandshake(reason, message),
    });
  }

  onFrame(input: ConnectionInput): void {
    if (this.#closed) return;
    if (input instanceof AmqpDecodeError) {
      this.#onDecodeError(input);
      return;
    }
    switch (input.type) {
      case 'frame':
        this.#dispatch(input);
        break;
      case 'heartbeat':
        if (this.#handshake !== undefined) this.#refuseHandshake('protocol-error', 'a frame before its time');
        break;
      case 'protocol-header':
        this.#handshake?.onHeader(input);
        break;
      case 'sasl-frame':
        this.#handshake?.onSaslFrame(input);
        break;
    }
  }

  onWritable(): void {
    this.#opened?.onWritable();
  }

  onClose(): void {
    this.#closed = true;
    this.#handshake?.end();
    this.#opened?.lost();
  }

  async drained(): Promise<void> {
    await this.#opened?.drain();
  }

  #dispatch(frame: AmqpFrame): void {
    const opened = this.#opened;
    try {
      if (opened !== undefined) opened.onFrame(frame);
      else if (this.#client !== undefined) this.#open(frame, this.#client);
      else this.#refuseHandshake('protocol-error', 'a frame before its time');
    } catch (error) {
      if (!(error instanceof AmqpError)) this.link.log.failure(error, 'a frame could not be served');
      this.#fail(asAmqpError(error));
    }
  }

  /** @throws AmqpError that ends the connection */
  #open({ performative, channel }: AmqpFrame, client: AuthenticatedClient): void {
    const { type } = performative;
    if (type !== 'open' || channel !== 0) {
      const message = type === 'open' ? 'open on another channel than 0' : `${type} before open`;
      throw new AmqpError(AmqpErrorCondition.FRAMING_ERROR, message, 'connection');
    }
    const { link, services, decoder } = this;
    const agreement = agreeOn(performative, link.id, services.options);
    this.#admit(performative, client);
    const quota = this.#counted(client, agreement);
    link.authenticated();
    decoder.allowFrames(services.options.frameBytesMax);
    this.#client = undefined;
    link.send(encodeFrame(0, ourOpen(services)));
    this.#opened = new OpenedConnection({ link, services, decoder, client, agreement, quota });
  }

  /** The tenant came with the identity; it is served, or the client is told to try later. */
  #admit({ hostname }: AmqpComposite<'open'>, { principal }: AuthenticatedClient): void {
    const { tenant, user } = principal;
    this.link.log.identify({ tenant: tenant.name, user });
    checkHostname(hostname, tenant, this.services.tenants);
    const refusal = this.services.tenantRefusal?.(tenant.name);
    if (refusal === undefined) return;
    const condition = refusal.retriable
      ? AmqpErrorCondition.CONNECTION_FORCED
      : AmqpErrorCondition.NOT_ALLOWED;
    throw new AmqpError(condition, refusal.message, 'connection');
  }

  /** @throws AmqpError when there are as many connections as there may be */
  #counted({ principal }: AuthenticatedClient, { containerId }: OpenAgreement): QuotaHandle {
    const { tenant, user } = principal;
    const quota = this.services.limits.open({ tenant, user, clientId: containerId });
    const refusal = quota.connect();
    if (refusal === undefined) return quota;
    quota.close();
    const message =
      refusal === 'connections'
        ? 'there are as many connections as there may be'
        : 'connections come faster than they may';
    throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, message, 'connection');
  }

  #onDecodeError(error: AmqpDecodeError): void {
    this.services.metrics.protocol('amqp').malformed++;
    if (error.duringHeader) this.#handshake?.refuseHeader();
    else if (this.#handshake !== undefined) this.#refuseHandshake('malformed-frame', error.message);
    else this.#fail(new AmqpError(error.code, error.message, 'connection'));
  }

  /** Before `open` was answered, `close` comes behind it (AMQP 2.4.1). */
  #fail(error: AmqpError): void {
    if (this.#opened !== undefined) {
      this.#opened.fail(error);
      return;
    }
    if (this.#closed) return;
    this.#closed = true;
    const { condition, message } = error;
    this.services.metrics.errors('amqp', condition).inc();
    this.link.log.fault(condition, error.detail);
    const told = { type: 'error', condition, description: message } as const;
    this.link.send([
      encodeFrame(0, ourOpen(this.services, true)),
      encodeFrame(0, { type: 'close', error: told }),
    ]);
    this.link.close(condition);
  }

  /** There is no frame to say it with. */
  #refuseHandshake(reason: string, message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handshake?.end();
    this.services.metrics.errors('amqp', reason).inc();
    this.link.log.fault(reason, message);
    this.link.close(reason);
  }
}
