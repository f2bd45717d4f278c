import { Authenticator, Authorizer, type AuthorizationRule } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import {
  type Encodable,
  type FetchRequest,
  type FetchRequestFetchPartition,
  type FetchResponse,
  type FetchResponsePartitionData,
  fetchApi,
  splitRecordSets,
} from '#libs/kafka-codec';
import type { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type GatewayLimits, type Tenant, TenantDirectory } from '#libs/tenancy';
import { type InMemoryLink, type InMemoryOptions, inMemoryLink } from '#libs/transport';
import { ApiTable } from '../api-table.js';
import { fetchByTopicIdSince } from '../fetching/fetch-context.js';
import type { AnyApiHandler } from '../handler.js';
import { fetchHandler } from '../handlers/fetch.handler.js';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { KafkaProtocol } from '../kafka.protocol.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { FakeLog } from './fake-log.js';
import { KafkaClient } from './kafka-client.js';

// Connections on in-memory links with the real handlers that read, over topics and logs that do as the test says.

const tenant: Tenant = {
  name: 'acme',
  pulsarNamespace: 'acme/kafka',
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
};

const anything: AuthorizationRule = {
  principals: ['*'],
  actions: ['*'],
  resource: { type: '*', match: 'pattern', name: '*' },
};

export const testTopicId = (name: string): Buffer => Buffer.alloc(16, `${name}-id-`);

export type Asked = Partial<Omit<FetchRequestFetchPartition, 'fetchOffset'>> & {
  readonly topic?: string;
  readonly fetchOffset?: number | bigint;
};

export const partitionsOf = (response: FetchResponse): FetchResponsePartitionData[] =>
  response.responses.flatMap(({ partitions }) => partitions);
export const codesOf = (response: FetchResponse) => partitionsOf(response).map(({ errorCode }) => errorCode);
/** Base offsets of the batches of each partition. */
export const offsetsOf = (response: FetchResponse) =>
  partitionsOf(response).map(({ records }) =>
    splitRecordSets(records!).map((set) => Number('baseOffset' in set ? set.baseOffset : -1n)),
  );

export class ReadingBed {
  readonly metrics = new Metrics({ processMetrics: false });
  readonly topics = new Map<string, KafkaTopic>();
  readonly invalidated: string[] = [];
  readonly changed: string[] = [];
  /** What DeleteRecords did: places and offsets. */
  readonly raised: string[] = [];
  readonly truncated: string[] = [];
  readonly protocol: KafkaProtocol;
  /** What an unknown topic is answered with; default: there is none. */
  lookup: ((name: string) => Promise<KafkaTopic | undefined>) | undefined;
  readonly #logs = new Map<string, FakeLog>();

  constructor(
    settings: {
      options?: object;
      rules?: AuthorizationRule[];
      handlers?: AnyApiHandler[];
      cluster?: ClusterView;
      limits?: GatewayLimits;
    } = {},
  ) {
    const tenants = new TenantDirectory([tenant]);
    const rules = [anything, ...(settings.rules ?? [])];
    const authenticator = new Authenticator({
      users: [],
      tenants,
      listeners: [{ name: 'kafka', defaultTenant: 'acme', anonymousTenant: 'acme' }],
      log: silentLog,
      failureFloorMs: 20,
    });
    const services = {
      pulsar: { admin: {} } as unknown as PulsarClient,
      authenticator,
      authorizer: new Authorizer([{ tenant: 'acme', rules }]),
      limits: new RateLimits(tenants, { gateway: settings.limits }),
      options: kafkaOptionsSchema.parse(settings.options),
      log: silentLog,
      metrics: this.metrics,
      ...(settings.cluster !== undefined && { cluster: settings.cluster }),
    };
    const table = new ApiTable(settings.handlers ?? [fetchHandler]);
    this.protocol = new KafkaProtocol(services, table);
    Object.assign(this.protocol.services, { topics: this.#topicsService(), logs: this.#logsService() });
  }

  topic(name: string, partitions = 1): FakeLog {
    this.topics.set(name, {
      name,
      id: testTopicId(name),
      pulsarTopic: name,
      partitions,
      config: { messageBytesMax: 1e6, timestampType: 'create', compacted: false },
      partitionTopic: (partition) => `${name}-partition-${partition}`,
    });
    return this.log(name);
  }

  log(name: string, partition = 0): FakeLog {
    const key = `${name}-${partition}`;
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, (log = new FakeLog()));
    return log;
  }

  connect(options: InMemoryOptions = {}): ReadingClient {
    return new ReadingClient(inMemoryLink(this.protocol, options));
  }

  #topicsService() {
    return {
      known: (_tenant: Tenant, name: string) => this.topics.get(name),
      knownById: (_tenant: Tenant, id: Buffer) => this.#byId(id),
      resolve: async (_tenant: Tenant, name: string) => this.topics.get(name) ?? this.lookup?.(name),
      resolveId: async (_tenant: Tenant, id: Buffer) => this.#byId(id),
      invalidate: (_tenant: Tenant, name: string) => this.invalidated.push(name),
      changed: (_tenant: Tenant, name: string) => this.changed.push(name),
      logStarts: {
        raise: async ({ name }: KafkaTopic, wanted: ReadonlyMap<number, number>) => {
          for (const [partition, offset] of wanted) {
            this.raised.push(`${name}-${partition}: ${offset}`);
            this.log(name, partition).start = offset;
          }
          return wanted;
        },
        truncate: async (topic: KafkaTopic, partition: number) => {
          this.truncated.push(topic.partitionTopic(partition));
        },
      },
    };
  }

  #logsService() {
    return {
      log: (_tenant: Tenant, topic: KafkaTopic, partition: number) => this.log(topic.name, partition),
    };
  }

  #byId(id: Buffer): KafkaTopic | undefined {
    return [...this.topics.values()].find((topic) => topic.id.equals(id));
  }
}

export class ReadingClient {
  readonly kafka: KafkaClient;

  constructor(readonly memory: InMemoryLink) {
    this.kafka = new KafkaClient(memory.client);
  }

  /** Fetches these partitions, each from offset 0 of topic `t` where it does not say otherwise. */
  fetch(
    asked: readonly Asked[],
    version: number,
    more: Encodable<FetchRequest> = {},
  ): Promise<FetchResponse> {
    return this.kafka.call(fetchApi, version, fetchRequest(asked, version, more));
  }

  send(asked: readonly Asked[], version: number, more: Encodable<FetchRequest> = {}): number {
    return this.kafka.send(fetchApi, version, fetchRequest(asked, version, more));
  }
}

export function fetchRequest(
  asked: readonly Asked[],
  version: number,
  more: Encodable<FetchRequest> = {},
): Encodable<FetchRequest> {
  const topics = asked.map(({ topic = 't', ...partition }) => ({
    ...(version < fetchByTopicIdSince ? { topic } : { topicId: testTopicId(topic) }),
    partitions: [{ fetchOffset: 0, partitionMaxBytes: 1e6, ...partition }],
  }));
  return { maxWaitMs: 0, minBytes: 1, ...(version >= 3 && { maxBytes: 1e7 }), topics, ...more };
}
