import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import { type Authorizer, denyingRule, PermissionWatch, type Resource } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import { isPulsarError, type PulsarAdmin } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import { type TenantDirectory, tenantAmqpDefaults } from '#libs/tenancy';
import {
  type AmqpAddress,
  formatAddress,
  parseAddress,
  queueSubscription,
  subscriptionOf,
} from '../address.js';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpOptions } from '../amqp.options.js';
import { AmqpAuthorization } from '../authorization/amqp-authorization.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type {
  MessageSink,
  MessageSource,
  MessageTarget,
  Nodes,
  SourceRequest,
  TargetRequest,
  Transactions,
} from '../node.js';
import { type SourceFilters, sourceFilters } from '../selectors/source-filters.js';
import { addressedTopic } from './addressed-topic.js';
import type { AmqpTopic } from './amqp-topic.js';
import { AmqpTopicRegistry } from './amqp-topic-registry.js';
import { AnonymousTarget } from './anonymous-target.js';
import { AttachedSource, AttachedTarget } from './attached-link.js';
import { DurableSubscriptions } from './durable-subscriptions.js';
import { askedSubscription, namedSubscription } from './link-subscription.js';
import { LookupTurns } from './lookup-turns.js';
import { checkLifetime, negotiatedSource, negotiatedTarget } from './negotiated-terminus.js';
import type { SourceOpener, SourcePlan, TargetOpener, TargetPlan } from './node-plan.js';
import { sourceReading } from './source-reading.js';
import { TargetTopics } from './target-topics.js';
import { TemporaryNodes } from './temporary-nodes.js';
import { VolatileSubscriptions } from './volatile-subscriptions.js';

export interface NodeDirectoryServices {
  readonly authorizer: Authorizer;
  readonly admin: PulsarAdmin;
  readonly cluster: Pick<ClusterView, 'self' | 'members' | 'nodeOf' | 'version'>;
  readonly tenants: TenantDirectory;
  readonly options: Pick<AmqpOptions, 'temporarySweepMs' | 'subscriptionsMaxPerTopic'>;
  readonly targets: TargetOpener;
  readonly sources: SourceOpener;
  readonly transactions: Pick<Transactions, 'openCoordinator'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'tenant'>;
  /** Default: none. */
  readonly limits?: RateLimits;
}

interface OpenedTarget {
  readonly target: MessageTarget;
  isAllowed(): boolean;
  /** Before the target is closed. */
  onClose(): void;
}

/**
 * From an attach to what its link sends to or receives from: the address is read, the permission asked for, then the Pulsar
 * topic is found or made, then target or source opened. Links whose permission is taken away are ended.
 */
export class NodeDirectory implements Nodes {
  private readonly authorization: AmqpAuthorization;
  private readonly topics: AmqpTopicRegistry;
  private readonly targetTopics: TargetTopics;
  private readonly live: PermissionWatch;
  private readonly temporaries: TemporaryNodes;
  private readonly volatiles: VolatileSubscriptions;
  private readonly durables: DurableSubscriptions;
  private readonly turns = new LookupTurns();

  constructor(private readonly services: NodeDirectoryServices) {
    const { authorizer, admin, cluster, tenants, options, log } = services;
    this.authorization = new AmqpAuthorization(authorizer);
    this.topics = new AmqpTopicRegistry(admin, undefined, services.limits);
    this.targetTopics = new TargetTopics(this.topics, log);
    this.live = new PermissionWatch(this.authorization);
    this.durables = new DurableSubscriptions(admin, options.subscriptionsMaxPerTopic);
    this.temporaries = new TemporaryNodes({
      ...{ topics: this.topics, admin, cluster, tenants, log },
      sweepMs: options.temporarySweepMs,
    });
    this.volatiles = new VolatileSubscriptions({
      ...{ admin, cluster, tenants, log },
      sweepMs: options.temporarySweepMs,
    });
  }

