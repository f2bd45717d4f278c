import {
  type AuthPacket,
  type ConnackPacket,
  type ConnectPacket,
  connackReturnCode,
  encodePacketWithin,
  MqttDecodeError,
  type MqttPacket,
  type MqttProtocolLevel,
  MqttReasonCode,
  noProperties,
  pingresp,
} from '#libs/mqtt-codec';
import type { Link, ProtocolConnection } from '#libs/transport';
import { MqttAuthentication } from './authentication/mqtt-authentication.js';
import { AcceptedClient } from './connection/accepted-client.js';
import { connackOf } from './connection/connack.js';
import { type ConnectAttempt, servedConnect } from './connection/connect-attempt.js';
import { connectSteps } from './connection/connect-steps.js';
import type { MqttFrame } from './connection/mqtt-frame.js';
import { ReadingPause, ReadingPauses } from './connection/reading-pauses.js';
import { SwitchableDecoder } from './connection/switchable-decoder.js';
import { handleAcknowledgement } from './handlers/acknowledgement.handler.js';
import { handleAuth } from './handlers/auth.handler.js';
import { handleDisconnect } from './handlers/disconnect.handler.js';
import { handlePublish } from './handlers/publish.handler.js';
import { handleSubscribe } from './handlers/subscribe.handler.js';
import { handleUnsubscribe } from './handlers/unsubscribe.handler.js';
import { packetTypes } from './mqtt.counters.js';
import { asMqttError, MqttError } from './mqtt.errors.js';
import type { MqttServices } from './mqtt.services.js';
import type { ConnectedClient } from './session/session-directory.js';
import { CarriedClient } from './splicing/carried-client.js';
import type { SplicedClient } from './splicing/splice-header.js';

/**
 * One client. Decides which handler serves a packet and nothing else:
 *
 *     new ── CONNECT ──▶ connecting (not read; AUTH packets alone) ──▶ accepted ─────────────────────▶ closed
 *      │                             ├── its session is elsewhere ──▶ carried (bytes pass) ─────────────▲
 *      └────────────────── refused ──┴──────────────────────────────────────────────────────────────────┘
 */
export class MqttConnection implements ProtocolConnection<MqttFrame>, ConnectedClient {
  readonly decoder: SwitchableDecoder;
  readonly #pauses: ReadingPauses;
  #client: AcceptedClient | undefined;
  #carried: CarriedClient | undefined;
  #connect: ConnectPacket | undefined;
  #attempt: Pick<ConnectAttempt, 'quota'> | undefined;
  /** Who waits for the AUTH packet that answers ours. */
  #asked: PromiseWithResolvers<AuthPacket> | undefined;
  #closed = false;

  /** @param spliced another gateway has authenticated the client, and carries it here */
  constructor(
    readonly link: Link,
    readonly services: MqttServices,
    private readonly spliced?: SplicedClient,
  ) {
    this.decoder = new SwitchableDecoder(services.options);
    this.#pauses = new ReadingPauses(link);
  }

  get id(): string {
    return this.link.id;
  }

