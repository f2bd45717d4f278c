import { Buffer } from 'node:buffer';
import { encodePublish, noProperties } from '#libs/mqtt-codec';
import { MqttSocket } from './mqtt-socket.js';

export interface PublishLoad {
  readonly endpoint: string;
  /** Every publisher has a level of its own below it. */
  readonly topic: string;
  readonly publishers: number;
  /** Of each; unanswered QoS 1 publishes. */
  readonly window: number;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly payloadBytes: number;
  /** Of all publishers together. */
  readonly messages: number;
}

export interface PublishResult {
  readonly seconds: number;
  /** QoS 1: from the write to PUBACK. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Publishes all of it, as fast as it is answered; QoS 0 as fast as the sockets take it. */
export async function publishLoad(load: PublishLoad): Promise<PublishResult> {
  const { endpoint, publishers, topic, messages, qos } = load;
  const clients = await Promise.all(
    Array.from({ length: publishers }, (_, at) => MqttSocket.connect(endpoint, `${topic}-${at}`)),
  );
  const each = Math.ceil(messages / publishers);
  const latencies = new Float64Array(each * publishers);
  const began = performance.now();
  await Promise.all(
    clients.map((client, at) => {
      const ofClient = latencies.subarray(at * each, (at + 1) * each);
      const publisher = new Publisher(client, load, `${topic}/${at}`, ofClient);
      return qos === 1 ? publisher.acknowledged() : publisher.written();
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  for (const client of clients) client.close();
  latencies.sort();
  const quantile = (part: number) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return { seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

class Publisher {
  /** One for each packet id of the window: only sent when the one before with this id was answered. */
  readonly #packets: readonly Buffer[];
  readonly #sentAtMs: Float64Array;
  #sent = 0;
  #answered = 0;

  constructor(
    private readonly client: MqttSocket,
    { window, qos, retain, payloadBytes }: PublishLoad,
    topic: string,
    private readonly latencies: Float64Array,
  ) {
    const payload = Buffer.alloc(payloadBytes, 'x');
    const packet = { type: 'publish', topic, payload, qos, retain, dup: false } as const;
    this.#sentAtMs = new Float64Array(window + 1);
    this.#packets = Array.from({ length: window }, (_, at) =>
      encodePublish({ ...packet, packetId: qos === 0 ? 0 : at + 1, properties: noProperties }, 4),
    );
  }

  acknowledged(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.failsWith(reject);
      const free: number[] = [];
      this.client.onPacket = (_first, bytes, start) => {
        const packetId = bytes.readUInt16BE(start);
        this.latencies[this.#answered++] = performance.now() - this.#sentAtMs[packetId]!;
        free.push(packetId);
      };
      this.client.onPiece = () => {
        if (this.#answered === this.latencies.length) resolve();
        else this.#send(free.splice(0));
      };
      this.#send(this.#packets.map((_, at) => at + 1));
    });
  }

  async written(): Promise<void> {
    const perWrite = Buffer.concat(Array<Buffer>(50).fill(this.#packets[0]!));
    const { socket } = this.client;
    for (let left = this.latencies.length; left > 0; left -= 50) {
      const bytes = left >= 50 ? perWrite : perWrite.subarray(0, left * this.#packets[0]!.length);
      if (!socket.write(bytes)) await new Promise<void>((resolve) => socket.once('drain', resolve));
    }
    // What was written reaches the gateway before the end of the connection does.
    this.client.failsWith(() => {});
    await new Promise<void>((resolve) => socket.end(Buffer.from([0xe0, 0]), resolve));
  }

  #send(packetIds: readonly number[]): void {
    const now = performance.now();
    const packets: Buffer[] = [];
    for (const packetId of packetIds) {
      if (this.#sent === this.latencies.length) break;
      this.#sent++;
      this.#sentAtMs[packetId] = now;
      packets.push(this.#packets[packetId - 1]!);
    }
    if (packets.length > 0)
      this.client.socket.write(packets.length === 1 ? packets[0]! : Buffer.concat(packets));
  }
}
