import { encodeProtocolHeader } from '#libs/amqp091-codec';
import { SessionWatch } from '#libs/auth';
import { aloneCluster } from '#libs/cluster';
import {
  type BeginningProtocol,
  IdleWheel,
  type Link,
  type Protocol,
  type ProtocolConnection,
} from '#libs/transport';
import { Amqp091Connection } from './amqp091.connection.js';
import { Amqp091Counters } from './amqp091.counters.js';
import { registerAmqp091Metrics } from './amqp091.metrics.js';
import type { Amqp091Process } from './amqp091.services.js';
import type { ConnectionServices } from './connection/connection-services.js';
import { ChannelParts } from './channels/channel-parts.js';
import { ContentBudget } from './channels/content-budget.js';
import type { ConnectionInput } from './connection/connection-decoder.js';
import { VhostWatch } from './connection/vhost-watch.js';
import { ConsumingServices } from './consuming/consuming-services.js';
import { DeadLetters } from './dead-letters/dead-letters.js';
import { HeadAdmission } from './heads/head-admission.js';
import { HeadNotes } from './heads/head-notes.js';
import { QueueDrain } from './heads/queue-drain.js';
import { QueueHeads } from './heads/queue-heads.js';
import { consumeMethods } from './handlers/consume.handler.js';
import { exchangeMethods } from './handlers/exchange.handler.js';
import { publishMethods } from './handlers/publish.handler.js';
import { queueMethods } from './handlers/queue.handler.js';
import { ChannelPublishing } from './publishing/channel-publishing.js';
import { GivenMarks } from './given/given-marks.js';
import { KeeperRequests } from './keepers/keeper-requests.js';
import { KeptQueues } from './keepers/kept-queues.js';
import { ClusterQueueKeeper } from './keepers/cluster-queue-keeper.js';
import { QueueExpiry } from './keepers/queue-expiry.js';
import { expireUnused } from './keepers/unused-queues.js';
import { queueUse } from './queues/queue-use.js';
import { QueueAnswers } from './keepers/queue-answers.js';
import { TenantOpenings } from './keepers/tenant-openings.js';
import { type TopologyAt, topologyAt } from './keepers/topology-at.js';
import { PulsarQueues } from './queues/pulsar-queues.js';
import type { QueueStore } from './topology/queue-store.js';
import { type Amqp091Scope, scopeOf } from './topology/scope.js';
import { AgreedTopologies, pulsarTopologyState } from './topology/agreed-topologies.js';

/** What the services are made of, and how they end. */
interface Made {
  readonly services: ConnectionServices;
  close(): Promise<void>;
}

/** The AMQP 0-9-1 front: makes a connection for each client, and owns what the connections have in common. */
export class Amqp091Protocol implements Protocol<ConnectionInput>, BeginningProtocol {
  readonly name = 'amqp091';
  readonly beginnings = [encodeProtocolHeader()];
  readonly protocol = this;
  readonly services: ConnectionServices;
  readonly #made: Made;

  constructor(process: Amqp091Process) {
    this.#made = makeServices(process);
    this.services = this.#made.services;
  }

  accept(link: Link): ProtocolConnection<ConnectionInput> {
    return new Amqp091Connection(link, this.services);
  }

  /** After the listeners are closed: closes what the connections had in common. */
  async close(): Promise<void> {
    await this.#made.close();
  }
}