  onFrame(frame: MqttFrame): void {
    if (this.#closed) return;
    if (frame instanceof MqttDecodeError) {
      this.#onDecodeError(frame);
      return;
    }
    if (frame.type === 'raw') {
      this.#carried?.onRaw(frame.bytes);
      return;
    }
    this.services.counters.packetsReceived[packetTypes[frame.type]]!++;
    const client = this.#client;
    if (client !== undefined) this.#dispatch(frame, client);
    else this.#beforeAccepted(frame);
  }

  onWritable(): void {
    this.#client?.onWritable();
    this.#carried?.onLinkWritable();
  }

  onClose(reason: string): void {
    this.#closed = true;
    this.#attempt?.quota?.close();
    this.#carried?.onLinkClose(reason);
    this.#asked?.reject(new MqttError(MqttReasonCode.UNSPECIFIED_ERROR, 'the client is gone'));
    this.#client?.end({ normal: false });
  }

  async drained(): Promise<void> {
    await this.#client?.drain();
    await this.#carried?.drain();
  }

  takenOver(): void {
    this.services.counters.takeovers++;
    this.lost(
      new MqttError(MqttReasonCode.SESSION_TAKEN_OVER, 'another connection has the client identifier now'),
    );
  }

  lost(error: MqttError): void {
    if (this.#client !== undefined) this.#client.refuse(error);
    else this.#refuseConnect(error);
  }

  #dispatch(packet: MqttPacket, client: AcceptedClient): void {
    client.heardAtTick = this.services.keepAlive.tick;
    client.admitPacket();
    client.traffic.messagesReceived++;
    client.traffic.bytesReceived += this.decoder.takeReceivedBytes();
    try {
      serve(packet, client);
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      client.refuse(error);
    }
  }

  #beforeAccepted(packet: MqttPacket): void {
    if (packet.type === 'connect') void this.#serveConnect(packet);
    else if (packet.type === 'auth' && this.#asked !== undefined) this.#asked.resolve(packet);
    else if (packet.type === 'disconnect') this.link.close('client-disconnected');
    // [MQTT-3.1.2-30]; the decoder lets nothing come before CONNECT.
    else this.#refuseConnect(new MqttError(MqttReasonCode.PROTOCOL_ERROR, `${packet.type} before CONNACK`));
  }

  async #serveConnect(connect: ConnectPacket): Promise<void> {
    const { services, link } = this;
    this.#connect = connect;
    this.#pauses.add(ReadingPause.connecting);
    const beganMs = performance.now();
    const peer = { ...link.peer, listener: link.listener.name };
    const attempt: ConnectAttempt = {
      ...{ connect, link, services, client: this, spliced: this.spliced },
      authentication: new MqttAuthentication({ authenticator: services.authenticator, peer }),
      ask: (packet) => this.#ask(packet),
      carry: (nodeId) => this.#carry(nodeId, attempt),
      isGone: () => this.#closed,
      ...{ authenticated: {}, clientId: '', assigned: false, will: undefined },
      ...{ sessionExpirySeconds: 0, keepAliveSeconds: 0 },
    };
    this.#attempt = attempt;
    try {
      for (const step of connectSteps) {
        const waiting = step(attempt);
        if (waiting !== undefined) await waiting;
        if (this.#closed) break;
      }
      services.metrics.latency('mqtt', 'connect').observe(performance.now() - beganMs);
      if (attempt.carried === undefined) this.#accept(attempt);
      else this.#carryOn(attempt.carried);
    } catch (error) {
      if (!(error instanceof MqttError)) link.log.failure(error, 'a CONNECT could not be served');
      this.#refuseConnect(asMqttError(error));
    }
  }

  async #ask(packet: AuthPacket): Promise<AuthPacket> {
    this.#send(packet);
    this.#asked = Promise.withResolvers();
    this.decoder.decodeOne();
    this.#pauses.remove(ReadingPause.connecting);
    try {
      return await this.#asked.promise;
    } finally {
      this.#asked = undefined;
      this.#pauses.add(ReadingPause.connecting);
    }
  }

  #accept(attempt: ConnectAttempt): void {
    const { opening, connect } = attempt;
    if (this.#closed) {
      // It never was accepted: nobody has heard of its will.
      if (opening?.kind === 'opened') opening.close({ normal: true });
      return;
    }
    if (opening?.kind !== 'opened') return;
    const acceptance = {
      ...attempt,
      sessionPresent: opening.sessionPresent,
      authentication: attempt.authenticated,
      maySubscribe: (filter: string) =>
        this.services.authorization.maySubscribe(attempt.identity!, filter, 0) !== 'denied',
    };
    const connack = connackOf(connect, acceptance, this.services.options);
    if (!fits(connack, connect)) {
      opening.close({ normal: true });
      // No other packet may come before CONNACK [MQTT-3.2.0-1], so such a client cannot be served.
      throw new MqttError(MqttReasonCode.PACKET_TOO_LARGE, 'the Maximum Packet Size has no room for CONNACK');
    }
    const client = new AcceptedClient(attempt, opening, this.#pauses);
    this.#client = client;
    // Of all that it went through only this is needed to the end.
    this.#attempt = { quota: attempt.quota };
    client.send(connack);
    // It may hold a will and a password, and is not needed any more.
    this.#connect = undefined;
    this.decoder.decode();
    client.start();
    this.#pauses.remove(ReadingPause.connecting);
  }

