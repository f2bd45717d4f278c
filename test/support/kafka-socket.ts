// A Kafka client that is nothing but requests and answers, over a real connection.
import { connect, type Socket } from 'node:net';
import {
  type AnyKafkaApi,
  ByteReader,
  decodeResponseHeader,
  type Encodable,
  encodeRequestFrame,
  type KafkaApi,
} from '#libs/kafka-codec';

interface Asked {
  readonly api: AnyKafkaApi;
  readonly version: number;
  resolve(response: unknown): void;
  reject(error: Error): void;
}

export class KafkaSocket {
  readonly #asked = new Map<number, Asked>();
  #correlationId = 0;
  #received: Buffer = Buffer.alloc(0);
  #ended: Error | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly clientId: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#end(new Error('the connection has ended')));
  }

  /** `address`: `host:port`. */
  static open(address: string, clientId = 'test'): Promise<KafkaSocket> {
    const [host, port] = address.split(':');
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), host);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new KafkaSocket(socket, clientId)));
    });
  }

  get closed(): boolean {
    return this.#ended !== undefined;
  }

  /** Several may wait at once. Rejects when the connection ends first. */
  call<Request, Response>(
    api: KafkaApi<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Response> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const correlationId = ++this.#correlationId;
    const header = { apiKey: api.key, apiVersion: version, correlationId, clientId: this.clientId };
    return new Promise((resolve, reject) => {
      this.#asked.set(correlationId, {
        api: api as AnyKafkaApi,
        version,
        resolve: resolve as (response: unknown) => void,
        reject,
      });
      this.socket.write(encodeRequestFrame(header, (writer) => api.encodeRequest(writer, body, version)));
    });
  }

  /** As a process that dies: nothing is said. */
  destroy(): void {
    this.socket.destroy();
  }

  #onData(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const size = this.#received.readInt32BE(0);
      if (this.#received.length < 4 + size) return;
      const frame = this.#received.subarray(4, 4 + size);
      this.#received = this.#received.subarray(4 + size);
      const asked = this.#asked.get(frame.readInt32BE(0));
      if (asked === undefined) throw new Error('an answer to no request');
      this.#asked.delete(frame.readInt32BE(0));
      const reader = new ByteReader(frame);
      decodeResponseHeader(reader, asked.api.key, asked.version);
      asked.resolve(asked.api.decodeResponse(reader, asked.version));
    }
  }

  #end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