/** In the order of who needs whom; closed in the other order. */
function makeServices(process: Amqp091Process): Made {
  const { metrics, authenticator, pulsar, tenants, options, log, limits, stateServed = () => true } = process;
  const cluster = process.cluster ?? aloneCluster();
  const counters = new Amqp091Counters();
  registerAmqp091Metrics(metrics, counters);
  const idleWheel = new IdleWheel();
  const watch = new SessionWatch(authenticator);
  const vhosts = new VhostWatch(tenants);
  const draining = new QueueDrain(pulsar, counters);
  const queues = new PulsarQueues(pulsar.admin, (...of) => draining.drain(...of), limits);
  const requests = new KeeperRequests(cluster);
  const topologyOf: TopologyAt = topologyAt(tenants, { open: (...asked) => topologies.open(...asked) });
  const isServed = ({ tenant, vhost }: Amqp091Scope) =>
    tenants.byName(tenant.name) === tenant && scopeOf(tenant, vhost) !== undefined;
  const expire = expireUnused(topologyOf, queues);
  const keeper = new ClusterQueueKeeper({
    ...{ requests, expire, log, metrics },
    onUsed: (key) => {
      for (const work of kept.startedFor(key)) work.used?.();
    },
  });
  const useOf = queueUse(queues, keeper);
  const publishing = new ChannelPublishing({ pulsar, queues, options, log, metrics, cluster });
  const deadLetters = new DeadLetters({ pulsar, publishing, counters, log });
  const given = new GivenMarks({ admin: pulsar.admin, cluster, log });
  const consuming = new ConsumingServices({
    ...{ pulsar, options, authorizer: process.authorizer, keeper, deadLetters, given, counters, log },
  });
  const unfollow = tenants.onChange(({ changed, removed }) => {
    for (const tenant of removed) topologies.endTenant(tenant);
    for (const tenant of removed) publishing.publisher.queues.endTenant(tenant);
    for (const { name } of changed) consuming.live.changed(name);
    kept.refresh();
  });
  const store: QueueStore = {
    exists: (scope, name) => queues.exists(scope, name),
    refusal: (scope, name) => queues.refusal(scope, name),
    use: (scope, queue) => useOf(topologies.find(scope)!, queue),
    remove: async (scope, queue) => {
      const topology = topologies.find(scope);
      if (topology !== undefined) await keeper.end(topology, queue);
      // A consumer that is attached would make the subscription again.
      await consuming.left();
      return queues.remove(scope, queue);
    },
  };
  const openState = pulsarTopologyState({ pulsar, cluster, stateServed, log });
  const topologies = new AgreedTopologies({ cluster, openState, store, log, limits, metrics });
  const openings = new TenantOpenings({ requests, tenants, topologies, log });
  // What is done for queues by the gateway that keeps them.
  const heads = new QueueHeads({
    ...{ pulsar, admin: pulsar.admin, queues, deadLetters },
    ...{ counters, log, metrics },
  });
  const expiry = new QueueExpiry({ consumersOf: (key) => keeper.keptConsumers(key), expire, log });
  const kept = new KeptQueues(cluster, topologies, [heads, expiry], isServed);
  const answers = new QueueAnswers(requests, kept, topologyOf);
  const notes = new HeadNotes(heads, answers, requests, topologyOf);
  publishing.publisher.queues.watch = notes;
  publishing.publisher.admission = new HeadAdmission(answers, deadLetters);
  const services: ConnectionServices = {
    ...{ ...process, cluster, counters, idleWheel, watch, vhosts },
    ...{ topologies, queues, publishing, consuming, answers, keeper, useOf },
    // A method that is not here is refused, and nobody is told that it works.
    parts: new ChannelParts([exchangeMethods, queueMethods, publishMethods, consumeMethods]),
    contents: new ContentBudget(options.assemblyBytesMaxPerProcess),
  };
  const close = async () => {
    idleWheel.close();
    watch.close();
    vhosts.close();
    unfollow();
    openings.close();
    kept.close();
    // What dies at the end is stored before it is acknowledged; where that takes too long, it comes again.
    notes.close();
    await Promise.race([Promise.all([consuming.left(), heads.ended()]), pause(burialMsMax)]);
    keeper.close();
    await publishing.close();
    await consuming.close();
    given.close();
    await topologies.close();
  };
  return { services, close };
}

/** At the end, dead messages have so long to be stored where they go. */
const burialMsMax = 2_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
