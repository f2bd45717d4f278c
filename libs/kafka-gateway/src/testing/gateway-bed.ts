import { randomBytes } from 'node:crypto';
import { Authenticator, type AuthorizationRule, Authorizer } from '#libs/auth';
import { aloneCluster, type ClusterView } from '#libs/cluster';
import { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { inMemoryLink } from '#libs/transport';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { KafkaProtocol } from '../kafka.protocol.js';
import { KafkaClient } from './kafka-client.js';

// Kafka fronts without sockets, several beside each other, before a real Pulsar.

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

const everything: AuthorizationRule = {
  principals: ['*'],
  actions: ['*'],
  resource: { type: '*', match: 'prefix', name: '' },
};

/** Says for all fronts of a bed which of them holds what. */
class Placement {
  readonly #listeners = new Set<() => void>();
  nodeId = 1;

  /** Everything is to be held by this node from now on. */
  moveTo(nodeId: number): void {
    this.nodeId = nodeId;
    for (const listener of this.#listeners) listener();
  }

  view(nodeId: number, stateNamespace: string): ClusterView {
    const alone = aloneCluster({ nodeId }, stateNamespace);
    return {
      ...alone,
      nodeOf: () => ({ ...alone.self, nodeId: this.nodeId }),
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }
}

export interface Front {
  readonly protocol: KafkaProtocol;
  readonly pulsar: PulsarClient;
  /** A client of its own connection, which need not authenticate. */
  client(): KafkaClient;
}

export class GatewayBed {
  readonly tenant: Tenant;
  readonly stateNamespace: string;
  readonly placement = new Placement();
  readonly pulsar = new PulsarClient({ serviceUrl, adminUrl });
  readonly #fronts: Front[] = [];

  private constructor(
    private readonly pulsarTenant: string,
    private readonly rules: readonly AuthorizationRule[],
    private readonly options: object,
  ) {
    this.stateNamespace = `${pulsarTenant}/state`;
    this.tenant = {
      name: 'acme',
      pulsarNamespace: `${pulsarTenant}/n`,
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
    };
  }

  /** `rules`: beside the one that allows everything. `options`: settings of the Kafka front. */
  static async start({ rules = [] as AuthorizationRule[], options = {} } = {}): Promise<GatewayBed> {
    const bed = new GatewayBed(`t-bed-${randomBytes(4).toString('hex')}`, [everything, ...rules], options);
    const { admin } = bed.pulsar;
    await admin.createTenant(bed.pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(bed.tenant.pulsarNamespace);
    await admin.createNamespace(bed.stateNamespace);
    await admin.setCompactionThreshold(bed.stateNamespace, 1024 * 1024);
    return bed;
  }

  /** Another gateway: with its own connections to Pulsar. */
  front(nodeId: number): Front {
    const tenants = new TenantDirectory([this.tenant]);
    const metrics = new Metrics({ processMetrics: false });
    const pulsar = new PulsarClient({ serviceUrl, adminUrl });
    const protocol = new KafkaProtocol({
      pulsar,
      authenticator: new Authenticator({
        users: [],
        tenants,
        listeners: [{ name: 'kafka', anonymousTenant: 'acme' }],
        log: silentLog,
      }),
      authorizer: new Authorizer([{ tenant: 'acme', rules: this.rules }]),
      tenants,
      limits: new RateLimits(tenants),
      options: kafkaOptionsSchema.parse({ nodeId, ...this.options }),
      cluster: this.placement.view(nodeId, this.stateNamespace),
      log: silentLog,
      metrics,
    });
    const listener = { name: 'kafka', advertisedHost: 'kafka.example', advertisedPort: 9092 };
    const counters = metrics.protocol('kafka');
    const client = () => new KafkaClient(inMemoryLink(protocol, { listener, counters }).client);
    const front = { protocol, pulsar, client };
    this.#fronts.push(front);
    return front;
  }

  /** The gateway dies: its connections to Pulsar end, and it says nothing any more. */
  async crash(front: Front): Promise<void> {
    await front.pulsar.close();
  }

  async createTopic(name: string, partitions = 1): Promise<string> {
    const topic = `persistent://${this.tenant.pulsarNamespace}/${name}`;
    await this.pulsar.admin.createPartitionedTopic(topic, partitions);
    return topic;
  }

  async stop(): Promise<void> {
    for (const { protocol, pulsar } of this.#fronts) {
      await protocol.close();
      await pulsar.close();
    }
    const { admin } = this.pulsar;
    await admin.deleteTenant(this.pulsarTenant, { force: true }).catch(() => {});
    await this.pulsar.close();
  }
}
