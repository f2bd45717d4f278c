// `bare-front.js PORT PULSAR_HOST PULSAR_PORT NAMESPACE PARTITIONS`: the least that can stand between a Kafka producer and
// Pulsar. It does what no front can leave out: it cuts frames, checks the checksum of a batch, writes the records as
// Pulsar's messages with a checksum of their own, and answers after the receipt. Nothing else: every topic exists, records
// have no headers, offsets count from 0, and there are no tenants, permissions, limits, metrics, retries, deduplication or
// bounds. Any fault ends it.
import { createServer, type Socket } from 'node:net';
import {
  type AnyKafkaApi,
  apiVersionsApi,
  ByteReader,
  decodeRequestHeader,
  encodeResponse,
  initProducerIdApi,
  KafkaFrameDecoder,
  type MetadataRequest,
  metadataApi,
  type ProduceRequest,
  produceApi,
  type RequestHeader,
} from '#libs/kafka-codec';
import { setHeapGrowth } from '../../../apps/cli/src/heap-settings.js';
import { type BareProducer, BarePulsar } from './bare-pulsar.js';
import { bareEntry } from './bare-entry.js';

const [port = '', pulsarHost = '', pulsarPort = '', namespace = '', partitions = ''] = process.argv.slice(2);
const frameBytesMax = 16 * 1024 * 1024;
const pulsar = new BarePulsar(pulsarHost, Number(pulsarPort));
const producers = new Map<string, Promise<BareProducer> | BareProducer>();

/** Without topic ids, and with the fields that the codec fills in by itself. */
const served = [
  { api: produceApi, maxVersion: 9 },
  { api: metadataApi, maxVersion: 9 },
  { api: apiVersionsApi, maxVersion: 3 },
  { api: initProducerIdApi, maxVersion: 4 },
].map(({ api, maxVersion }) => ({ apiKey: api.key, minVersion: api.versionMin, maxVersion }));

/** The codec fills in what is left out. */
function answer(client: Socket, header: RequestHeader, api: AnyKafkaApi, response: object): void {
  client.write(encodeResponse(api, header, response) as Buffer);
}

function describe({ topics }: MetadataRequest): object {
  const nodes = [0];
  return {
    brokers: [{ nodeId: 0, host: '127.0.0.1', port: Number(port), rack: null }],
    controllerId: 0,
    topics: topics?.map(({ name }) => ({
      name,
      partitions: Array.from({ length: Number(partitions) }, (_, partitionIndex) => ({
        ...{ partitionIndex, leaderId: 0, replicaNodes: nodes, isrNodes: nodes },
      })),
    })),
  };
}

/** A newer client than this asks again, with version 0 (KIP-511). */
function answerVersions(client: Socket, header: RequestHeader): void {
  const isTooNew = header.apiVersion > 3;
  const known = isTooNew ? { ...header, apiVersion: 0 } : header;
  answer(client, known, apiVersionsApi, { errorCode: isTooNew ? 35 : 0, apiKeys: served });
}

function produce(client: Socket, header: RequestHeader, { topicData }: ProduceRequest): void {
  let left = 0;
  const responses = topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map(({ index, records }) => {
      const response = { index, baseOffset: 0 };
      left++;
      withProducer(`${name}-partition-${index}`, (producer) => {
        response.baseOffset = producer.messages;
        producer.send(bareEntry(records!, producer), () => {
          if (--left === 0) answer(client, header, produceApi, { responses });
        });
      });
      return response;
    }),
  }));
}

function withProducer(topic: string, use: (producer: BareProducer) => void): void {
  const known = producers.get(topic);
  if (known !== undefined && !(known instanceof Promise)) {
    use(known);
    return;
  }
  const opening = known ?? pulsar.open(`persistent://${namespace}/${topic}`);
  producers.set(topic, opening);
  void opening.then((producer) => {
    producers.set(topic, producer);
    use(producer);
  });
}

function serve(client: Socket, frame: Buffer): void {
  const reader = new ByteReader(frame);
  const header = decodeRequestHeader(reader);
  const { apiKey, apiVersion } = header;
  if (apiKey === produceApi.key) produce(client, header, produceApi.decodeRequest(reader, apiVersion));
  else if (apiKey === apiVersionsApi.key) answerVersions(client, header);
  else if (apiKey === metadataApi.key) {
    answer(client, header, metadataApi, describe(metadataApi.decodeRequest(reader, apiVersion)));
  } else answer(client, header, initProducerIdApi, { producerId: 1, producerEpoch: 0 });
}

setHeapGrowth();
createServer({ noDelay: true }, (client) => {
  const frames = new KafkaFrameDecoder(frameBytesMax, frameBytesMax);
  client.on('error', () => client.destroy());
  client.on('data', (bytes: Buffer) => {
    for (const frame of frames.push(bytes)) serve(client, frame);
  });
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('serving\n'));
