import {
  Authenticator,
  type AuthenticatorOptions,
  type AuthorizationRule,
  Authorizer,
  SessionWatch,
  PermissionWatch,
} from '#libs/auth';
import { aloneCluster, type ClusterView } from '#libs/cluster';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { IdleWheel, type InMemoryLink, type InMemoryOptions, inMemoryLink } from '#libs/transport';
import { Amqp091Connection } from '../amqp091.connection.js';
import { Amqp091Counters } from '../amqp091.counters.js';
import { type Amqp091Options, amqp091OptionsSchema } from '../amqp091.options.js';
import type { ConnectionServices } from '../connection/connection-services.js';
import type { ChannelPartKind } from '../channels/channel-part.js';
import { ChannelParts } from '../channels/channel-parts.js';
import { ContentBudget } from '../channels/content-budget.js';
import { exchangeMethods } from '../handlers/exchange.handler.js';
import { publishMethods } from '../handlers/publish.handler.js';
import { queueMethods } from '../handlers/queue.handler.js';
import { VhostWatch } from '../connection/vhost-watch.js';
import { ChannelPublishing } from '../publishing/channel-publishing.js';
import type { QueueKeeper } from '../keepers/queue-keeper.js';
import type { Queues } from '../queues/queues.js';
import { Amqp091Client } from './amqp091-client.js';
import { FakeBroker } from './fake-broker.js';
import type { MemoryTopologyLog } from './memory-topology-log.js';
import { FakeQueueStore, TestTopologies, tenantOf } from './topology-fixture.js';

export interface Amqp091BedSettings {
  readonly options?: Partial<Amqp091Options>;
  /** Whether who has no credentials is of tenant `acme`; default true. */
  readonly anonymous?: boolean;
  readonly authenticator?: Partial<AuthenticatorOptions>;
  readonly tenant?: Tenant;
  /** Default: everybody may do everything. */
  readonly rules?: readonly AuthorizationRule[];
  /** Beside, or in the place of, those that serve the same methods. */
  readonly parts?: readonly ChannelPartKind[];
  readonly services?: Partial<ConnectionServices>;
  /** Default: it is alone. */
  readonly cluster?: ClusterView;
}

/** The queues of a bed: no Pulsar, no messages. */
export class FakeQueues extends FakeQueueStore implements Queues {
  override async use() {
    return { messages: this.messages, consumers: this.consumers, foreignConsumers: 0 };
  }

  readonly prepared: string[] = [];

  async ready() {
    return { messages: this.messages, bytes: 0, given: 0 };
  }

  async purge(): Promise<number> {
    return this.messages;
  }

  async prepare(_scope: unknown, { name }: { readonly name: string }): Promise<string> {
    if (this.isAway) throw new Error('Pulsar is away');
    this.prepared.push(name);
    return `persistent://acme/shop/${name}`;
  }
}

/** Nobody consumes. */
const unkept: QueueKeeper = {
  register: () => Promise.reject(new Error('a bed has no consumers')),
  end: async () => {},
  consumers: async () => 0,
  used() {},
};

export type BedClient = Amqp091Client & { readonly memory: InMemoryLink };

export interface Amqp091Bed {
  readonly services: ConnectionServices;
  readonly authenticator: Authenticator;
  readonly queues: FakeQueues;
  readonly broker: FakeBroker;
  /** Of the topology: which Pulsar topics there are. */
  readonly store: FakeQueueStore;
  /** Of what is declared. */
  readonly log: MemoryTopologyLog;
  /** A new connection, nothing sent. */
  connect(link?: InMemoryOptions): BedClient;
  close(): Promise<void>;
}

/** Everybody of `acme` may do everything. */
const everything: AuthorizationRule = {
  ...{ effect: 'allow', principals: ['*'], actions: ['*'] },
  resource: { type: '*', match: 'pattern', name: '*' },
};

/** The AMQP 0-9-1 front without Pulsar: the user `alice` of tenant `acme` with the password `secret`. */
export async function amqp091Bed(settings: Amqp091BedSettings = {}): Promise<Amqp091Bed> {
  const { anonymous = true, options: changed, tenant = tenantOf(), parts = [] } = settings;
  const options = { ...amqp091OptionsSchema.parse({}), ...changed };
  const tenants = new TenantDirectory([tenant]);
  const listener = { name: 'amqp', tenant: 'acme', anonymousTenant: anonymous ? 'acme' : undefined };
  const authenticator = new Authenticator({
    ...{ users: [{ tenant: 'acme', name: 'alice', password: 'secret' }], tenants, listeners: [listener] },
    ...{ log: silentLog, failureFloorMs: 0 },
    ...settings.authenticator,
  });
  const topologies = new TestTopologies(tenant);
  const gateway = topologies.gateway();
  const queues = new FakeQueues();
  const broker = new FakeBroker();
  const cluster = settings.cluster ?? aloneCluster();
  const metrics = new Metrics({ processMetrics: false });
  const publishing = new ChannelPublishing({
    ...{ pulsar: broker as never, queues, options, log: silentLog, metrics, cluster },
  });
  const services = {
    ...{
      authenticator,
      authorizer: new Authorizer([{ tenant: 'acme', rules: settings.rules ?? [everything] }]),
      limits: new RateLimits(tenants),
    },
    ...{ options, log: silentLog, metrics, version: 'test' },
    keeper: unkept,
    ...{ counters: new Amqp091Counters(), cluster, topologies: gateway.topologies, queues, publishing },
    ...{ tenants, useOf: () => queues.use() },
    // Nobody consumes: there is nobody whose permission could be taken away.
    consuming: { live: new PermissionWatch({ version: () => 0 }) },
    parts: new ChannelParts([...servedBeside(parts), ...parts]),
    contents: new ContentBudget(options.assemblyBytesMaxPerProcess),
    ...{
      idleWheel: new IdleWheel(),
      watch: new SessionWatch(authenticator),
      vhosts: new VhostWatch(tenants),
    },
    ...settings.services,
  } as unknown as ConnectionServices;
  const protocol = { name: 'amqp', accept: (link: never) => new Amqp091Connection(link, services) };
  return {
    ...{ services, authenticator, queues, broker, store: gateway.store, log: topologies.log },
    connect: (link = {}) => {
      const memory = inMemoryLink(protocol, link);
      return Object.assign(new Amqp091Client(memory.client), { memory });
    },
    close: async () => {
      services.idleWheel.close();
      services.watch.close();
      await publishing.close();
      await topologies.close();
    },
  };
}

function servedBeside(parts: readonly ChannelPartKind[]): ChannelPartKind[] {
  const taken = new Set(parts.flatMap(({ methods }) => methods));
  const served = [exchangeMethods, queueMethods, publishMethods];
  return served.filter(({ methods }) => !methods.some((method) => taken.has(method)));
}
