import { Amqp091Error, encodeFieldTable, type FieldTable } from '#libs/amqp091-codec';
import { aloneCluster, type ClusterView } from '#libs/cluster';
import type { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, type TenantAmqp091Options, tenantAmqp091Defaults } from '#libs/tenancy';
import { AgreedTopologies } from '../topology/agreed-topologies.js';
import type { Queue } from '../topology/queue.js';
import type { QueueStore } from '../topology/queue-store.js';
import type { Amqp091Scope } from '../topology/scope.js';
import type {
  BindingRequest,
  ExchangeDeclaration,
  QueueDeclaration,
  TopologyAccess,
  TopologyClient,
  VhostTopology,
} from '../topology/vhost-topology.js';
import { MemoryTopologyLog, type MemoryTopologyState } from './memory-topology-log.js';

/** Whoever may do everything. */
export const openAccess: TopologyAccess = {
  configure() {},
  write() {},
  read() {},
  publish() {},
  readTopic() {},
};

export function clientOf(connectionId: string, access = openAccess): TopologyClient {
  return { connectionId, access };
}

export function tenantOf(amqp091: Partial<TenantAmqp091Options> = {}): Tenant {
  return {
    name: 'acme',
    pulsarNamespace: 'acme/shop',
    limits: {},
    kafka: { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 },
    amqp091: { ...tenantAmqp091Defaults, ...amqp091 },
  };
}

export { fieldsOf as table } from './client-methods.js';

export function exchange(
  name: string,
  rest: Partial<Omit<ExchangeDeclaration, 'arguments'>> & { readonly arguments?: FieldTable } = {},
): ExchangeDeclaration {
  const flags = { durable: true, autoDelete: false, internal: false };
  return {
    exchange: name,
    type: 'direct',
    ...flags,
    ...rest,
    arguments: encodeFieldTable(rest.arguments ?? []),
  };
}

export function queue(
  name: string,
  rest: Partial<Omit<QueueDeclaration, 'arguments'>> & { readonly arguments?: FieldTable } = {},
): QueueDeclaration {
  const flags = { durable: true, exclusive: false, autoDelete: false };
  return { queue: name, ...flags, ...rest, arguments: encodeFieldTable(rest.arguments ?? []) };
}

export function binding(
  source: string,
  destination: string,
  routingKey = '',
  rest: {
    readonly destinationKind?: BindingRequest['destinationKind'];
    readonly arguments?: FieldTable;
  } = {},
): BindingRequest {
  const { destinationKind = 'queue', arguments: fields = [] } = rest;
  return { source, destinationKind, destination, routingKey, arguments: encodeFieldTable(fields) };
}

/** The names of the queues that a message comes to, in their order. */
export function routed(
  topology: VhostTopology,
  exchangeName: string,
  routingKeys: string | readonly string[],
  headers: FieldTable = [],
): string[] {
  const names: string[] = [];
  const found = topology.findExchange(exchangeName);
  if (found === undefined) throw new Error(`no exchange ${exchangeName}`);
  const visited = topology.route(
    found,
    routingKeys,
    () => headers,
    ({ name }) => names.push(name),
  );
  if (visited !== names.length) throw new Error('it did not visit what it says');
  return names.sort();
}

/** Queues without messages, and Pulsar topics that nobody declared. */
export class FakeQueueStore implements QueueStore {
  readonly topics = new Set<string>();
  readonly removed: string[] = [];
  messages = 0;
  consumers = 0;
  /** Removing fails. */
  isAway = false;
  /** Of these alone. */
  readonly isStuck = new Set<string>();

  async exists(_scope: Amqp091Scope, name: string): Promise<boolean> {
    return this.topics.has(name);
  }

  async refusal() {
    return undefined;
  }

  async use() {
    return { messages: this.messages, consumers: this.consumers };
  }

  async remove(_scope: Amqp091Scope, { name }: Queue): Promise<number> {
    if (this.isAway || this.isStuck.has(name)) throw new Error('Pulsar is away');
    this.removed.push(name);
    return this.messages;
  }
}

export interface TestGateway {
  readonly topologies: AgreedTopologies;
  readonly state: MemoryTopologyState;
  readonly store: FakeQueueStore;
  open(vhost?: string): Promise<VhostTopology>;
}

/** Gateways that have one log. */
export class TestTopologies {
  readonly #gateways: TestGateway[] = [];

  constructor(
    readonly tenant: Tenant = tenantOf(),
    readonly log = new MemoryTopologyLog(),
    private readonly limits?: RateLimits,
  ) {}

  gateway(cluster: ClusterView = aloneCluster({ instance: `g${this.#gateways.length}` })): TestGateway {
    const state = this.log.state();
    const store = new FakeQueueStore();
    const topologies = new AgreedTopologies({
      cluster,
      openState: () => state,
      store,
      log: silentLog,
      ...(this.limits && { limits: this.limits }),
      metrics: new Metrics(),
      openTimeoutMs: 1_000,
    });
    const gateway = {
      topologies,
      state,
      store,
      open: (vhost = '/') => topologies.open(this.tenant, vhost),
    };
    this.#gateways.push(gateway);
    return gateway;
  }

  async close(): Promise<void> {
    await Promise.all(this.#gateways.map(({ topologies }) => topologies.close()));
  }
}

/** `406 channel: PRECONDITION_FAILED - ...`: code, level and text of what was refused. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Amqp091Error)) throw error;
    return `${error.replyCode} ${error.level}: ${error.replyText}`;
  }
  return 'nothing was refused';
}
