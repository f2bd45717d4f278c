import {
  type AmqpComposite,
  type AmqpFields,
  encodeDataHead,
  encodeMessageAnnotations,
  encodeProperties,
} from '#libs/amqp-codec';
import { type AuthorizationRule, Authorizer, type Principal } from '#libs/auth';
import { aloneCluster, type ClusterView, type Member } from '#libs/cluster';
import { type PulsarAdmin, PulsarAdminError } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, type TenantAmqpOptions, TenantDirectory, tenantAmqpDefaults } from '#libs/tenancy';
import type { AmqpError } from '../amqp.errors.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { MessageSink, MessageSource, MessageTarget, PublishDone } from '../node.js';
import { NodeDirectory } from '../nodes/node-directory.js';
import type { SourcePlan, TargetPlan } from '../nodes/node-plan.js';
import { noTransactions } from '../transactions/no-transactions.js';

const namespace = 'acme/n';
const prefix = `persistent://${namespace}/`;

interface StoredTopic {
  readonly partitions: number;
  readonly properties: Record<string, string>;
  readonly subscriptions: Map<string, Record<string, string>>;
}

/** The topics of one namespace, as Pulsar's REST tells of them. */
export class FakeNodeAdmin {
  readonly stored = new Map<string, StoredTopic>();
  readonly calls: string[] = [];
  /** Answers wait for it. */
  gate: Promise<unknown> = Promise.resolve();
  /** Every call fails with this status. */
  broken: number | undefined;

  add(name: string, partitions = 1, properties: Record<string, string> = {}): StoredTopic {
    const topic = { partitions, properties, subscriptions: new Map() };
    this.stored.set(prefix + name, topic);
    return topic;
  }

  get names(): string[] {
    return [...this.stored.keys()].map((topic) => topic.slice(prefix.length));
  }

  async createPartitionedTopic(topic: string, partitions: number): Promise<void> {
    await this.called('create', topic);
    this.addNew(topic, partitions, {});
  }

  async createTopic(topic: string, properties: Record<string, string>): Promise<void> {
    await this.called('create', topic);
    this.addNew(topic, 0, properties);
  }

  async createSubscription(
    topic: string,
    name: string,
    _at: unknown,
    properties: Record<string, string>,
  ): Promise<void> {
    await this.called('subscribe', topic);
    const { subscriptions } = this.find(topic);
    if (subscriptions.has(name)) throw new PulsarAdminError(409, 'exists', topic);
    subscriptions.set(name, properties);
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.called('delete', topic);
    this.find(topic);
    this.stored.delete(topic);
  }

  async deleteSubscription(topic: string, name: string): Promise<void> {
    await this.called('unsubscribe', topic);
    this.find(topic).subscriptions.delete(name);
  }

  async partitionedMetadata(
    topic: string,
  ): Promise<{ partitions: number; properties: Record<string, string> }> {
    await this.called('metadata', topic);
    return this.find(topic);
  }

  async properties(topic: string): Promise<Record<string, string>> {
    await this.called('properties', topic);
    return this.find(topic).properties;
  }

  async subscriptions(topic: string): Promise<string[]> {
    await this.called('subscriptions', topic);
    return [...this.find(topic).subscriptions.keys()];
  }

  async subscriptionProperties(topic: string, name: string): Promise<Record<string, string>> {
    await this.called('subscription', topic);
    const properties = this.find(topic.replace(/-partition-\d+$/, '')).subscriptions.get(name);
    if (properties === undefined) throw new PulsarAdminError(404, 'no subscription', topic);
    return properties;
  }

  async partitionedTopics(): Promise<string[]> {
    await this.called('list', prefix);
    return [...this.stored].filter(([, { partitions }]) => partitions > 0).map(([topic]) => topic);
  }

  async topics(): Promise<string[]> {
    await this.called('list', prefix);
    return [...this.stored].map(([topic, { partitions }]) =>
      partitions > 0 ? `${topic}-partition-0` : topic,
    );
  }

  private addNew(topic: string, partitions: number, properties: Record<string, string>): void {
    if (this.stored.has(topic)) throw new PulsarAdminError(409, 'exists', topic);
    this.add(topic.slice(prefix.length), partitions, properties);
  }

  private find(topic: string): StoredTopic {
    const found = this.stored.get(topic);
    if (found === undefined) throw new PulsarAdminError(404, 'no such topic', topic);
    return found;
  }

  private async called(call: string, topic: string): Promise<void> {
    this.calls.push(`${call} ${topic.slice(prefix.length)}`.trim());
    await this.gate;
    if (this.broken !== undefined) throw new PulsarAdminError(this.broken, 'broken', topic);
  }
}

/** A target that was opened, and what was sent there. */
export interface OpenedTarget {
  readonly plan: TargetPlan;
  readonly published: string[];
  closed: boolean;
}

export interface OpenedSource {
  readonly plan: SourcePlan;
  readonly sink: MessageSink;
  credit: number;
  closed: boolean | undefined;
}

export type RuleOf = Partial<AuthorizationRule> & {
  readonly type: AuthorizationRule['resource']['type'];
  readonly name: string;
};

/** A directory of nodes without Pulsar: targets and sources remember what they were opened for. */
export class NodesBed {
  readonly admin = new FakeNodeAdmin();
  readonly metrics = new Metrics({ processMetrics: false });
  readonly tenant: Tenant;
  readonly authorizer: Authorizer;
  readonly directory: NodeDirectory;
  readonly targets: OpenedTarget[] = [];
  readonly sources: OpenedSource[] = [];
  /** Thrown instead of opening a source. */
  sourceFault: Error | undefined;
  members: Member[];
  version = 0;
  private readonly cluster: ClusterView = aloneCluster({ instance: 'Gate-1' });
  private connections = 0;

