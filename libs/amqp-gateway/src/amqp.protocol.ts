import { encodeProtocolHeader } from '#libs/amqp-codec';
import { SessionWatch } from '#libs/auth';
import { aloneCluster } from '#libs/cluster';
import {
  type BeginningProtocol,
  IdleWheel,
  type Link,
  type Protocol,
  type ProtocolConnection,
  type WebSocketProfile,
} from '#libs/transport';
import { AmqpConnection } from './amqp.connection.js';
import { AmqpCounters } from './amqp.counters.js';
import { registerAmqpMetrics } from './amqp.metrics.js';
import type { AmqpProcess, AmqpServices } from './amqp.services.js';
import type { ConnectionInput } from './connection/connection-decoder.js';
import { LinkNames } from './links/link-names.js';
import { SuspendedLinks } from './links/suspended-links.js';
import { NodeDirectory } from './nodes/node-directory.js';
import { AmqpPublishers } from './publishing/amqp-publishers.js';
import { MessageSources } from './sources/message-sources.js';
import { AmqpTransactions } from './transactions/amqp-transactions.js';

/** What the services are made of, and how they end. */
interface Made {
  readonly services: AmqpServices;
  close(): Promise<void>;
}

/** Beside a frame of the largest size: Qpid JMS gathers all frames of a message, up to 5 MB, and of others, in one. */
const webSocketMarginBytes = 8 * 1024 * 1024;
/** Qpid JMS takes no message that is larger than the frames that it takes, which are at least so large as a rule. */
const webSocketSentBytesMax = 65_536;
/** Two headers, SASL and `open`, and what each read costs. */
const unauthenticatedBytesMax = 65_536;

/** The AMQP 1.0 front: makes a connection for each client, and owns what the connections have in common. */
export class AmqpProtocol implements Protocol<ConnectionInput>, BeginningProtocol {
  readonly name = 'amqp';
  readonly beginnings = [encodeProtocolHeader('amqp'), encodeProtocolHeader('sasl')];
  readonly protocol = this;
  /** What a client is told that begins with other bytes (AMQP 2.2). */
  readonly refusal = encodeProtocolHeader('sasl');
  readonly websocket: WebSocketProfile;
  readonly services: AmqpServices;
  readonly #made: Made;

  constructor(process: AmqpProcess) {
    this.#made = makeServices(process);
    this.services = this.#made.services;
    this.websocket = {
      // AMQP WebSocket Binding 1.0, section 2.1.
      subprotocols: ['amqp'],
      messageBytesMax: process.options.frameBytesMax + webSocketMarginBytes,
      unauthenticatedBytesMax,
      sentMessageBytesMax: webSocketSentBytesMax,
    };
  }

  accept(link: Link): ProtocolConnection<ConnectionInput> {
    return new AmqpConnection(link, this.services);
  }

  /** After the listeners are closed: closes all Pulsar producers, consumers and readers. */
  async close(): Promise<void> {
    await this.#made.close();
  }
}

/** In the order of who needs whom; closed in the other order. */
function makeServices(process: AmqpProcess): Made {
  const { metrics, authenticator } = process;
  const cluster = process.cluster ?? aloneCluster();
  const counters = new AmqpCounters();
  registerAmqpMetrics(metrics, counters);
  const idleWheel = new IdleWheel();
  const watch = new SessionWatch(authenticator);
  const transactions = new AmqpTransactions(process.pulsar, process.options, process.log);
  transactions.register(metrics);
  const { pulsar, options, log, tenants, authorizer } = process;
  const publishers = new AmqpPublishers(pulsar, options, log);
  publishers.register(metrics);
  const sources = new MessageSources({ pulsar, options, counters, log });
  const nodes = new NodeDirectory({
    ...{ authorizer, cluster, tenants, options, log, metrics, sources, transactions },
    ...{ admin: pulsar.admin, targets: publishers, limits: process.limits },
  });
  const suspendedLinks = new SuspendedLinks(options.suspendedLinkMsMax);
  const unfollow = tenants.onChange(({ removed }) => {
    for (const tenant of removed) {
      suspendedLinks.endTenant(tenant);
      publishers.endTenant(tenant);
      sources.endTenant(tenant);
    }
  });
  const services: AmqpServices = {
    ...{ ...process, cluster, counters, idleWheel, watch, durableLinks: new LinkNames() },
    ...{ resumableLinks: new LinkNames(), suspendedLinks },
    ...{ nodes, transactions },
  };
  const close = async () => {
    unfollow();
    idleWheel.close();
    watch.close();
    await suspendedLinks.close();
    await nodes.close();
    await sources.close();
    await transactions.close();
    await publishers.close();
  };
  return { services, close };
}
