import type { Buffer } from 'node:buffer';
import {
  Amqp091Error,
  type Amqp091Frame,
  type Amqp091Method,
  ContentAssembler,
  closeOf,
  encodeHeartbeat,
  encodeMethod,
  FrameType,
  methodReference,
} from '#libs/amqp091-codec';
import type { EndOfIdentity, Principal, WatchedSession } from '#libs/auth';
import { DeliveryGate, type QuotaHandle, QuotaPause } from '#libs/rate-limit';
import type { ConnectionLog, TenantCounters } from '#libs/telemetry';
import { idleTickMs, type Link, type WheelRider } from '#libs/transport';
import type { ConnectionServices } from './connection-services.js';
import { Channel, type ChannelHost } from '../channels/channel.js';
import { ContentBudget } from '../channels/content-budget.js';
import { auditDenial } from '../permissions/denial.js';
import { resourceName, VhostAccess } from '../permissions/vhost-access.js';
import { queueTopicName } from '../queues/queue-topic.js';
import type { TopologyClient, VhostTopology } from '../topology/vhost-topology.js';
import type { ClientCapabilities } from './client-properties.js';
import type { ConnectionDecoder } from './connection-decoder.js';
import type { TunedClient } from './handshake.js';
import { ReadingHolds } from './reading-holds.js';

export interface OpenedParts {
  readonly link: Link;
  readonly services: ConnectionServices;
  readonly decoder: ConnectionDecoder;
  readonly client: TunedClient;
  readonly topology: VhostTopology;
  /** Closed with the connection. */
  readonly quota: QuotaHandle;
}

/** Silence for so many heartbeats ends a connection. */
const missedHeartbeatsMax = 2;

/** A connection from connection.open-ok to its end: its channels by their numbers, and its heartbeats. */
export class OpenedConnection implements ChannelHost, WatchedSession, WheelRider {
  readonly id: string;
  readonly services: ConnectionServices;
  readonly topology: VhostTopology;
  readonly tenantCounters: TenantCounters;
  readonly quota: QuotaHandle;
  readonly #gate: DeliveryGate;
  readonly #requests: QuotaPause;
  readonly contents: ContentBudget;
  readonly holds: ReadingHolds;
  writable = true;
  dueAtTick = 0;
  #principal: Principal;
  #client: TopologyClient;
  readonly #link: Link;
  readonly #decoder: ConnectionDecoder;
  readonly #tuned: TunedClient;
  readonly #assembler: ContentAssembler;
  readonly #channels = new Map<number, Channel>();
  /** Of our heartbeats, and of silence until the client counts as gone; 0: neither. */
  readonly #heartbeatTicks: number;
  readonly #silentTicksMax: number;
  #sentAtTick: number;
  #stalledBytes = 0;
  #waitingBytes = 0;
  #endWaitingHold: (() => void) | undefined;
  #closed = false;

