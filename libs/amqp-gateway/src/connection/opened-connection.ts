import type { Buffer } from 'node:buffer';
import { type AmqpFrame, AmqpErrorCondition, encodeFrame, heartbeatFrame } from '#libs/amqp-codec';
import type { EndOfIdentity, WatchedSession } from '#libs/auth';
import { DeliveryGate, type QuotaHandle, QuotaPause } from '#libs/rate-limit';
import type { ConnectionLog, TenantCounters } from '#libs/telemetry';
import { idleTickMs, type Link, type WheelRider } from '#libs/transport';
import { AmqpSession } from '../amqp-session.js';
import { ConnectionLinks } from '../links/connection-links.js';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpServices } from '../amqp.services.js';
import type { TransactionScope } from '../node.js';
import type { AmqpIdentity } from './amqp-identity.js';
import type { ConnectionDecoder } from './connection-decoder.js';
import type { AuthenticatedClient } from './handshake.js';
import type { OpenAgreement } from './open-agreement.js';
import type { ConnectionSession, SessionConnection } from './session-connection.js';

export interface OpenedParts {
  readonly link: Link;
  readonly services: AmqpServices;
  readonly decoder: ConnectionDecoder;
  readonly client: AuthenticatedClient;
  readonly agreement: OpenAgreement;
  /** Closed with the connection. */
  readonly quota: QuotaHandle;
}

/** A connection from the exchange of `open` to its end: its sessions by their channels, and its idle times. */
export class OpenedConnection implements SessionConnection, WatchedSession, WheelRider {
  readonly services: AmqpServices;
  readonly identity: AmqpIdentity;
  readonly peerFrameBytesMax: number;
  readonly tenantCounters: TenantCounters;
  readonly quota: QuotaHandle;
  readonly #gate: DeliveryGate;
  readonly #requests: QuotaPause;
  readonly transactions: TransactionScope;
  writable = true;
  dueAtTick = 0;
  readonly #link: Link;
  readonly #decoder: ConnectionDecoder;
  readonly #channelMax: number;
  readonly #links: ConnectionLinks;
  readonly #sessions = new Map<number, ConnectionSession>();
  readonly #silentTicksMax: number;
  /** 0: the client waits for ever. */
  readonly #heartbeatTicks: number;
  #sentAtTick: number;
  #pauses = 0;
  #stalledBytes = 0;
  #closed = false;
  isLost = false;
  isRefused = false;

