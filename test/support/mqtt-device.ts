// A device as MQTT means it: it keeps what is not acknowledged and what it has received over its connections.
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import {
  type AcknowledgementType,
  encodePacket,
  type MqttPacket,
  MqttPacketDecoder,
  type MqttProtocolLevel,
  type MqttQos,
  noProperties,
  type PublishPacket,
} from '#libs/mqtt-codec';

const connectTimeoutMs = 15_000;
const retryMs = { min: 50, spread: 250 };
const bytesMax = 1 << 20;
const sessionExpirySeconds = 3_600;

export interface MqttDeviceOptions {
  readonly clientId: string;
  /** `host:port`, one of them at random for each connection. */
  readonly endpoints: readonly string[];
  readonly level: MqttProtocolLevel;
  /** What it publishes: its topic is the same for all. */
  readonly topic?: string;
  readonly qos?: MqttQos;
  /** Messages that are on their way. */
  readonly window?: number;
  readonly subscribe?: { readonly filter: string; readonly qos: MqttQos };
}

type OnItsWay = { readonly number: number; state: 'publish' | 'pubrel' };

/** Publishes `<client id> <number>` from 0 on. Connects again whenever its connection ends, until `end`. */
export class MqttDevice {
  /** How many it has published, acknowledged or not. */
  published = 0;
  readonly acknowledged = new Set<number>();
  /** Those that it was told are not stored. */
  readonly publishedAgain = new Set<number>();
  /** Payloads in the order in which they came; of QoS 2 those that method A of section 4.3.3 gives to the application. */
  readonly received: string[] = [];
  /** What must not happen, e.g. a session that was lost. */
  readonly complaints: string[] = [];
  /** How often it was told what, e.g. `pubrec 0x80`. */
  readonly refusals = new Map<string, number>();
  connections = 0;
  readonly #onItsWay = new Map<number, OnItsWay>();
  readonly #heldIds = new Set<number>();
  #lastId = 0;
  #socket: Socket | undefined;
  #isConnected = false;
  #isSubscribed = false;
  #hadSession = false;
  #ended = false;
  #onSubscribed: () => void = () => {};

  constructor(private readonly options: MqttDeviceOptions) {}

  get clientId(): string {
    return this.options.clientId;
  }

  get isReady(): boolean {
    return this.#isConnected && (this.options.subscribe === undefined || this.#isSubscribed);
  }

  get hasRoom(): boolean {
    return this.#onItsWay.size < (this.options.window ?? 20);
  }

  get unacknowledged(): number {
    return this.#onItsWay.size;
  }

  start(): void {
    this.#connect();
  }

