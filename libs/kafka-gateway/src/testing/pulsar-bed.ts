import { randomBytes } from 'node:crypto';
import { Authenticator, Authorizer } from '#libs/auth';
import { type NamespacePolicies, PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { inMemoryLink } from '#libs/transport';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { KafkaProtocol } from '../kafka.protocol.js';
import { KafkaClient } from './kafka-client.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';
const listener = { name: 'kafka', advertisedHost: 'kafka.example', advertisedPort: 9999 };

type Rules = ConstructorParameters<typeof Authorizer>[0][number]['rules'];

/** A rule for everybody about resources whose names start so. */
export const rule = (effect: 'allow' | 'deny', type: 'topic' | 'cluster', name: string, action = '*') =>
  ({
    effect,
    principals: ['*'],
    actions: [action],
    resource: { type, match: 'prefix', name },
  }) as Rules[number];

/** Gateways on in-memory links before a real Pulsar, with a namespace of their own; node id 5, one tenant, no users. */
export class PulsarBed {
  readonly pulsar = new PulsarClient({ serviceUrl, adminUrl });
  readonly tenant: Tenant;
  readonly #pulsarTenant: string;
  readonly #protocols: KafkaProtocol[] = [];

  constructor(prefix: string) {
    this.#pulsarTenant = `${prefix}-${randomBytes(4).toString('hex')}`;
    this.tenant = {
      name: 'acme',
      pulsarNamespace: `${this.#pulsarTenant}/n`,
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 2, messageBytesMax: 1_000_000 },
    };
  }

  async open(policies?: NamespacePolicies): Promise<void> {
    const { admin } = this.pulsar;
    const allowedClusters = await admin.clusters();
    await admin.createTenant(this.#pulsarTenant, { adminRoles: [], allowedClusters });
    await admin.createNamespace(this.tenant.pulsarNamespace, policies);
  }

  async close(): Promise<void> {
    const { admin } = this.pulsar;
    await Promise.all(this.#protocols.map((each) => each.close()));
    await admin.deleteNamespace(this.tenant.pulsarNamespace, { force: true }).catch(() => {});
    await admin.deleteTenant(this.#pulsarTenant).catch(() => {});
    await this.pulsar.close();
  }

  pulsarTopic(name: string): string {
    return `persistent://${this.tenant.pulsarNamespace}/${name}`;
  }

  newGateway(rules: Rules, options: object = {}): KafkaProtocol {
    const tenants = new TenantDirectory([this.tenant]);
    const listeners = [{ name: 'kafka', anonymousTenant: 'acme' }];
    const protocol = new KafkaProtocol({
      pulsar: this.pulsar,
      authenticator: new Authenticator({ users: [], tenants, listeners, log: silentLog }),
      authorizer: new Authorizer([{ tenant: 'acme', rules }]),
      limits: new RateLimits(tenants),
      options: kafkaOptionsSchema.parse({ nodeId: 5, ...options }),
      log: silentLog,
      metrics: new Metrics({ processMetrics: false }),
    });
    this.#protocols.push(protocol);
    return protocol;
  }

  clientOf(protocol: KafkaProtocol): KafkaClient {
    const counters = protocol.services.metrics.protocol('kafka');
    return new KafkaClient(inMemoryLink(protocol, { listener, counters }).client);
  }
}
