import type { Buffer } from 'node:buffer';
import type { EndOfIdentity, WatchedSession } from '#libs/auth';
import {
  encodePacketWithin,
  type MqttPacket,
  type MqttProtocolLevel,
  MqttReasonCode,
  noProperties,
} from '#libs/mqtt-codec';
import { DeliveryGate, type QuotaHandle } from '#libs/rate-limit';
import type { TenantCounters } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { auditDenial } from '../authorization/denial-audit.js';
import type { Link } from '#libs/transport';
import type { MqttAuthentication } from '../authentication/mqtt-authentication.js';
import { packetTypes } from '../mqtt.counters.js';
import { MqttError } from '../mqtt.errors.js';
import type { MqttServices } from '../mqtt.services.js';
import type { RetainedReplay } from '../retained/retained-replay.js';
import type { MqttSession } from '../session/mqtt-session.js';
import type { OpenedSession, SessionClose } from '../session/session-directory.js';
import type { SessionSink } from '../session/session-sink.js';
import { InboundAliases } from '../session/topic-aliases.js';
import { isSystemFilter } from '../system-topics/system-topics.js';
import type { TenantTraffic } from '../system-topics/tenant-traffic.js';
import type { ConnectAttempt } from './connect-attempt.js';
import { InboundWindow, type PendingPublish, type PublishAnswer } from './inbound-window.js';
import type { KeptAlive } from './keep-alive-wheel.js';
import type { MqttClient } from './mqtt-client.js';
import type { MqttIdentity } from './mqtt-identity.js';
import { PublishRate } from './publish-rate.js';
import type { ReadingPauses } from './reading-pauses.js';
import { SubscriptionRoom } from './subscription-room.js';

const packetBytesMaxOfProtocol = 268_435_460;
/** How long a renewal that was begun may go on when the identity has ended. */
const renewalGraceMs = 30_000;

/** Reason codes that DISCONNECT does not have [MQTT-3.14.2-1], and what it says instead; of all others 0x80. */
const insteadInDisconnect: ReadonlyMap<number, number> = new Map([
  [MqttReasonCode.BAD_USER_NAME_OR_PASSWORD, MqttReasonCode.NOT_AUTHORIZED],
  [MqttReasonCode.SERVER_UNAVAILABLE, MqttReasonCode.SERVER_BUSY],
  [MqttReasonCode.BANNED, MqttReasonCode.NOT_AUTHORIZED],
  [MqttReasonCode.PACKET_IDENTIFIER_IN_USE, MqttReasonCode.PROTOCOL_ERROR],
  [MqttReasonCode.PACKET_IDENTIFIER_NOT_FOUND, MqttReasonCode.PROTOCOL_ERROR],
]);

/** A connection from its accepted CONNECT to its end: where its session sends to, and what handlers work with. */
export class AcceptedClient implements MqttClient, SessionSink, KeptAlive, WatchedSession {
  readonly services: MqttServices;
  readonly link: Link;
  readonly level: MqttProtocolLevel;
  readonly clientId: string;
  readonly tenant: Tenant;
  readonly session: MqttSession;
  readonly authentication: MqttAuthentication;
  readonly receiveMaximum: number;
  readonly maximumPacketSizeBytes: number;
  readonly topicAliasMaximum: number;
  readonly sessionExpirySeconds: number;
  readonly tenantCounters: TenantCounters;
  readonly traffic: TenantTraffic;
  readonly quota: QuotaHandle;
  identity: MqttIdentity;
  heardAtTick = 0;
  readonly #opened: OpenedSession;
  /** The permissions that all subscriptions were granted by; undefined: it is not known of all. */
  #grantedVersion: number | undefined;
  readonly #rate: PublishRate;
  /** Of what the client is given. */
  readonly #gate: DeliveryGate;
  /** Reason strings and user properties are wanted [MQTT-3.1.2-29]. */
  readonly #problemInformation: boolean;
  #inbound: InboundWindow | undefined;
  #aliases: InboundAliases | undefined;
  #room: SubscriptionRoom | undefined;
  #subscriptionsCounted = 0;
  #replay: RetainedReplay | undefined;
  #stalled = false;
  #stalledBytes = 0;
  #closed = false;