  /** Resolves after the first SUBACK. */
  subscribed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isSubscribed) resolve();
      else this.#onSubscribed = resolve;
    });
  }

  /** Goes out at once, or when it is connected. */
  publish(): void {
    const packetId = this.#freeId();
    const message: OnItsWay = { number: this.published++, state: 'publish' };
    this.#onItsWay.set(packetId, message);
    if (this.#isConnected) this.#sendMessage(packetId, message, false);
  }

  /** Without DISCONNECT, in the middle of whatever happens. */
  cut(): void {
    this.#socket?.resetAndDestroy();
  }

  end(): void {
    this.#ended = true;
    this.cut();
  }

  toString(): string {
    const { clientId, published, acknowledged, received, connections } = this;
    const states = [...this.#onItsWay]
      .slice(0, 5)
      .map(([id, { number, state }]) => `${id}: ${number} ${state}`);
    return `${clientId}: ${published} published, ${acknowledged.size} acknowledged, ${received.length} received, ${connections} connections, ready ${this.isReady}, on their way ${states.join(', ')}`;
  }

  #connect(): void {
    if (this.#ended) return;
    const { endpoints, clientId, level } = this.options;
    const [host, port] = endpoints[Math.floor(Math.random() * endpoints.length)]!.split(':');
    const socket = connect({ host: host!, port: Number(port), noDelay: true });
    const decoder = new MqttPacketDecoder({
      ...{ connectBytesMax: bytesMax, packetBytesMax: bytesMax },
      serverLevel: level,
    });
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(), connectTimeoutMs);
    const properties = level === 5 ? { sessionExpiryIntervalSeconds: sessionExpirySeconds } : noProperties;
    this.#send({
      ...{ type: 'connect', protocolLevel: level, cleanStart: false, keepAliveSeconds: 60 },
      ...{ clientId, properties },
    });
    socket.on('data', (bytes) => {
      for (const packet of decoder.push(bytes)) {
        if (socket !== this.#socket || socket.destroyed) return;
        if (packet instanceof Error) {
          this.complaints.push(`${clientId}: ${packet.message}`);
          socket.destroy();
          return;
        }
        if (packet.type === 'connack') clearTimeout(timer);
        this.#take(packet);
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      this.#isConnected = false;
      setTimeout(() => this.#connect(), retryMs.min + Math.random() * retryMs.spread);
    });
  }

  #take(packet: MqttPacket): void {
    switch (packet.type) {
      case 'connack':
        this.#connected(packet.reasonCode, packet.sessionPresent);
        return;
      case 'publish':
        this.#receive(packet);
        return;
      case 'puback':
        this.#answered(packet.packetId, packet.reasonCode, 'puback');
        return;
      case 'pubrec':
        this.#answered(packet.packetId, packet.reasonCode, 'pubrec');
        return;
      case 'pubcomp':
        this.#completed(packet.packetId);
        return;
      case 'pubrel':
        this.#heldIds.delete(packet.packetId);
        this.#acknowledge('pubcomp', packet.packetId);
        return;
      case 'suback':
        if (packet.reasonCodes[0]! >= 0x80) {
          this.#refused('suback', packet.reasonCodes[0]!);
          this.cut();
          return;
        }
        this.#isSubscribed = true;
        this.#onSubscribed();
        return;
      case 'disconnect':
        this.#refused('disconnect', packet.reasonCode);
        return;
      default:
    }
  }

  #connected(reasonCode: number, sessionPresent: boolean): void {
    if (reasonCode !== 0) {
      this.#refused('connack', reasonCode);
      this.#socket?.destroy();
      return;
    }
    this.connections++;
    if (this.#hadSession && !sessionPresent) this.complaints.push(`${this.clientId}: its session was lost`);
    if (!sessionPresent) {
      this.#heldIds.clear();
      this.#isSubscribed = false;
    }
    this.#hadSession = true;
    this.#isConnected = true;
    const { subscribe } = this.options;
    if (subscribe !== undefined && !this.#isSubscribed) {
      const subscription = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      this.#send({
        ...{ type: 'subscribe', packetId: 0xffff, properties: noProperties },
        subscriptions: [{ ...subscription, ...subscribe }],
      });
    }
    // In the order in which they were sent first [MQTT-4.4.0-1].
    for (const [packetId, message] of this.#onItsWay) this.#sendMessage(packetId, message, true);
  }

  #sendMessage(packetId: number, { number, state }: OnItsWay, dup: boolean): void {
    if (state === 'pubrel') {
      this.#acknowledge('pubrel', packetId);
      return;
    }
    const { topic, qos } = this.options;
    const payload = Buffer.from(`${this.clientId} ${number}`);
    this.#send({
      ...{ type: 'publish', topic: topic!, qos: qos!, payload, packetId },
      ...{ dup, retain: false, properties: noProperties },
    });
  }

  #answered(packetId: number, reasonCode: number, by: 'puback' | 'pubrec'): void {
    const message = this.#onItsWay.get(packetId);
    if (message === undefined) {
      // One that was sent again may be answered again.
      if (by === 'pubrec') this.#acknowledge('pubrel', packetId);
      return;
    }
    if (reasonCode >= 0x80) {
      // Not stored: the application publishes it as a new message.
      this.#refused(by, reasonCode);
      this.publishedAgain.add(message.number);
      this.#onItsWay.delete(packetId);
      const again = this.#freeId();
      this.#onItsWay.set(again, message);
      this.#sendMessage(again, message, false);
      return;
    }
    this.acknowledged.add(message.number);
    if (by === 'puback') {
      this.#onItsWay.delete(packetId);
      return;
    }
    message.state = 'pubrel';
    this.#acknowledge('pubrel', packetId);
  }

  #completed(packetId: number): void {
    if (this.#onItsWay.get(packetId)?.state === 'publish') {
      this.complaints.push(`${this.clientId}: PUBCOMP before PUBREC`);
      return;
    }
    this.#onItsWay.delete(packetId);
  }

  #receive({ qos, packetId, payload }: PublishPacket): void {
    if (qos === 2 && this.#heldIds.has(packetId)) {
      this.#acknowledge('pubrec', packetId);
      return;
    }
    this.received.push(payload.toString());
    if (qos === 2) {
      this.#heldIds.add(packetId);
      this.#acknowledge('pubrec', packetId);
    } else if (qos === 1) {
      this.#acknowledge('puback', packetId);
    }
  }

  #refused(by: MqttPacket['type'], reasonCode: number): void {
    const told = `${by} 0x${reasonCode.toString(16)}`;
    this.refusals.set(told, (this.refusals.get(told) ?? 0) + 1);
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId % 0xfffe) + 1;
    while (this.#onItsWay.has(this.#lastId));
    return this.#lastId;
  }

  #acknowledge(type: AcknowledgementType, packetId: number): void {
    this.#send({ type, packetId, reasonCode: 0, properties: noProperties } as MqttPacket);
  }

  #send(packet: MqttPacket): void {
    if (this.#socket?.writable) this.#socket.write(encodePacket(packet, this.options.level));
  }
}