  async openTarget(request: TargetRequest): Promise<MessageTarget> {
    const { identity, target } = request;
    if (target?.type === 'coordinator') return this.services.transactions.openCoordinator(request);
    if (target !== undefined) checkLifetime(target);
    if (target?.dynamic) return this.openDynamicTarget(request, target);
    if (target?.address === undefined) return this.openAnonymous(request, target ?? nullTarget);
    const { tenant } = identity.principal;
    const address = parseAddress(target.address, target.capabilities ?? [], tenant.pulsarNamespace);
    const terminus = negotiatedTarget(target, { address: target.address, dynamic: false });
    const opened = await this.openAddressed(request, address, terminus);
    return this.attachTarget(request, opened);
  }

  async openSource(request: SourceRequest, sink: MessageSink): Promise<MessageSource> {
    const { identity, source } = request;
    const asked = askedSubscription(request.properties);
    if (asked !== undefined && (source === undefined || source.dynamic)) {
      throw invalid('a subscription is named beside the address of its topic');
    }
    if (source === undefined) return this.findDurable(request);
    checkLifetime(source);
    if (source.dynamic) return this.openDynamicSource(request, source, sink);
    const { tenant } = identity.principal;
    if (source.address === undefined) throw invalid('a source that is not dynamic has an address');
    const parsed = parseAddress(source.address, source.capabilities ?? [], tenant.pulsarNamespace);
    const address = asked === undefined ? parsed : subscriptionOf(parsed, asked);
    const reading = sourceReading(address, { ...request, source });
    const subscription = reading.kind === 'subscription' ? reading.subscription : undefined;
    const isAllowed = () =>
      this.authorization.mayReceive(identity, address) &&
      (subscription === undefined ||
        subscription.name === queueSubscription ||
        this.authorization.maySubscribe(identity, subscription.name));
    if (!isAllowed()) throw this.denied(identity, 'consume', address);
    if (address.kind === 'temporary' && !this.temporaries.owns(identity, address.name))
      throw this.denied(identity, 'consume', address);
    const onTopic = address.kind === 'topic' || (address.kind === 'temporary' && address.of === 'topic');
    const filters = sourceFilters(source.filter, onTopic);
    const topic = await this.turns.run(identity, () => addressedTopic(this.topics, identity, address));
    const used = reading.kind === 'browser' ? reading.subscription : subscription?.name;
    if (used && used !== queueSubscription) {
      const isThere = await this.durables.requireOwnKind(topic, used, subscription?.endsWhen);
      if (!isThere && subscription !== undefined) await this.durables.requireRoom(topic);
    }
    const life = subscription === undefined ? 'link' : lives[subscription.endsWhen];
    const terminus = negotiatedSource(source, {
      ...{ address: source.address, dynamic: false, life, filters },
      copies: subscription === undefined,
    });
    const plan = this.planOf(request, { topic, reading, terminus }, filters);
    if (subscription?.endsWhen === 'closed')
      this.durables.remember(tenant, subscription.name, topic.pulsarTopic);
    return this.attachSource(plan, sink, isAllowed);
  }

  closeConnection(identity: AmqpIdentity): void {
    this.temporaries.closeConnection(identity);
  }

  /** After the connections are closed. Waits until temporary nodes are deleted. */
  async close(): Promise<void> {
    this.live.close();
    this.targetTopics.close();
    this.volatiles.close();
    await this.temporaries.close();
  }

  /** Rejects with AmqpError, before anything was looked up where it is not allowed. */
  private async openAddressed(
    { identity, containerId, linkName, transactions }: TargetRequest,
    address: AmqpAddress,
    terminus: AmqpComposite<'target'>,
  ): Promise<OpenedTarget> {
    const isAllowed = () => this.authorization.maySend(identity, address);
    if (!isAllowed()) throw this.denied(identity, 'produce', address);
    if (address.kind === 'subscription') throw invalid('messages are sent to topics and queues');
    const found = await this.turns.run(identity, () => addressedTopic(this.topics, identity, address));
    const isQueue = address.kind === 'queue' || (address.kind === 'temporary' && address.of === 'queue');
    const topic = this.targetTopics.take(found);
    const onClose = () => this.targetTopics.release(topic);
    const plan: TargetPlan = {
      ...{ identity, containerId, linkName, transactions, topic, terminus },
      entries: isQueue ? 'single' : 'batched',
    };
    try {
      const target = await this.services.targets.openTarget(plan);
      if (isAllowed()) return { target, isAllowed, onClose };
      // Taken away meanwhile: nobody watched it yet.
      target.close();
      throw this.denied(identity, 'produce', address);
    } catch (error) {
      onClose();
      throw error;
    }
  }

