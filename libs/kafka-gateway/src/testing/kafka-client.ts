import {
  type AnyKafkaApi,
  ByteReader,
  decodeResponseHeader,
  type Encodable,
  encodeRequestFrame,
  type KafkaApi,
} from '#libs/kafka-codec';
import type { InMemoryClient } from '#libs/transport';

export interface Answer<Response> {
  readonly correlationId: number;
  readonly body: Response;
}

/** The least Kafka client there is: any request of any version, over an in-memory link. */
export class KafkaClient {
  #correlationId = 0;

  constructor(private readonly socket: InMemoryClient) {}

  /** Gives the correlation id. */
  send<Request>(api: KafkaApi<Request, unknown>, version: number, body: Encodable<Request>): number {
    const correlationId = ++this.#correlationId;
    const header = { apiKey: api.key, apiVersion: version, correlationId, clientId: 'test' };
    this.socket.write(encodeRequestFrame(header, (writer) => api.encodeRequest(writer, body, version)));
    return correlationId;
  }

  end(): void {
    this.socket.end();
  }

  /** Takes the next frame, without its size. */
  async frame(): Promise<Buffer> {
    return this.socket.take((await this.socket.take(4)).readInt32BE(0));
  }

  async response<Response>(
    api: KafkaApi<never, Response> | AnyKafkaApi,
    version: number,
  ): Promise<Answer<Response>> {
    const reader = new ByteReader(await this.frame());
    const correlationId = decodeResponseHeader(reader, api.key, version);
    const body = api.decodeResponse(reader, version) as Response;
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes behind the response`);
    return { correlationId, body };
  }

  async call<Request, Response>(
    api: KafkaApi<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Response> {
    const sent = this.send(api, version, body);
    const { correlationId, body: response } = await this.response<Response>(api as AnyKafkaApi, version);
    if (correlationId !== sent) throw new Error(`answer ${correlationId} to request ${sent}`);
    return response;
  }
}
