import {
  Amqp091Error,
  type Amqp091Frame,
  type Amqp091Method,
  type Amqp091MethodOf,
  AssemblyBudget,
  ContentAssembler,
  closeOf,
  encodeMethod,
  FrameType,
  methodReference,
} from '#libs/amqp091-codec';
import type { QuotaHandle } from '#libs/rate-limit';
import type { Link, ProtocolConnection } from '#libs/transport';
import type { TenantRefusal } from './amqp091.services.js';
import type { ConnectionServices } from './connection/connection-services.js';
import { ConnectionDecoder, type ConnectionInput, headerSeen } from './connection/connection-decoder.js';
import { Handshake, type TunedClient } from './connection/handshake.js';
import { OpenedConnection } from './connection/opened-connection.js';

/**
 * One client. Decides who is given a frame and nothing else:
 *
 *     handshake ── tune-ok ──▶ tuned ── open ──▶ opening ── its vhost is known ──▶ opened ── close, by either side ──▶ closed
 *         └─────── refused ──────┴─────────────────┴───────────────────────────────────────────────────────────────────▲
 */
export class Amqp091Connection implements ProtocolConnection<ConnectionInput> {
  readonly decoder: ConnectionDecoder;
  /** Of channel 0, until it is opened. */
  readonly #assembler = new ContentAssembler({
    ...{ channel: 0, sender: 'client', bodyBytesMax: 0, budget: new AssemblyBudget(0) },
  });
  #handshake: Handshake | undefined;
  #tuned: TunedClient | undefined;
  #opened: OpenedConnection | undefined;
  #closed = false;

  constructor(
    readonly link: Link,
    readonly services: ConnectionServices,
  ) {
    this.decoder = new ConnectionDecoder(services.idleWheel);
    this.#handshake = new Handshake(link, services, {
      onTuned: (client) => {
        this.#handshake = undefined;
        this.#tuned = client;
        this.decoder.tuned(client.tune.frameMax, client.tune.channelMax);
      },
      onRefused: (reason, message, error) => this.#refuse(reason, message, error),
    });
  }

  onFrame(input: ConnectionInput): void {
    if (this.#closed) return;
    if (input === headerSeen) this.#handshake?.onHeader();
    else if (input instanceof Amqp091Error) this.#onDecodeError(input);
    else if (input.type !== FrameType.HEARTBEAT) this.#dispatch(input);
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

  #dispatch(frame: Amqp091Frame): void {
    try {
      if (this.#opened !== undefined) this.#opened.onFrame(frame);
      else this.#beforeOpen(frame);
    } catch (error) {
      if (error instanceof Amqp091Error) {
        this.#fail(error);
        return;
      }
      this.link.log.failure(error, 'a frame could not be served');
      this.#fail(new Amqp091Error('internal-error', 'the gateway failed'));
    }
  }

  /** @throws Amqp091Error */
  #beforeOpen(frame: Amqp091Frame): void {
    if (frame.channel !== 0) {
      throw new Amqp091Error('channel-error', `a frame of channel ${frame.channel} before connection.open`);
    }
    // Methods of channel 0 have no content.
    const { method } = this.#assembler.push(frame)!;
    if (this.#handshake !== undefined) this.#handshake.onMethod(method);
    else if (method.name === 'connection.open') this.#open(method);
    else this.#beforeOpenOnly(method);
  }

  #beforeOpenOnly(method: Amqp091Method): void {
    if (method.name === 'connection.close') {
      this.#closed = true;
      this.link.send(encodeMethod(0, { name: 'connection.close-ok' }));
      this.link.close('client-closed');
      return;
    }
    const fault = `${method.name} before connection.open`;
    throw new Amqp091Error('command-invalid', fault, methodReference(method.name));
  }

  /** The client is authenticated, and is not read until it is known what is declared in its vhost. */
  #open({ virtualHost }: Amqp091MethodOf<'connection.open'>): void {
    const { link, services, decoder } = this;
    const client = this.#tuned!;
    const { tenant, user } = client.principal;
    link.log.identify({ tenant: tenant.name, user });
    link.authenticated();
    this.#admit(services.tenantRefusal?.(tenant.name));
    link.pause();
    services.topologies
      .open(tenant, virtualHost)
      .then((topology) => {
        if (this.#closed) return;
        this.#admit(services.namespaceRefusal?.(topology.scope.pulsarNamespace));
        const quota = this.#counted(client, virtualHost);
        link.send(encodeMethod(0, { name: 'connection.open-ok' }));
        this.#opened = new OpenedConnection({ link, services, decoder, client, topology, quota });
      })
      .catch((error: unknown) => this.#notOpened(error))
      .finally(() => link.resume());
  }

  #notOpened(error: unknown): void {
    if (!(error instanceof Amqp091Error)) this.link.log.failure(error, 'a vhost could not be opened');
    const told =
      error instanceof Amqp091Error ? error : new Amqp091Error('internal-error', 'the gateway failed');
    this.#fail(told.about(methodReference('connection.open')));
  }

  /** The tenant came with the identity; it and its vhost are served, or the client is told to try later. @throws Amqp091Error */
  #admit(refusal: TenantRefusal | undefined): void {
    if (refusal === undefined) return;
    const code = refusal.retriable ? 'connection-forced' : 'not-allowed';
    throw new Amqp091Error(code, refusal.message, methodReference('connection.open'));
  }

  /** As RabbitMQ, when there are as many connections as there may be. @throws Amqp091Error */
  #counted({ principal, properties }: TunedClient, virtualHost: string): QuotaHandle {
    const { tenant, user } = principal;
    const quota = this.services.limits.open({ tenant, user, clientId: properties.connectionName ?? '' });
    const refusal = quota.connect();
    if (refusal === undefined) return quota;
    quota.close();
    const limit = refusal === 'connections' ? 'connection limit' : 'connection rate limit';
    throw new Amqp091Error(
      'not-allowed',
      `access to vhost '${virtualHost}' refused for user '${user}': ${limit} is reached`,
    );
  }

  #onDecodeError(error: Amqp091Error): void {
    this.services.metrics.protocol('amqp').malformed++;
    // Section 4.2.2; on a port with other protocols it does not come so far.
    if (error.protocolHeader !== undefined) this.link.send(error.protocolHeader);
    this.#fail(error);
  }

  /** Who is not authenticated is told nothing, as in RabbitMQ. */
  #fail(error: Amqp091Error): void {
    if (this.#opened !== undefined) this.#opened.fail(error);
    else {
      const isTrusted = this.#handshake?.isAuthenticated ?? true;
      this.#refuse(error.code, error.message, isTrusted ? error : undefined);
    }
  }

  #refuse(reason: string, message: string, error?: Amqp091Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handshake?.end();
    this.services.metrics.errors('amqp091', reason).inc();
    this.link.log.fault(reason, message);
    if (error !== undefined) {
      // There is no channel yet whose exception it could be.
      error.channel = 0;
      this.link.send(encodeMethod(0, closeOf(error).method));
    }
    this.link.close(reason);
  }
}