  private attachTarget(
    { identity, onEnded }: TargetRequest,
    { target, isAllowed, onClose }: OpenedTarget,
  ): MessageTarget {
    const attached = new AttachedTarget(target, () => {
      leave();
      onClose();
    });
    const leave = this.live.add({
      tenant: identity.principal.tenant.name,
      isAllowed,
      revoked: () => {
        const error = notAllowed();
        leave();
        attached.end(error);
        onEnded?.(error);
      },
    });
    return attached;
  }

  private async attachSource(
    plan: SourcePlan,
    sink: MessageSink,
    isAllowed: () => boolean,
    onClose: (closed: boolean) => void = () => {},
  ): Promise<MessageSource> {
    const source = await this.turns
      .run(plan.identity, () => this.services.sources.openSource(plan, sink))
      .catch((error: unknown) => {
        // Deleted since it was looked up: who comes next makes it anew.
        if (isPulsarError(error, 'TopicNotFound')) this.topics.invalidate(plan.topic.tenant, plan.topic.name);
        throw error;
      });
    if (!isAllowed()) {
      // Taken away meanwhile: nobody watched it yet.
      await source.close(false);
      throw this.denied(plan.identity, 'consume', plan.topic);
    }
    const leave = this.live.add({
      tenant: plan.topic.tenant.name,
      isAllowed,
      revoked: () => {
        leave();
        source.setCredit(0);
        sink.onEnded(notAllowed());
      },
    });
    return new AttachedSource(source, (closed) => {
      leave();
      onClose(closed);
    });
  }

  private openAnonymous(request: TargetRequest, target: AmqpComposite<'target'>): MessageTarget {
    const { identity, transactions } = request;
    const { tenant } = identity.principal;
    const terminus = negotiatedTarget(target, { address: undefined, dynamic: false });
    const anonymous = new AnonymousTarget({
      ...{ terminus, transactions },
      messageBytesMax: (tenant.amqp ?? tenantAmqpDefaults).messageBytesMax,
      open: async (text, capabilities) => {
        const address = parseAddress(text, capabilities, tenant.pulsarNamespace);
        const { target: opened, isAllowed, onClose } = await this.openAddressed(request, address, terminus);
        return { target: new AttachedTarget(opened, onClose), isAllowed };
      },
    });
    // Permissions are those of each address: the link itself stays.
    const isAllowed = () => {
      anonymous.recheck();
      return true;
    };
    return this.attachTarget(request, { target: anonymous, isAllowed, onClose() {} });
  }

  private async openDynamicTarget(
    request: TargetRequest,
    target: AmqpComposite<'target'>,
  ): Promise<MessageTarget> {
    const { identity } = request;
    const { address, topic, remove } = await this.createTemporary(identity, 'produce', target.capabilities);
    const terminus = negotiatedTarget(target, { address: topic.name, dynamic: true });
    const opened = await this.openAddressed(request, address, terminus);
    const onClose = () => {
      opened.onClose();
      remove();
    };
    return this.attachTarget(request, { ...opened, onClose });
  }

  private async openDynamicSource(
    request: SourceRequest,
    source: AmqpComposite<'source'>,
    sink: MessageSink,
  ): Promise<MessageSource> {
    const { identity } = request;
    const filters = sourceFilters(source.filter, source.capabilities?.includes('temporary-topic') ?? false);
    const { address, topic, remove } = await this.createTemporary(identity, 'consume', source.capabilities);
    const reading = sourceReading(address, { ...request, source });
    const terminus = negotiatedSource(source, {
      ...{ address: topic.name, dynamic: true, life: 'node', filters },
      copies: reading.kind !== 'subscription',
    });
    const plan = this.planOf(request, { topic, reading, terminus }, filters);
    const isAllowed = () => this.authorization.mayReceive(identity, address);
    return this.attachSource(plan, sink, isAllowed, (closed) => {
      // A link that is only detached may come again; its node lives as long as the connection.
      if (closed) remove();
    });
  }