  constructor(
    attempt: ConnectAttempt,
    opened: OpenedSession,
    readonly pauses: ReadingPauses,
  ) {
    const { connect, services, link, principal } = attempt;
    const { properties, protocolLevel } = connect;
    const { outboundWindowMax, topicAliasMaximum } = services.options;
    this.services = services;
    this.link = link;
    this.level = protocolLevel;
    this.clientId = attempt.clientId;
    this.tenant = principal!.tenant;
    this.session = opened.session;
    this.authentication = attempt.authentication;
    this.identity = attempt.identity!;
    this.sessionExpirySeconds = attempt.sessionExpirySeconds;
    this.receiveMaximum = Math.min(properties.receiveMaximum ?? 0xffff, outboundWindowMax);
    this.maximumPacketSizeBytes = properties.maximumPacketSizeBytes ?? packetBytesMaxOfProtocol;
    this.topicAliasMaximum = Math.min(properties.topicAliasMaximum ?? 0, topicAliasMaximum);
    this.#problemInformation = properties.requestProblemInformation ?? true;
    this.#opened = opened;
    this.tenantCounters = services.metrics.tenant('mqtt', this.tenant.name);
    this.traffic = services.system.traffic(this.tenant.name);
    this.#grantedVersion = opened.sessionPresent ? undefined : services.authorization.version(this.identity);
    this.quota = attempt.quota!;
    this.#gate = new DeliveryGate(this.quota, this.tenantCounters, () => {
      if (!this.#closed && !this.#stalled) this.session.onWritable();
    });
    this.#rate = new PublishRate(this.quota, pauses, this.level === 5, this.tenantCounters);
    this.#begin(attempt.keepAliveSeconds);
  }

  get counters(): TenantCounters {
    return this.tenantCounters;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get inbound(): InboundWindow {
    const { receiveMaximum, publishBytesInFlightMax } = this.services.options;
    this.#inbound ??= new InboundWindow({
      ...{ receiveMaximum, publishBytesInFlightMax, told: this.level === 5, pauses: this.pauses },
      latency: this.services.metrics.latency('mqtt', 'publish'),
      send: (bytes, puback, pubrec) => this.#sendAcknowledgements(bytes, puback, pubrec),
      sendRefusal: (pending, answer) => this.#sendRefusal(pending, answer),
    });
    return this.#inbound;
  }

  get aliases(): InboundAliases {
    this.#aliases ??= new InboundAliases(this.services.options.topicAliasMaximum);
    return this.#aliases;
  }

  get room(): SubscriptionRoom {
    this.#room ??= new SubscriptionRoom(
      this.session.store,
      this.services.options.subscriptionsMax,
      () => this.quota.quotas.admits('subscriptions', this.traffic.subscriptions),
      () => this.#countSubscriptions(),
    );
    return this.#room;
  }

  /** Those that are being begun count, or many at once were not limited; and whatever becomes of them, none after the end. */
  #countSubscriptions(): void {
    const before = this.#subscriptionsCounted;
    this.#subscriptionsCounted = this.#closed ? 0 : (this.#room ?? this.session.store.subscriptions).size;
    this.traffic.subscriptions += this.#subscriptionsCounted - before;
  }

  get replay(): RetainedReplay {
    this.#replay ??= this.services.retained.replay(this.tenant.name, this.session);
    return this.#replay;
  }

  /** After CONNACK was sent. */
  start(): void {
    const { store } = this.session;
    this.session.attach(this);
    for (const subscription of store.subscriptions.values()) {
      if (!isSystemFilter(subscription.filter)) continue;
      this.services.system.follow(this.tenant.name, this.session, subscription, true);
    }
  }

  send(packet: MqttPacket): void {
    if (this.#closed) return;
    const told = this.#problemInformation || !('properties' in packet) ? packet : withoutProblem(packet);
    const bytes = encodePacketWithin(told, this.level, this.maximumPacketSizeBytes);
    if (bytes === undefined) return;
    this.services.counters.packetsSent[packetTypes[packet.type]]!++;
    this.sendBytes(bytes);
  }

  sendBytes(bytes: Buffer | readonly Buffer[]): boolean {
    if (this.#closed) return false;
    this.traffic.messagesSent++;
    this.traffic.bytesSent += bytesOf(bytes);
    const room = this.link.send(bytes);
    if (!room) this.#stalled = true;
    return room;
  }

  sendPublish(parts: readonly Buffer[], bytes: number): boolean {
    this.#gate.delivered(bytes);
    return this.sendBytes(parts) && this.#gate.isOpen;
  }

  onWritable(): void {
    this.#stalled = false;
    if (this.#gate.isOpen) this.session.onWritable();
  }

  get permissionsChanged(): boolean {
    return this.#grantedVersion !== this.services.authorization.version(this.identity);
  }

  /** Any packet: it may make the client wait. */
  admitPacket(): void {
    this.#rate.admitPacket();
  }

  admitPublish(bytes: number): MqttError | undefined {
    return this.#rate.admit(bytes);
  }

  mayReceive(topic: string): boolean {
    return this.services.authorization.mayReceive(this.identity, topic);
  }

  lost(error: MqttError): void {
    this.refuse(error);
  }

  refused(error: MqttError, topic?: string): void {
    this.services.metrics.errors('mqtt', error.reasonName).inc();
    this.link.log.refusal(error.reasonName, error.detail, { topic });
  }

  denied(action: 'produce' | 'consume', name: string): void {
    this.counters.authorizationDenials++;
    auditDenial(this.link.log, this.services.authorizer, this.identity, action, name);
  }

  refuse(error: MqttError, shutdown = false): void {
    if (this.#closed) return;
    const { reasonName } = error;
    if (!shutdown) {
      this.services.metrics.errors('mqtt', reasonName).inc();
      this.link.log.fault(reasonName, error.detail);
    }
    this.#sendDisconnect(error);
    this.link.close(reasonName);
    this.end({ normal: false, shutdown });
  }

  disconnected(how: SessionClose): void {
    this.link.close('client-disconnected');
    this.end(how);
  }

  /** Idempotent. */
  end(how: SessionClose): void {
    if (this.#closed) return;
    this.#closed = true;
    const { services, tenant, session } = this;
    services.keepAlive.forget(this);
    services.watch.forget(this);
    this.#rate.close();
    this.#gate.close();
    this.#replay?.stop();
    services.system.drop(tenant.name, session);
    services.counters.sessionsConnected--;
    this.tenantCounters.connectionsOpen--;
    this.traffic.disconnected();
    this.#countSubscriptions();
    this.#opened.close(how);
  }

  /** What is in flight is answered, then the client is told to go elsewhere. */
  async drain(): Promise<void> {
    await this.#inbound?.idle();
    const { serverReference } = this.services.options;
    const code =
      serverReference === undefined ? MqttReasonCode.SERVER_SHUTTING_DOWN : MqttReasonCode.USE_ANOTHER_SERVER;
    this.#sendDisconnect(new MqttError(code, 'the gateway stops'), serverReference);
    this.end({ normal: false, shutdown: true });
  }

  renewed(): void {
    const { authentication, services, clientId } = this;
    const principal = authentication.principal!;
    // Its groups may be others now.
    if (principal !== this.identity.principal) this.#grantedVersion = undefined;
    this.identity = { principal, clientId };
    services.watch.watch(this, principal, authentication.endsAtMs);
  }

  revoked(end: EndOfIdentity): void {
    const message = end === 'tenant' ? 'the tenant was removed' : 'the user was removed or changed';
    this.refuse(new MqttError(MqttReasonCode.ADMINISTRATIVE_ACTION, message));
  }

  sessionEnded(nowMs: number): boolean {
    const { state, endsAtMs } = this.authentication;
    if (state === 'renewing' && nowMs < endsAtMs + renewalGraceMs) return true;
    this.refuse(new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'the identity has ended and was not renewed'));
    return false;
  }

  /** A client that takes nothing of a full buffer is as silent as one that sends nothing. */
  get unread(): boolean {
    if (this.pauses.paused) return true;
    if (!this.#stalled) return false;
    const before = this.#stalledBytes;
    this.#stalledBytes = this.link.sendBufferedBytes;
    return before !== this.#stalledBytes;
  }

  keepAliveTimeout(): void {
    this.refuse(
      new MqttError(MqttReasonCode.KEEP_ALIVE_TIMEOUT, 'nothing came within 1.5 times the keep alive'),
    );
  }

  #begin(keepAliveSeconds: number): void {
    const { services, authentication } = this;
    services.counters.sessionsConnected++;
    this.tenantCounters.connectionsOpen++;
    this.traffic.connected();
    this.#countSubscriptions();
    services.watch.watch(this, authentication.principal!, authentication.endsAtMs);
    if (keepAliveSeconds > 0) services.keepAlive.watch(this, keepAliveSeconds);
  }

  #sendDisconnect(error: MqttError, serverReference?: string): void {
    if (this.level < 5) return;
    const properties = { reasonString: error.message, serverReference };
    this.send({
      type: 'disconnect',
      reasonCode: insteadInDisconnect.get(error.reasonCode) ?? error.codeIn('disconnect'),
      properties,
    });
  }

  #sendAcknowledgements(bytes: Buffer, pubacks: number, pubrecs: number): void {
    const { packetsSent } = this.services.counters;
    packetsSent[packetTypes.puback]! += pubacks;
    packetsSent[packetTypes.pubrec]! += pubrecs;
    // As one buffer, which counts once below.
    this.traffic.messagesSent += pubacks + pubrecs - 1;
    this.sendBytes(bytes);
  }

  #sendRefusal({ packetId, qos }: PendingPublish, { reasonCode, reason }: PublishAnswer): void {
    const properties = reason === undefined ? noProperties : { reasonString: reason };
    this.send({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode, properties });
  }
}

function bytesOf(sent: Buffer | readonly Buffer[]): number {
  if (!Array.isArray(sent)) return (sent as Buffer).length;
  let bytes = 0;
  for (const each of sent as readonly Buffer[]) bytes += each.length;
  return bytes;
}

function withoutProblem(packet: MqttPacket): MqttPacket {
  if (packet.type === 'publish' || packet.type === 'connack' || packet.type === 'disconnect') return packet;
  if (!('properties' in packet) || packet.properties === noProperties) return packet;
  const properties = { ...packet.properties, reasonString: undefined, userProperties: undefined };
  return { ...packet, properties } as MqttPacket;
}
