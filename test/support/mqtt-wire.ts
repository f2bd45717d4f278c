// An MQTT client that does only what it is told, right or wrong: bytes or packets out, packets in, one after the other.
import { Buffer } from 'node:buffer';
import { connect as connectTcp, type Socket } from 'node:net';
import {
  type ConnackPacket,
  type ConnectPacket,
  encodePacket,
  type MqttPacket,
  MqttPacketDecoder,
  type MqttPacketType,
  type MqttProtocolLevel,
  type MqttQos,
  type MqttSubscriptionRequest,
  noProperties,
  type PublishPacket,
  type SubackPacket,
  type UnsubackPacket,
} from '#libs/mqtt-codec';

const waitMsMax = 15_000;
const packetBytesMax = 16 * 1024 * 1024;

type PacketOf<T extends MqttPacketType> = Extract<MqttPacket, { type: T }>;
type PartialConnect = Partial<Omit<ConnectPacket, 'type' | 'protocolLevel'>>;
type PublishOptions = Partial<Omit<PublishPacket, 'type' | 'topic' | 'payload'>>;
type SubscriptionOptions = Partial<Omit<MqttSubscriptionRequest, 'filter'>>;

/** Packet type and flags, remaining length, and the parts: strings with their length in front, buffers as they are. */
export function rawPacket(firstByte: number, ...parts: readonly (string | Buffer | number[])[]): Buffer {
  const body = Buffer.concat(parts.map(rawPart));
  return Buffer.concat([Buffer.from([firstByte]), rawVariableByteInteger(body.length), body]);
}

function rawPart(part: string | Buffer | number[]): Buffer {
  return typeof part === 'string' ? rawString(Buffer.from(part)) : Buffer.from(part as Buffer);
}