  /** A queue, unless a topic is asked for. */
  private async createTemporary(
    identity: AmqpIdentity,
    action: 'produce' | 'consume',
    capabilities: readonly string[] = [],
  ): Promise<{ address: AmqpAddress; topic: AmqpTopic; remove: () => void }> {
    const of = capabilities.includes('temporary-topic') ? 'topic' : 'queue';
    const { temporaries, authorization } = this;
    const name = temporaries.nextName(of);
    const address: AmqpAddress = { kind: 'temporary', name, of };
    const isAllowed =
      action === 'produce'
        ? authorization.maySend(identity, address)
        : authorization.mayReceive(identity, address);
    if (!isAllowed) throw this.denied(identity, action, address);
    // Not in its turn: the connection may be gone by then, and there are few.
    const topic = await temporaries.create(identity, name, of);
    return { address, topic, remove: () => temporaries.remove(identity, name) };
  }

  private planOf(
    { identity, containerId, linkName, transactions }: SourceRequest,
    { topic, reading, terminus }: Pick<SourcePlan, 'topic' | 'reading' | 'terminus'>,
    { selector, noLocal }: SourceFilters,
  ): SourcePlan {
    const { deliveriesMax } = topic.tenant.amqp ?? tenantAmqpDefaults;
    const isQueue = reading.kind === 'subscription' && reading.subscription.name === queueSubscription;
    return {
      ...{ identity, containerId, linkName, transactions, topic, reading, terminus, noLocal },
      filter: selector,
      deliveriesMax: isQueue ? deliveriesMax : 0,
    };
  }

  /** An attach that names no source looks for the subscription of its name (Qpid JMS, `unsubscribe`). */
  private async findDurable({ identity, containerId, linkName }: SourceRequest): Promise<MessageSource> {
    const { tenant } = identity.principal;
    const subscription = namedSubscription(containerId, linkName);
    const prefix = `persistent://${tenant.pulsarNamespace}/`;
    const mayReceive = (name: string) =>
      this.authorization.mayReceive(identity, { kind: 'subscription', name, subscription });
    const pulsarTopic = await this.durables.topicOf(tenant, subscription, (topic) =>
      mayReceive(topic.slice(prefix.length)),
    );
    // Not told apart: whether it is there is not the business of who may not have it.
    if (pulsarTopic === undefined) {
      throw new AmqpError(AmqpErrorCondition.NOT_FOUND, 'there is no such subscription');
    }
    const name = pulsarTopic.slice(prefix.length);
    const topic = await this.topics.resolve(tenant, name);
    if (topic !== undefined) await this.durables.requireOwnKind(topic, subscription);
    const terminus: AmqpComposite<'source'> = {
      ...{ type: 'source', address: formatAddress({ kind: 'topic', name }, tenant.pulsarNamespace) },
      ...{ durable: 2, expiryPolicy: 'never', timeout: 0, dynamic: false },
    };
    return this.durables.open(tenant, subscription, pulsarTopic, terminus);
  }

  private denied(
    { principal, containerId, log }: AmqpIdentity,
    action: 'produce' | 'consume',
    { name }: { readonly name: string },
  ): AmqpError {
    this.services.metrics.tenant('amqp', principal.tenant.name).authorizationDenials++;
    const resource = { type: 'topic', name } as const;
    log?.denied({ action, resource, clientId: containerId }, () => {
      const names: Resource[] = [resource, { type: 'queue', name }];
      return denyingRule(this.services.authorizer, principal, action, names, containerId);
    });
    return notAllowed();
  }
}

/** AMQP's null target: as one that says nothing. */
const nullTarget: AmqpComposite<'target'> = {
  ...{ type: 'target', durable: 0, expiryPolicy: 'session-end', timeout: 0, dynamic: false },
};

/** How long a source on a subscription lives. */
const lives = { never: 'node', closed: 'named', left: 'link' } as const;

function invalid(message: string): AmqpError {
  return new AmqpError(AmqpErrorCondition.INVALID_FIELD, message);
}

/** Says nothing of why, nor whether there is such a thing. */
function notAllowed(): AmqpError {
  return new AmqpError(AmqpErrorCondition.UNAUTHORIZED_ACCESS, 'not allowed');
}
