// Kafka clients that produce without waiting for answers, as fast as the gateway reads.
import { connect, type Socket } from 'node:net';
import {
  ByteReader,
  decodeResponseHeader,
  encodeRecordBatch,
  encodeRequestFrame,
  KafkaFrameDecoder,
  produceApi,
} from '#libs/kafka-codec';

const version = 9;
const frameBytesMax = 1_048_576;

export interface GreedyOptions {
  /** `host:port`. */
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  /** Each produces to one partition. */
  readonly connections: number;
  readonly requestBytes: number;
  /** What the requests allow the gateway. */
  readonly timeoutMs: number;
}

export class GreedyProducers {
  private readonly sockets: Socket[];
  /** Answers by error code. */
  readonly answers = new Map<number, number>();

  constructor(options: GreedyOptions) {
    this.sockets = Array.from({ length: options.connections }, (_, at) =>
      this.open(options, at % options.partitions),
    );
  }

  answered(errorCode: number): number {
    return this.answers.get(errorCode) ?? 0;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private open({ bootstrap, topic, requestBytes, timeoutMs }: GreedyOptions, partition: number): Socket {
    const [host, port] = bootstrap.split(':') as [string, string];
    const value = Buffer.alloc(requestBytes);
    const records = encodeRecordBatch([{ timestamp: 1_700_000_000_000, key: null, value }]);
    const body = {
      acks: -1,
      timeoutMs,
      topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
    };
    const header = { apiKey: produceApi.key, apiVersion: version, correlationId: 1, clientId: 'greedy' };
    const request = encodeRequestFrame(header, (writer) => produceApi.encodeRequest(writer, body, version));
    const decoder = new KafkaFrameDecoder(frameBytesMax, frameBytesMax);
    const socket = connect(Number(port), host);
    const push = () => {
      while (!socket.destroyed && socket.write(request));
    };
    socket.on('connect', push);
    socket.on('drain', push);
    socket.on('error', () => {}); // the gateway may end it; then it stays so
    socket.on('data', (bytes) => {
      for (const frame of decoder.push(bytes)) this.note(frame);
    });
    return socket;
  }

  private note(frame: Buffer): void {
    const reader = new ByteReader(frame);
    decodeResponseHeader(reader, produceApi.key, version);
    const response = produceApi.decodeResponse(reader, version);
    for (const { partitionResponses } of response.responses) {
      for (const { errorCode } of partitionResponses)
        this.answers.set(errorCode, this.answered(errorCode) + 1);
    }
  }
}