  constructor(rules: readonly RuleOf[], amqp: Partial<TenantAmqpOptions> = {}) {
    this.tenant = {
      ...{ name: 'acme', pulsarNamespace: namespace, limits: {} },
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000 },
      amqp: { ...tenantAmqpDefaults, ...amqp },
    };
    this.authorizer = new Authorizer([]);
    this.allow(rules);
    this.members = [this.cluster.self];
    const bed = this;
    this.directory = new NodeDirectory({
      ...{ authorizer: this.authorizer, admin: this.admin as unknown as PulsarAdmin, log: silentLog },
      ...{
        tenants: new TenantDirectory([this.tenant]),
        options: { temporarySweepMs: 3_600_000, subscriptionsMaxPerTopic: 1_000 },
      },
      cluster: {
        ...{ self: this.cluster.self, nodeOf: () => this.cluster.self, members: () => this.members },
        get version() {
          return bed.version;
        },
      },
      targets: { openTarget: async (plan) => this.openTarget(plan) },
      sources: {
        openSource: async (plan, sink) => {
          if (this.sourceFault !== undefined) throw this.sourceFault;
          return this.openSource(plan, sink);
        },
      },
      ...{ transactions: noTransactions, metrics: this.metrics },
    });
  }

  /** Replaces the rules. */
  allow(rules: readonly RuleOf[]): void {
    const full = rules.map(({ type, name, ...rest }): AuthorizationRule => {
      return { principals: ['*'], actions: ['*'], ...rest, resource: { type, match: 'prefix', name } };
    });
    this.authorizer.setRules('acme', 'state', full);
  }

  identity(user = 'alice', containerId = 'c1'): AmqpIdentity {
    const principal: Principal = {
      ...{ tenant: this.tenant, user, groups: [], anonymous: false, source: 'password' },
    };
    return { principal, containerId, connectionId: `connection-${++this.connections}` };
  }

  /** @param target undefined: null */
  attachTarget(
    target: Partial<AmqpComposite<'target'>> | undefined,
    { identity = this.identity(), onEnded = (_: AmqpError) => {} } = {},
  ): Promise<MessageTarget> {
    const { containerId } = identity;
    return this.directory.openTarget({
      ...{ identity, containerId, linkName: 'l1', desiredCapabilities: [], onEnded },
      ...{
        transactions: noTransactions.openScope(identity),
        target: target && { ...emptyTarget, ...target },
      },
    });
  }

  attachSource(
    source: Partial<AmqpComposite<'source'>> | undefined,
    {
      identity = this.identity(),
      linkName = 'l1',
      properties = undefined as AmqpFields | undefined,
      onEnded = (_: AmqpError) => {},
    } = {},
  ): Promise<MessageSource> {
    const { containerId } = identity;
    const request = {
      ...{ identity, containerId, linkName, desiredCapabilities: [], properties },
      ...{
        transactions: noTransactions.openScope(identity),
        source: source && { ...emptySource, ...source },
      },
    };
    return this.directory.openSource(request, { onDelivery() {}, onEnded });
  }

  private openTarget(plan: TargetPlan): MessageTarget {
    const opened: OpenedTarget = { plan, published: [], closed: false };
    this.targets.push(opened);
    return {
      ...{ terminus: plan.terminus, messageBytesMax: 1_000 },
      publish: ({ parts }, done) => {
        opened.published.push(parts.at(-1)!.subarray(-1).toString());
        done(undefined);
        return undefined;
      },
      close: () => {
        opened.closed = true;
      },
    };
  }

  private openSource(plan: SourcePlan, sink: MessageSink): MessageSource {
    const opened: OpenedSource = { plan, sink, credit: 1, closed: undefined };
    this.sources.push(opened);
    return {
      terminus: plan.terminus,
      setCredit: (messages) => {
        opened.credit = messages;
      },
      drain: (done) => done(),
      settle: (_delivery, _outcome, done) => done(undefined),
      close: async (closed) => {
        opened.closed = closed;
      },
    };
  }
}

const emptyTerminus = { durable: 0, expiryPolicy: 'session-end', timeout: 0, dynamic: false };
const emptyTarget: AmqpComposite<'target'> = { type: 'target', ...emptyTerminus };
const emptySource: AmqpComposite<'source'> = { type: 'source', ...emptyTerminus };

/** The outcome of a message whose body is one character. `jmsType`: the annotation of Qpid JMS. */
export function publishTo(
  target: MessageTarget,
  body: string,
  { to, jmsType }: { to?: string; jmsType?: number } = {},
): Promise<string> {
  const parts: Buffer[] = [];
  if (jmsType !== undefined) {
    parts.push(encodeMessageAnnotations(new Map([['x-opt-jms-dest', { type: 'byte', value: jmsType }]])));
  }
  if (to !== undefined) parts.push(encodeProperties({ type: 'properties', to }));
  const message = Buffer.concat([...parts, encodeDataHead(body.length), Buffer.from(body)]);
  return publishBytes(target, message);
}

export function publishBytes(target: MessageTarget, message: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const done: PublishDone = (error) => resolve(error === undefined ? 'accepted' : error.condition);
    target.publish({ parts: [message], bytes: message.length, transactionId: undefined }, done);
  });
}
