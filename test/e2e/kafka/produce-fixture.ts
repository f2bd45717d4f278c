// The Kafka front in this process on a real broker, and a client that writes requests field by field.
import { randomBytes } from 'node:crypto';
import { Authenticator, Authorizer } from '#libs/auth';
import {
  type AnyKafkaApi,
  ByteReader,
  type ByteWriter,
  decodeResponseHeader,
  encodeRecordBatch,
  encodeRequestFrame,
  initProducerIdApi,
  type InitProducerIdResponse,
  produceApi,
  type ProduceResponse,
  type ProduceResponsePartitionProduceResponse,
  type RecordBatchOptions,
  type RecordInput,
} from '#libs/kafka-codec';
import { KafkaProtocol, kafkaOptionsSchema } from '#libs/kafka-gateway';
import { type BrokerEntry, MessageCursor, PulsarClient, type PulsarMessage } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { type Log, type LogFields, Metrics } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { inMemoryLink } from '#libs/transport';
import { testPulsar } from '../../support/pulsar.js';
import { PulsarFixture, readEntries } from '../pulsar/pulsar-fixture.js';

export interface KafkaFixtureOptions {
  readonly limits?: Tenant['limits'];
  /** Names of topics that may not be produced to. */
  readonly denied?: readonly string[];
  readonly options?: object;
  readonly pulsar?: PulsarFixture;
  /** Another way to the broker. */
  readonly pulsarServiceUrl?: string;
}

export interface LogLine {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

/** One gateway; several may share one Pulsar namespace. */
export class KafkaFixture {
  private readonly clients: RawKafkaClient[] = [];

  private constructor(
    readonly pulsar: PulsarFixture,
    readonly pulsarClient: PulsarClient,
    readonly protocol: KafkaProtocol,
    private readonly ownsPulsar: boolean,
    readonly metrics: Metrics,
    private readonly log: Log,
    /** Warnings and worse, and what is told. */
    readonly lines: readonly LogLine[],
  ) {}

  static async start(settings: KafkaFixtureOptions = {}): Promise<KafkaFixture> {
    const pulsar = settings.pulsar ?? (await PulsarFixture.start());
    const tenant: Tenant = {
      name: 'acme',
      pulsarNamespace: pulsar.namespace,
      limits: settings.limits ?? {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_048_588 },
    };
    const tenants = new TenantDirectory([tenant]);
    const metrics = new Metrics({ processMetrics: false });
    const lines: LogLine[] = [];
    const at = (level: string) => (fields: LogFields, message: string) => {
      lines.push({ level, fields, message });
    };
    const log: Log = { debug() {}, info: at('info'), warn: at('warn'), error: at('error') };
    const pulsarClient = new PulsarClient({
      serviceUrl: settings.pulsarServiceUrl ?? testPulsar.serviceUrl,
      adminUrl: testPulsar.adminUrl,
    });
    const listeners = [{ name: 'kafka', anonymousTenant: 'acme' }];
    const protocol = new KafkaProtocol({
      pulsar: pulsarClient,
      authenticator: new Authenticator({ users: [], tenants, listeners, log }),
      authorizer: new Authorizer([{ tenant: 'acme', rules: rules(settings.denied ?? []) }]),
      limits: new RateLimits(tenants),
      options: kafkaOptionsSchema.parse(settings.options),
      log,
      metrics,
    });
    const ownsPulsar = settings.pulsar === undefined;
    return new KafkaFixture(pulsar, pulsarClient, protocol, ownsPulsar, metrics, log, lines);
  }

  /** A partitioned topic of a new name. */
  async topic(partitions = 1, properties: Record<string, string> = {}): Promise<string> {
    const name = `t-${randomBytes(4).toString('hex')}`;
    await this.pulsar.client.admin.createPartitionedTopic(this.pulsarTopic(name), partitions, properties);
    return name;
  }

  pulsarTopic(name: string): string {
    return `persistent://${this.pulsar.namespace}/${name}`;
  }

  partition(name: string, partition = 0): string {
    return `${this.pulsarTopic(name)}-partition-${partition}`;
  }

  client(): RawKafkaClient {
    const client = new RawKafkaClient(this.protocol, this.log);
    this.clients.push(client);
    return client;
  }