  constructor({ link, services, decoder, client, agreement, quota }: OpenedParts) {
    const { principal, endsAtMs } = client;
    const { containerId, peerFrameBytesMax, channelMax, peerIdleTimeOutMs } = agreement;
    this.services = services;
    this.identity = { principal, containerId, connectionId: link.id, log: link.log };
    this.peerFrameBytesMax = peerFrameBytesMax;
    this.transactions = services.transactions.openScope(this.identity);
    this.tenantCounters = services.metrics.tenant('amqp', principal.tenant.name);
    this.quota = quota;
    this.#gate = new DeliveryGate(quota, this.tenantCounters, () => {
      if (this.writable) this.onWritable();
    });
    this.#requests = new QuotaPause({
      owedMs: () => quota.owedRequestMs(),
      limits: () => quota,
      counters: this.tenantCounters,
      onBegin: () => this.pause(),
      onEnd: () => this.resume(),
    });
    this.#link = link;
    this.#decoder = decoder;
    this.#channelMax = channelMax;
    // One more: the tick in which it was heard has begun before.
    this.#silentTicksMax = Math.ceil(services.options.idleTimeoutMs / idleTickMs) + 1;
    this.#heartbeatTicks =
      peerIdleTimeOutMs === 0 ? 0 : Math.max(1, Math.floor(peerIdleTimeOutMs / 2 / idleTickMs));
    this.#sentAtTick = services.idleWheel.tick;
    this.#links = new ConnectionLinks(this);
    this.tenantCounters.connectionsOpen++;
    services.watch.watch(this, principal, endsAtMs);
    services.idleWheel.add(this, this.#ticksLeft(services.idleWheel.tick));
  }

  get containerId(): string {
    return this.identity.containerId;
  }

  get log(): ConnectionLog {
    return this.#link.log;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** @throws AmqpError */
  onFrame({ channel, performative, payload }: AmqpFrame): void {
    this.#requests.begin(this.quota.admitRequest());
    switch (performative.type) {
      case 'open':
        throw this.#illegal('a second open');
      case 'close':
        this.#end('client-closed');
        return;
      case 'begin':
        if (channel > this.#channelMax) {
          throw new AmqpError(
            AmqpErrorCondition.FRAMING_ERROR,
            `channels go up to ${this.#channelMax}`,
            'connection',
          );
        }
        if (this.#sessions.has(channel)) throw this.#illegal('a second begin of a channel');
        // We never begin a session, so there is none that this could answer.
        if (performative.remoteChannel !== undefined) throw this.#illegal('an answer to no begin of ours');
        this.#sessions.set(channel, new AmqpSession(this, channel, performative, this.#links));
        return;
      default: {
        const session = this.#sessions.get(channel);
        if (session === undefined) throw this.#illegal(`${performative.type} on a channel without a session`);
        session.onFrame(performative, payload);
      }
    }
  }

  send(frames: Buffer | readonly Buffer[], onFlushed?: () => void): boolean {
    if (this.#closed) {
      onFlushed?.();
      return false;
    }
    this.#sentAtTick = this.services.idleWheel.tick;
    this.writable = this.#link.send(frames, onFlushed);
    return this.writable;
  }

  get deliverable(): boolean {
    return this.#gate.isOpen;
  }

  delivered(bytes: number): void {
    this.#gate.delivered(bytes);
  }

  onWritable(): void {
    this.writable = true;
    for (const [channel, session] of [...this.#sessions]) {
      // The one before may have filled the buffer again: the others are first when it is empty.
      if (!this.writable) return;
      session.onWritable();
      if (!this.#sessions.delete(channel)) continue;
      this.#sessions.set(channel, session);
    }
  }

  pause(): void {
    this.#pauses++;
    this.#link.pause();
  }

  resume(): void {
    this.#pauses--;
    this.#link.resume();
  }

  released(channel: number): void {
    this.#sessions.delete(channel);
  }

  fail(error: AmqpError): void {
    if (this.#closed) return;
    const { condition, message } = error;
    this.services.metrics.errors('amqp', condition).inc();
    this.#link.log.fault(condition, error.detail);
    this.#end(condition, { type: 'error', condition, description: message });
  }

  /** The socket is gone. Idempotent. */
  lost(): void {
    if (this.#closed) return;
    this.isLost = true;
    this.#over();
  }

  #over(): void {
    this.#closed = true;
    this.writable = false;
    const { services } = this;
    services.idleWheel.forget(this);
    services.watch.forget(this);
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.#links.close();
    this.transactions.close();
    services.nodes.closeConnection(this.identity);
    this.tenantCounters.connectionsOpen--;
    this.#gate.close();
    this.#requests.close();
    this.quota.close();
  }

  /** What the client sent is answered, then it is told to come again: elsewhere, or later. */
  async drain(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.drain()));
    const condition = AmqpErrorCondition.CONNECTION_FORCED;
    this.#end('draining', { type: 'error', condition, description: 'the gateway stops' });
  }

  revoked(end: EndOfIdentity): void {
    const [condition, text] =
      end === 'tenant'
        ? [AmqpErrorCondition.CONNECTION_FORCED, 'the tenant was removed']
        : [AmqpErrorCondition.UNAUTHORIZED_ACCESS, 'the user was removed or changed'];
    this.fail(new AmqpError(condition, text, 'connection'));
  }

  sessionEnded(): boolean {
    this.fail(new AmqpError(AmqpErrorCondition.UNAUTHORIZED_ACCESS, 'the identity has ended', 'connection'));
    return false;
  }

  onTick(tick: number): number {
    if (this.#isUnread()) this.#decoder.heardAtTick = tick;
    if (tick - this.#decoder.heardAtTick >= this.#silentTicksMax) {
      const message = 'nothing was heard for longer than the idle-time-out';
      this.services.metrics.protocol('amqp').idleTimeouts++;
      this.isLost = true;
      this.fail(new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, message, 'connection'));
      return 0;
    }
    if (this.#heartbeatTicks > 0 && tick - this.#sentAtTick >= this.#heartbeatTicks) this.#sendHeartbeat();
    return this.#ticksLeft(tick);
  }

  #ticksLeft(tick: number): number {
    const untilSilent = this.#decoder.heardAtTick + this.#silentTicksMax - tick;
    if (this.#heartbeatTicks === 0) return Math.max(1, untilSilent);
    return Math.max(1, Math.min(untilSilent, this.#sentAtTick + this.#heartbeatTicks - tick));
  }

  /** What lies in a full buffer is on its way to the client: no more is put there. */
  #sendHeartbeat(): void {
    if (this.writable) this.send(heartbeatFrame);
    else this.#sentAtTick = this.services.idleWheel.tick;
  }

  /** It is we who do not read. A client that takes nothing of a full buffer is as silent as one that sends nothing. */
  #isUnread(): boolean {
    if (this.#pauses > 0) return true;
    if (this.writable) return false;
    const before = this.#stalledBytes;
    this.#stalledBytes = this.#link.sendBufferedBytes;
    return before !== this.#stalledBytes;
  }

  #end(reason: string, error?: { type: 'error'; condition: string; description: string }): void {
    if (this.#closed) return;
    for (const session of this.#sessions.values()) session.flush();
    this.isRefused = error !== undefined && !this.isLost;
    this.#over();
    this.#link.send(encodeFrame(0, { type: 'close', error }));
    this.#link.close(reason);
  }

  #illegal(message: string): AmqpError {
    return new AmqpError(AmqpErrorCondition.ILLEGAL_STATE, message, 'connection');
  }
}