  constructor({ link, services, decoder, client, topology, quota }: OpenedParts) {
    const { principal, endsAtMs, tune, properties } = client;
    this.id = link.id;
    this.services = services;
    this.topology = topology;
    this.quota = quota;
    this.#link = link;
    this.#decoder = decoder;
    this.#tuned = client;
    this.#principal = principal;
    this.#client = this.#clientOf(principal);
    this.tenantCounters = services.metrics.tenant('amqp091', principal.tenant.name);
    this.contents = new ContentBudget(services.options.assemblyBytesMax, services.contents);
    this.#assembler = new ContentAssembler({
      ...{ channel: 0, sender: 'client', bodyBytesMax: 0, budget: this.contents },
    });
    const ticks = (tune.heartbeat * 1_000) / idleTickMs;
    this.#heartbeatTicks = tune.heartbeat === 0 ? 0 : Math.max(1, Math.floor(ticks / 2));
    // One more: the tick in which it was heard has begun before.
    this.#silentTicksMax = ticks * missedHeartbeatsMax + 1;
    this.#sentAtTick = services.idleWheel.tick;
    const notice = Math.max(1, Math.ceil(services.options.blockedNoticeMs / idleTickMs));
    const wantsNotice = properties.capabilities.connectionBlocked;
    this.holds = new ReadingHolds(
      {
        pause: () => link.pause(),
        resume: () => link.resume(),
        tellBlocked: (reason) => {
          services.counters.connectionsBlocked++;
          this.send(encodeMethod(0, { name: 'connection.blocked', reason }));
        },
        tellUnblocked: () => void this.send(encodeMethod(0, { name: 'connection.unblocked' })),
      },
      services.idleWheel,
      wantsNotice ? notice : undefined,
    );
    this.#gate = new DeliveryGate(quota, this.tenantCounters, () => {
      if (this.writable) this.onWritable();
    });
    let release = () => {};
    this.#requests = new QuotaPause({
      owedMs: () => quota.owedRequestMs(),
      limits: () => quota,
      counters: this.tenantCounters,
      onBegin: () => {
        release = this.hold('more is asked than may be');
      },
      onEnd: () => release(),
    });
    this.tenantCounters.connectionsOpen++;
    services.watch.watch(this, principal, endsAtMs);
    services.vhosts.watch(this, topology.scope);
    this.#ride();
  }

  get principal(): Principal {
    return this.#principal;
  }

  get client(): TopologyClient {
    return this.#client;
  }

  get capabilities(): ClientCapabilities {
    return this.#tuned.properties.capabilities;
  }

  get frameBytesMax(): number {
    return this.#tuned.tune.frameMax;
  }

  get log(): ConnectionLog {
    return this.#link.log;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** No heartbeat comes here. @throws Amqp091Error that ends the connection */
  onFrame(frame: Amqp091Frame): void {
    if (frame.type === FrameType.METHOD) this.#requests.begin(this.quota.admitRequest());
    const channel = this.#channels.get(frame.channel);
    if (channel !== undefined) channel.onFrame(frame);
    else if (frame.channel === 0) this.#onMethod(this.#assembler.push(frame)!.method);
    else this.#openChannel(frame);
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
    for (const [number, channel] of [...this.#channels]) {
      // The one before may have filled the buffer again: the others are first when it is empty.
      if (!this.writable) return;
      channel.onWritable();
      if (this.#channels.delete(number)) this.#channels.set(number, channel);
    }
  }

  hold(reason: string): () => void {
    if (this.#closed) return () => {};
    const release = this.holds.add(reason);
    if (this.holds.noticeAtTick !== undefined) this.#ride();
    return release;
  }

  waiting(bytes: number): void {
    this.#waitingBytes += bytes;
    const { waitingBytesMax } = this.services.options;
    if (this.#endWaitingHold === undefined) {
      if (this.#waitingBytes > waitingBytesMax) {
        this.#endWaitingHold = this.hold('what was sent before is not done yet');
      }
    } else if (this.#waitingBytes <= waitingBytesMax / 2) {
      this.#endWaitingHold();
      this.#endWaitingHold = undefined;
    }
  }

  released(number: number): void {
    this.#channels.delete(number);
  }

  fail(error: Amqp091Error): void {
    if (this.#closed) return;
    this.services.metrics.errors('amqp091', error.code).inc();
    if (error.code === 'access-refused') this.tenantCounters.authorizationDenials++;
    auditDenial(error, this.#link.log);
    this.#link.log.fault(error.code, error.message);
    // Of whatever level it is, it is the connection that it ends.
    error.channel = 0;
    this.#end(error.code, closeOf(error).method);
  }

  /** The socket is gone. Idempotent. */
  lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.writable = false;
    const { services, topology } = this;
    services.idleWheel.forget(this);
    services.watch.forget(this);
    services.vhosts.forget(this, topology.scope);
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    this.tenantCounters.connectionsOpen--;
    this.#gate.close();
    this.#requests.close();
    this.quota.close();
    topology.connectionClosed(this.id).catch((error: unknown) => {
      this.#link.log.debug('connection.leftovers', `exclusive queues are left to the sweep: ${error}`);
    });
  }

  /** What the client sent is answered, then it is told to come again: elsewhere, or later. */
  async drain(): Promise<void> {
    await Promise.all([...this.#channels.values()].map((channel) => channel.drain()));
    const why = "broker forced connection closure with reason 'shutdown'";
    this.#end('draining', closeOf(new Amqp091Error('connection-forced', why)).method);
  }

  revoked(end: EndOfIdentity): void {
    const message = end === 'tenant' ? 'the tenant was removed' : 'the user was removed or changed';
    this.fail(new Amqp091Error('connection-forced', message));
  }

  vhostRemoved(): void {
    this.fail(new Amqp091Error('connection-forced', `vhost '${this.topology.scope.vhost}' was removed`));
  }

  sessionEnded(): boolean {
    this.fail(new Amqp091Error('connection-forced', 'credential expired'));
    return false;
  }

  onTick(tick: number): number {
    if (this.#isUnread()) this.#decoder.heardAtTick = tick;
    this.holds.onTick(tick);
    if (this.#heartbeatTicks > 0) {
      if (tick - this.#decoder.heardAtTick >= this.#silentTicksMax) {
        this.#missed();
        return 0;
      }
      if (tick - this.#sentAtTick >= this.#heartbeatTicks) this.#sendHeartbeat(tick);
    }
    return this.#ticksLeft(tick);
  }

  #ride(): void {
    const { idleWheel } = this.services;
    const ticks = this.#ticksLeft(idleWheel.tick);
    if (ticks > 0) idleWheel.add(this, ticks);
  }

  /** 0: nothing is to come. */
  #ticksLeft(tick: number): number {
    let dueAt = this.holds.noticeAtTick ?? Number.POSITIVE_INFINITY;
    if (this.#heartbeatTicks > 0) {
      const silentAt = this.#decoder.heardAtTick + this.#silentTicksMax;
      dueAt = Math.min(dueAt, silentAt, this.#sentAtTick + this.#heartbeatTicks);
    }
    return dueAt === Number.POSITIVE_INFINITY ? 0 : Math.max(1, dueAt - tick);
  }

  /** What lies in a full buffer is on its way to the client: no more is put there. */
  #sendHeartbeat(tick: number): void {
    if (this.writable) this.send(encodeHeartbeat());
    else this.#sentAtTick = tick;
  }

  /** As RabbitMQ: there is nobody to say it to. */
  #missed(): void {
    this.services.metrics.protocol('amqp').idleTimeouts++;
    this.#link.log.fault('heartbeat-timeout', 'nothing was heard for two heartbeats');
    this.#end('heartbeat-timeout');
  }

  /** It is we who do not read. A client that takes nothing of a full buffer is as silent as one that sends nothing. */
  #isUnread(): boolean {
    if (this.holds.isHeld) return true;
    if (this.writable) return false;
    const before = this.#stalledBytes;
    this.#stalledBytes = this.#link.sendBufferedBytes;
    return before !== this.#stalledBytes;
  }

  #openChannel(frame: Amqp091Frame): void {
    const assembler = new ContentAssembler({
      ...{ channel: frame.channel, sender: 'client', bodyBytesMax: 0, budget: this.contents },
    });
    const command = assembler.push(frame);
    const name = command?.method.name ?? 'basic.publish';
    if (name !== 'channel.open') {
      const method = methodReference(name);
      throw new Amqp091Error('channel-error', "expected 'channel.open'", method).about(method, frame.channel);
    }
    const { options, counters } = this.services;
    if (counters.channelsOpen >= options.channelsMaxPerProcess) {
      const fault = `number of channels opened on node has reached the maximum allowed limit of (${options.channelsMaxPerProcess})`;
      throw new Amqp091Error('not-allowed', fault, methodReference(name));
    }
    this.#channels.set(frame.channel, new Channel(this, frame.channel));
  }

  #onMethod(method: Amqp091Method): void {
    switch (method.name) {
      case 'connection.close':
        this.#end('client-closed', { name: 'connection.close-ok' });
        return;
      case 'connection.update-secret':
        this.#renew(method.newSecret);
        return;
      default:
        throw new Amqp091Error(
          'command-invalid',
          `${method.name} after connection.open`,
          methodReference(method.name),
        );
    }
  }

  #renew(secret: Buffer): void {
    const release = this.hold('the new secret is checked');
    this.#tuned.authentication
      .renew(this.#principal, secret)
      .then((step) => {
        if (this.#closed) return;
        if (step.kind === 'deny') {
          this.services.metrics.protocol('amqp').authFailures++;
          const method = methodReference('connection.update-secret');
          this.fail(new Amqp091Error('not-allowed', 'New secret was refused by one of the backends', method));
          return;
        }
        this.#principal = step.principal;
        this.#client = this.#clientOf(step.principal);
        this.services.consuming.live.changed(step.principal.tenant.name);
        this.services.watch.watch(this, step.principal, step.endsAtMs);
        this.send(encodeMethod(0, { name: 'connection.update-secret-ok' }));
      })
      .finally(release);
  }

  #clientOf(principal: Principal): TopologyClient {
    const { connectionName } = this.#tuned.properties;
    const access = new VhostAccess({
      ...{ authorizer: this.services.authorizer, principal, scope: this.topology.scope },
      ...(connectionName === undefined ? {} : { clientId: connectionName }),
      topicOf: queueTopicName,
    });
    const { vhost } = this.topology.scope;
    return {
      ...{ connectionId: this.id, access },
      changed: (action, name) => this.log.changed(action, resourceName(vhost, name), connectionName),
    };
  }

  #end(reason: string, said?: Amqp091Method): void {
    if (this.#closed) return;
    this.lost();
    if (said !== undefined) this.#link.send(encodeMethod(0, said));
    this.#link.close(reason);
  }
}
