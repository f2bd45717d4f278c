import { Buffer } from 'node:buffer';
import {
  type ConnackPacket,
  type ConnectPacket,
  encodePacket,
  MqttPacketDecoder,
  type MqttPacket,
  type MqttPacketType,
  type MqttProtocolLevel,
  type MqttQos,
  type PublishPacket,
} from '#libs/mqtt-codec';
import type { InMemoryClient } from '#libs/transport';

type PacketOf<T extends MqttPacketType> = Extract<MqttPacket, { type: T }>;

/** An MQTT client that does nothing by itself: a test says what it sends. */
export class TestClient {
  level: MqttProtocolLevel = 5;
  readonly closed: Promise<string>;
  #decoder: MqttPacketDecoder | undefined;
  readonly #received: MqttPacket[] = [];
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(readonly bytes: Pick<InMemoryClient, 'onData' | 'closed' | 'write' | 'end'>) {
    this.closed = bytes.closed;
    bytes.onData = (chunk) => this.#onData(chunk);
    void bytes.closed.then(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  send(...packets: readonly MqttPacket[]): void {
    this.bytes.write(Buffer.concat(packets.map((packet) => encodePacket(packet, this.level))));
  }

  sendBytes(bytes: Buffer): void {
    this.bytes.write(bytes);
  }

  /** Without DISCONNECT. */
  cut(): void {
    this.bytes.end();
  }

  /** CONNECT and its answer. */
  async connect(settings: Partial<ConnectPacket> = {}): Promise<ConnackPacket> {
    this.sendConnect(settings);
    return this.next('connack');
  }

  sendConnect(settings: Partial<ConnectPacket> = {}): void {
    const connect = connectPacket(settings);
    this.level = connect.protocolLevel;
    this.send(connect);
  }

  publish(topic: string, text: string, qos: MqttQos = 0, settings: Partial<PublishPacket> = {}): void {
    this.send(publishPacket(topic, text, qos, settings));
  }

  async subscribe(filter: string, qos: MqttQos = 0, packetId = 1): Promise<readonly number[]> {
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.send({ type: 'subscribe', packetId, subscriptions: [{ filter, qos, ...options }], properties: {} });
    return (await this.next('suback')).reasonCodes;
  }

  /** The next packet, which must be of this type. */
  async next<T extends MqttPacketType>(type: T): Promise<PacketOf<T>> {
    while (this.#received.length === 0) {
      if (this.#ended) throw new Error(`the connection ended before ${type}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const packet = this.#received.shift()!;
    if (packet.type !== type) throw new Error(`${JSON.stringify(packet)} instead of ${type}`);
    return packet as PacketOf<T>;
  }

  /** What has come and was not taken, when all that was sent is answered. */
  async rest(): Promise<MqttPacket[]> {
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    return this.#received.splice(0);
  }

  #onData(chunk: Buffer): void {
    const bytesMax = 10_000_000;
    this.#decoder ??= new MqttPacketDecoder({
      ...{ connectBytesMax: bytesMax, packetBytesMax: bytesMax, serverLevel: this.level },
    });
    this.#received.push(...this.#decoder.push(chunk));
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export function connectPacket(settings: Partial<ConnectPacket> = {}): ConnectPacket {
  return {
    ...{ type: 'connect', protocolLevel: 5, cleanStart: true, keepAliveSeconds: 60, clientId: 'client' },
    properties: {},
    ...settings,
  };
}

export function publishPacket(
  topic: string,
  text: string,
  qos: MqttQos = 0,
  settings: Partial<PublishPacket> = {},
): PublishPacket {
  return {
    ...{ type: 'publish', topic, payload: Buffer.from(text), qos, retain: false, dup: false },
    packetId: qos === 0 ? 0 : 1,
    properties: {},
    ...settings,
  };
}
