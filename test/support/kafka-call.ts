// One Kafka request of any version to a real listener, on a connection of its own.
import { connect } from 'node:net';
import { once } from 'node:events';
import {
  ByteReader,
  decodeResponseHeader,
  type Encodable,
  encodeRequestFrame,
  type KafkaApi,
  KafkaFrameDecoder,
} from '../../libs/kafka-codec/src/index.js';

const frameBytesMax = 100_000_000;

/** Rejects when the connection ends without an answer. `address`: `host:port`. */
export async function kafkaCall<Request, Response>(
  address: string,
  api: KafkaApi<Request, Response>,
  version: number,
  body: Encodable<Request>,
): Promise<Response> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect');
    const header = { apiKey: api.key, apiVersion: version, correlationId: 1, clientId: 'call' };
    socket.write(encodeRequestFrame(header, (writer) => api.encodeRequest(writer, body, version)));
    const decoder = new KafkaFrameDecoder(frameBytesMax, frameBytesMax);
    for await (const chunk of socket) {
      const [frame] = decoder.push(chunk as Buffer);
      if (frame === undefined) continue;
      const reader = new ByteReader(frame);
      decodeResponseHeader(reader, api.key, version);
      return api.decodeResponse(reader, version);
    }
    throw new Error(`${api.name} v${version}: closed without an answer`);
  } finally {
    socket.destroy();
  }
}