  #carry(nodeId: number, attempt: ConnectAttempt): Promise<CarriedClient> {
    const { services, link } = this;
    const { splicing, forwarding } = services.cluster;
    return CarriedClient.open(nodeId, servedConnect(attempt), {
      ...{ splicing, forwarding, watch: services.watch, link },
      refuse: (error) => this.#refuseConnect(error),
    });
  }

  #carryOn(carried: CarriedClient): void {
    if (this.#closed) {
      carried.onLinkClose('client-closed');
      return;
    }
    this.#carried = carried;
    this.decoder.passOn();
    this.#pauses.remove(ReadingPause.connecting);
  }

  /** What came before it was served; MQTT 5 is told why, others are closed [MQTT-4.13.1-1]. */
  #onDecodeError(error: MqttDecodeError): void {
    const { reasonCode, protocolLevel, message, code } = error;
    // Nobody who could be told in MQTT: the listener's log says what it looks like.
    if (this.#connect === undefined && this.#client === undefined && protocolLevel === undefined) throw error;
    this.services.metrics.protocol('mqtt').malformed++;
    const told = new MqttError(reasonCode, `${code}: ${message}`);
    if (this.#client !== undefined) this.#client.refuse(told);
    else this.#refuseConnect(told, protocolLevel);
  }

  /** CONNACK with the reason where there is one, then the end [MQTT-3.1.4-6 of 3.1.1]. */
  #refuseConnect(error: MqttError, level = this.#connect?.protocolLevel): void {
    if (this.#closed) return;
    this.#closed = true;
    const { reasonName, detail } = error;
    this.services.metrics.errors('mqtt', reasonName).inc();
    this.link.log.fault(reasonName, detail);
    if (level !== undefined) this.#sendRefusal(error, level);
    this.link.close(reasonName);
    this.#asked?.reject(error);
  }

  #sendRefusal(error: MqttError, level: MqttProtocolLevel): void {
    const packet = { type: 'connack', sessionPresent: false } as const;
    if (level < 5) {
      const returnCode = connackReturnCode(error.reasonCode);
      if (returnCode !== undefined)
        this.#send({ ...packet, reasonCode: returnCode, properties: noProperties }, level);
      return;
    }
    const properties = { reasonString: error.message };
    this.#send({ ...packet, reasonCode: error.codeIn('connack'), properties }, level);
  }

  #send(packet: MqttPacket, level: MqttProtocolLevel = 5): void {
    const bytesMax = this.#connect?.properties.maximumPacketSizeBytes ?? Number.POSITIVE_INFINITY;
    const bytes = encodePacketWithin(packet, level, bytesMax);
    if (bytes === undefined) return;
    this.services.counters.packetsSent[packetTypes[packet.type]]!++;
    this.link.send(bytes);
  }
}

function fits(connack: ConnackPacket, { protocolLevel, properties }: ConnectPacket): boolean {
  const { maximumPacketSizeBytes } = properties;
  if (maximumPacketSizeBytes === undefined) return true;
  return encodePacketWithin(connack, protocolLevel, maximumPacketSizeBytes) !== undefined;
}

/** @throws MqttError that ends the connection */
function serve(packet: MqttPacket, client: AcceptedClient): void {
  switch (packet.type) {
    case 'publish':
      handlePublish(packet, client);
      break;
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      handleAcknowledgement(packet, client);
      break;
    case 'pingreq':
      client.send(pingresp);
      break;
    case 'subscribe':
      handleSubscribe(packet, client);
      break;
    case 'unsubscribe':
      handleUnsubscribe(packet, client);
      break;
    case 'disconnect':
      handleDisconnect(packet, client);
      break;
    case 'auth':
      handleAuth(packet, client);
      break;
    default:
      // The decoder refuses a second CONNECT, and what only servers send.
      throw new MqttError(MqttReasonCode.PROTOCOL_ERROR, `${packet.type} from a client`);
  }
}