  /** Every message of a partition, in order. */
  async messages(name: string, entries: number, partition = 0): Promise<PulsarMessage[]> {
    const stored = await readEntries(this.pulsar.client, this.partition(name, partition), entries);
    return stored.flatMap(messagesOf);
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.protocol.close();
    await this.pulsarClient.close();
    if (this.ownsPulsar) await this.pulsar.stop();
  }
}

function rules(denied: readonly string[]) {
  const all = {
    principals: ['*'],
    actions: ['*' as const],
    resource: { type: 'topic' as const, match: 'pattern' as const, name: '*' },
  };
  const deny = denied.map((name) => ({
    effect: 'deny' as const,
    principals: ['*'],
    actions: ['produce' as const],
    resource: { type: 'topic' as const, match: 'literal' as const, name },
  }));
  return [all, ...deny];
}

export function messagesOf(entry: BrokerEntry): PulsarMessage[] {
  const messages: PulsarMessage[] = [];
  const cursor = new MessageCursor(entry, { decompressedBytesMax: 64 * 1024 * 1024 });
  while (cursor.next()) messages.push(cursor.message());
  return messages;
}

export interface ProduceOptions {
  readonly version?: number;
  readonly acks?: number;
  readonly timeoutMs?: number;
  readonly partition?: number;
  readonly transactionalId?: string;
  readonly topicId?: Buffer;
}

/** A Kafka client that does what a test says and nothing else. */
export class RawKafkaClient {
  readonly memory: ReturnType<typeof inMemoryLink>;
  private readonly pending = new Map<number, (reader: ByteReader) => void>();
  private correlationId = 0;

  constructor(protocol: KafkaProtocol, log: Log) {
    this.memory = inMemoryLink(protocol, { log });
    void this.read();
  }

  request<T>(api: AnyKafkaApi, version: number, body: object): Promise<T> {
    const correlationId = ++this.correlationId;
    const header = { apiKey: api.key, apiVersion: version, correlationId, clientId: 'raw' };
    const frame = encodeRequestFrame(header, (writer: ByteWriter) =>
      api.encodeRequest(writer, body, version),
    );
    this.memory.client.write(frame);
    return new Promise((resolve, reject) => {
      this.pending.set(correlationId, (reader) => {
        try {
          decodeResponseHeader(reader, api.key, version);
          resolve(api.decodeResponse(reader, version) as T);
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  /** Produces to one partition and gives its part of the response. */
  async produce(
    topic: string,
    records: Buffer | null,
    options: ProduceOptions = {},
  ): Promise<ProduceResponsePartitionProduceResponse> {
    const { version = 9, acks = -1, timeoutMs = 30_000, partition = 0, transactionalId, topicId } = options;
    const target = topicId === undefined ? { name: topic } : { topicId };
    const response = await this.request<ProduceResponse>(produceApi, version, {
      ...(transactionalId === undefined ? {} : { transactionalId }),
      acks,
      timeoutMs,
      topicData: [{ ...target, partitionData: [{ index: partition, records }] }],
    });
    return response.responses[0]!.partitionResponses[0]!;
  }

  /** Writes a request that nobody answers. */
  produceUnanswered(topic: string, records: Buffer): void {
    const body = {
      acks: 0,
      timeoutMs: 1_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    };
    const header = { apiKey: 0, apiVersion: 9, correlationId: ++this.correlationId, clientId: 'raw' };
    this.memory.client.write(
      encodeRequestFrame(header, (writer) => produceApi.encodeRequest(writer, body, 9)),
    );
  }

  async producerId(): Promise<bigint> {
    const body = { transactionalId: null, transactionTimeoutMs: 60_000 };
    const response = await this.request<InitProducerIdResponse>(initProducerIdApi, 4, body);
    return response.producerId;
  }

  close(): void {
    this.memory.client.end();
  }

  private async read(): Promise<void> {
    const { client } = this.memory;
    try {
      for (;;) {
        const frame = await client.take((await client.take(4)).readInt32BE(0));
        const answer = this.pending.get(frame.readInt32BE(0));
        this.pending.delete(frame.readInt32BE(0));
        answer?.(new ByteReader(frame));
      }
    } catch {
      // The connection ended: what is pending stays so.
    }
  }
}

export function record(value: string | Buffer | null, fields: Partial<RecordInput> = {}): RecordInput {
  return {
    timestamp: 1_700_000_000_000,
    key: null,
    value: value === null ? null : Buffer.from(value),
    ...fields,
  };
}

export function batch(values: readonly (string | RecordInput)[], options: RecordBatchOptions = {}): Buffer {
  return encodeRecordBatch(
    values.map((value) => (typeof value === 'string' ? record(value) : value)),
    options,
  );
}