export function rawString(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

export function rawVariableByteInteger(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const digit = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** A connection. What comes is decoded strictly: a server that sends what no server may send fails who waits for it. */
export class MqttWire {
  readonly level: MqttProtocolLevel;
  /** All bytes that came. */
  readonly bytes: Buffer[] = [];
  readonly #socket: Socket;
  readonly #decoder: MqttPacketDecoder;
  readonly #packets: MqttPacket[] = [];
  #fault: Error | undefined;
  #closed = false;
  readonly #waiting = new Set<() => void>();
  #nextPacketId = 1;

  private constructor(socket: Socket, level: MqttProtocolLevel) {
    this.level = level;
    this.#socket = socket;
    this.#decoder = new MqttPacketDecoder({
      ...{ connectBytesMax: packetBytesMax, packetBytesMax, serverLevel: level },
    });
    socket.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** @param address `host:port` */
  static async open(address: string, level: MqttProtocolLevel = 5): Promise<MqttWire> {
    const [host, port] = address.split(':') as [string, string];
    const socket = connectTcp({ host, port: Number(port), noDelay: true });
    const wire = new MqttWire(socket, level);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return wire;
  }

  #onBytes(bytes: Buffer): void {
    this.bytes.push(bytes);
    try {
      this.#decoder.push(bytes, this.#packets);
    } catch (error) {
      this.#fault ??= error as Error;
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  send(...packets: readonly (MqttPacket | Buffer)[]): void {
    this.#socket.write(
      Buffer.concat(packets.map((each) => (Buffer.isBuffer(each) ? each : encodePacket(each, this.level)))),
    );
  }

  /** CONNECT, and CONNACK that must come; an empty client identifier and a clean start unless told otherwise. */
  async connect(options: PartialConnect = {}): Promise<ConnackPacket> {
    this.sendConnect(options);
    return this.next('connack');
  }

  sendConnect(options: PartialConnect = {}): void {
    this.send({
      type: 'connect',
      protocolLevel: this.level,
      ...{ cleanStart: true, keepAliveSeconds: 0, clientId: '', properties: noProperties },
      ...options,
    });
  }

  /** The packet that comes next, which must be of the type. */
  async next<T extends MqttPacketType>(type: T): Promise<PacketOf<T>> {
    const packet = await this.#await(() => this.#packets[0]);
    if (packet.type !== type) throw new Error(`${type} was to come, and not ${JSON.stringify(packet)}`);
    this.#packets.shift();
    return packet as PacketOf<T>;
  }

  /** The first packet of the type that comes, or came; others keep their places. */
  async first<T extends MqttPacketType>(type: T): Promise<PacketOf<T>> {
    const packet = await this.#await(() => this.#packets.find((each) => each.type === type));
    this.#packets.splice(this.#packets.indexOf(packet), 1);
    return packet as PacketOf<T>;
  }

  /** The first packets of the type that come, or came; who else waits for the same type would get some of them. */
  async take<T extends MqttPacketType>(type: T, count: number): Promise<PacketOf<T>[]> {
    const taken: PacketOf<T>[] = [];
    while (taken.length < count) taken.push(await this.first(type));
    return taken;
  }

  /** Whether such a packet came and was not taken. */
  has(type: MqttPacketType): boolean {
    return this.#packets.some((each) => each.type === type);
  }

  async #await<T>(look: () => T | undefined): Promise<T> {
    const deadline = Date.now() + waitMsMax;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#closed) throw new Error('the connection was closed');
      if (Date.now() > deadline) {
        throw new Error(`nothing came in ${waitMsMax} ms but ${JSON.stringify(this.#packets)}`);
      }
      await this.#woken(deadline);
    }
  }

  #woken(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, deadline - Date.now() + 1);
      this.#waiting.add(wake);
    });
  }

  /** All packets that came before the connection was closed by the server, which it must be, and were not taken. */
  async untilClosed(): Promise<readonly MqttPacket[]> {
    const deadline = Date.now() + waitMsMax;
    while (!this.#closed) {
      if (Date.now() > deadline) throw new Error('the server did not close the connection');
      await this.#woken(deadline);
    }
    if (this.#fault !== undefined) throw this.#fault;
    return this.#packets.splice(0);
  }

  /** What the server says before it closes; MQTT 5: the reason code of CONNACK or DISCONNECT. */
  async refusal(): Promise<number | undefined> {
    const [packet, ...more] = await this.untilClosed();
    if (packet === undefined) return undefined;
    if (more.length > 0 || (packet.type !== 'connack' && packet.type !== 'disconnect')) {
      throw new Error(`a refusal was to come, and not ${JSON.stringify([packet, ...more])}`);
    }
    return packet.reasonCode;
  }

  /** Packets that are there when PINGRESP has come, taken: all that the server had sent by then. */
  async untilPong(): Promise<readonly MqttPacket[]> {
    this.send({ type: 'pingreq' });
    const at = await this.#await(() => {
      const index = this.#packets.findIndex(({ type }) => type === 'pingresp');
      return index < 0 ? undefined : { index };
    });
    return this.#packets.splice(0, at.index + 1).slice(0, -1);
  }

  async subscribe(
    filters: string | readonly string[],
    qos: MqttQos = 1,
    {
      subscriptionIdentifiers,
      ...options
    }: SubscriptionOptions & { subscriptionIdentifiers?: number[] } = {},
  ): Promise<SubackPacket> {
    const subscriptions = [filters].flat().map((filter) => ({
      ...{ filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 as const },
      ...options,
    }));
    const properties = subscriptionIdentifiers === undefined ? noProperties : { subscriptionIdentifiers };
    this.send({ type: 'subscribe', packetId: this.packetId(), subscriptions, properties });
    return this.first('suback');
  }

  async unsubscribe(...filters: readonly string[]): Promise<UnsubackPacket> {
    this.send({ type: 'unsubscribe', packetId: this.packetId(), filters, properties: noProperties });
    return this.first('unsuback');
  }

  /** PUBLISH and what QoS 1 and 2 take to its end; resolves with the reason code. */
  async publish(topic: string, payload: string, options: PublishOptions = {}): Promise<number> {
    const { qos = 1 } = options;
    const packetId = options.packetId ?? (qos === 0 ? 0 : this.packetId());
    this.send(publishOf(topic, payload, { qos, ...options, packetId }));
    if (qos === 0) return 0;
    if (qos === 1) return (await this.first('puback')).reasonCode;
    const { reasonCode } = await this.first('pubrec');
    if (reasonCode >= 0x80) return reasonCode;
    this.acknowledge('pubrel', packetId);
    return (await this.first('pubcomp')).reasonCode;
  }

  /** The next message, acknowledged to the end of its QoS. */
  async message(): Promise<PublishPacket> {
    const packet = await this.first('publish');
    const { qos, packetId } = packet;
    if (qos === 1) this.acknowledge('puback', packetId);
    if (qos === 2) {
      this.acknowledge('pubrec', packetId);
      await this.first('pubrel');
      this.acknowledge('pubcomp', packetId);
    }
    return packet;
  }

  /** The payloads of the next messages. */
  async texts(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) texts.push((await this.message()).payload.toString());
    return texts;
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0): void {
    this.send({ type, packetId, reasonCode, properties: noProperties });
  }

  packetId(): number {
    return this.#nextPacketId++;
  }

  /** DISCONNECT 0x00 unless told otherwise, and the end. */
  async disconnect(reasonCode = 0): Promise<void> {
    this.send({ type: 'disconnect', reasonCode, properties: noProperties });
    await this.untilClosed();
  }

  /** Without a word. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }
}

export function publishOf(topic: string, payload: string, options: PublishOptions = {}): PublishPacket {
  return {
    ...{ type: 'publish', topic, payload: Buffer.from(payload), qos: 0, packetId: 0 },
    ...{ retain: false, dup: false, properties: noProperties },
    ...options,
  } as PublishPacket;
}
