import { Authenticator, type AuthenticatorOptions, SessionWatch } from '#libs/auth';
import { aloneCluster } from '#libs/cluster';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { IdleWheel, type InMemoryLink, type InMemoryOptions, inMemoryLink } from '#libs/transport';
import { AmqpConnection } from '../amqp.connection.js';
import { AmqpCounters } from '../amqp.counters.js';
import { type AmqpOptions, amqpOptionsSchema } from '../amqp.options.js';
import type { AmqpServices } from '../amqp.services.js';
import { LinkNames } from '../links/link-names.js';
import { SuspendedLinks } from '../links/suspended-links.js';
import { noNodes } from './no-nodes.js';
import { noTransactions } from '../transactions/no-transactions.js';
import { AmqpClient } from './amqp-client.js';

export interface AmqpBedSettings {
  readonly options?: Partial<AmqpOptions>;
  /** Whether who has no credentials is of tenant `acme`; default true. */
  readonly anonymous?: boolean;
  readonly authenticator?: Partial<AuthenticatorOptions>;
  /** Instead of the bed's own: nodes, for example. */
  readonly services?: Partial<AmqpServices>;
}

export interface AmqpBed {
  readonly services: AmqpServices;
  readonly authenticator: Authenticator;
  /** A new connection, nothing sent. */
  connect(link?: InMemoryOptions): AmqpClient & { readonly memory: InMemoryLink };
  close(): void;
}

const kafka = { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 };

export const testTenants: readonly Tenant[] = [
  { name: 'acme', pulsarNamespace: 'acme/n', limits: {}, kafka, serverNames: ['acme.example'] },
  { name: 'globex', pulsarNamespace: 'globex/n', limits: {}, kafka, serverNames: ['globex.example'] },
];

/** The AMQP front without Pulsar: the user `alice` of tenant `acme` with the password `secret`. */
export async function amqpBed(settings: AmqpBedSettings = {}): Promise<AmqpBed> {
  const { anonymous = true, options: changed } = settings;
  const options = { ...amqpOptionsSchema.parse({}), ...changed };
  const tenants = new TenantDirectory(testTenants);
  const listener = { name: 'amqp', tenant: 'acme', anonymousTenant: anonymous ? 'acme' : undefined };
  const authenticator = new Authenticator({
    ...{ users: [{ tenant: 'acme', name: 'alice', password: 'secret' }], tenants, listeners: [listener] },
    ...{ log: silentLog, failureFloorMs: 0 },
    ...settings.authenticator,
  });
  const services = {
    ...{ authenticator, limits: new RateLimits(tenants), tenants, options, log: silentLog },
    ...{ metrics: new Metrics({ processMetrics: false }), counters: new AmqpCounters() },
    ...{ cluster: aloneCluster(), nodes: noNodes, transactions: noTransactions, version: 'test' },
    ...{ idleWheel: new IdleWheel(), durableLinks: new LinkNames(), watch: new SessionWatch(authenticator) },
    ...{ resumableLinks: new LinkNames(), suspendedLinks: new SuspendedLinks(options.suspendedLinkMsMax) },
    ...settings.services,
  } as AmqpServices;
  const protocol = { name: 'amqp', accept: (link: never) => new AmqpConnection(link, services) };
  return {
    ...{ services, authenticator },
    connect: (link = {}) => {
      const memory = inMemoryLink(protocol, link);
      return Object.assign(new AmqpClient(memory.client), { memory });
    },
    close: () => {
      services.idleWheel.close();
      services.watch.close();
    },
  };
}
