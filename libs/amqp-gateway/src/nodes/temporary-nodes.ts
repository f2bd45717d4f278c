import { randomUUID } from 'node:crypto';
import { AmqpErrorCondition } from '#libs/amqp-codec';
import type { ClusterView } from '#libs/cluster';
import type { PulsarAdmin } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import { temporaryNodeInstance, temporaryNodeName } from '../address.js';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { AmqpTopic } from './amqp-topic.js';
import type { AmqpTopicRegistry } from './amqp-topic-registry.js';

/** Of one connection at a time. */
const temporaryNodesMax = 128;
/** Left ones that are remembered; others are swept when this process is gone. */
const leftMax = 10_000;
/** Deletions of nodes side by side, of all connections. */
const deletionsParallelMax = 8;

export interface TemporaryNodesServices {
  readonly topics: Pick<AmqpTopicRegistry, 'createTemporary' | 'deleteTemporary'>;
  readonly admin: Pick<PulsarAdmin, 'topics'>;
  readonly cluster: Pick<ClusterView, 'self' | 'members' | 'nodeOf' | 'version'>;
  readonly tenants: Iterable<Tenant> & Pick<TenantDirectory, 'byName'>;
  readonly sweepMs: number;
  readonly log: Log;
}

interface TemporaryNode {
  readonly tenant: Tenant;
  readonly name: string;
}

/**
 * Nodes that end with their connection. Their names say which gateway made them: those of one that is gone are deleted by
 * another, which the tenant's name chooses, when it was missing at two looks, a `sweepMs` apart.
 */
export class TemporaryNodes {
  private readonly byConnection = new Map<string, Map<string, TemporaryNode>>();
  private readonly deletions = new Map<string, TemporaryNode>();
  /** Those that could not be deleted: tried again at the next look. */
  private readonly left = new Map<string, TemporaryNode>();
  private deleting = 0;
  private idle: (() => void) | undefined;
  private readonly suspects = new Map<string, TemporaryNode>();
  private sweptVersion: number | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly services: TemporaryNodesServices) {
    this.timer = setInterval(() => void this.sweep(), services.sweepMs).unref();
  }

  /** A new one's, which nobody can guess. */
  nextName(of: 'queue' | 'topic'): string {
    return temporaryNodeName(of, instanceName(this.services.cluster.self.instance), randomUUID());
  }

  /** Rejects with AmqpError `amqp:resource-limit-exceeded`, PulsarAdminError. */
  async create(identity: AmqpIdentity, name: string, of: 'queue' | 'topic'): Promise<AmqpTopic> {
    const { topics } = this.services;
    const { connectionId, principal } = identity;
    const { tenant } = principal;
    const owned = this.byConnection.get(connectionId) ?? new Map<string, TemporaryNode>();
    if (owned.size >= temporaryNodesMax) {
      const message = `a connection has at most ${temporaryNodesMax} temporary nodes`;
      throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, message);
    }
    this.byConnection.set(connectionId, owned);
    owned.set(name, { tenant, name });
    try {
      const topic = await topics.createTemporary(tenant, name, of, {
        'pulsegate.kind': `amqp-temporary-${of}`,
      });
      if (this.byConnection.get(connectionId) === owned) return topic;
      // The connection went meanwhile, and its nodes with it, but perhaps before this one was there.
      this.delete({ tenant, name });
      throw new AmqpError(AmqpErrorCondition.CONNECTION_FORCED, 'the connection is gone');
    } catch (error) {
      owned.delete(name);
      throw error;
    }
  }

  owns({ connectionId }: AmqpIdentity, name: string): boolean {
    return this.byConnection.get(connectionId)?.has(name) ?? false;
  }

  /** The link that it was made for was closed. */
  remove({ connectionId }: AmqpIdentity, name: string): void {
    const owned = this.byConnection.get(connectionId);
    const node = owned?.get(name);
    if (owned === undefined || node === undefined) return;
    owned.delete(name);
    this.delete(node);
  }

  closeConnection({ connectionId }: AmqpIdentity): void {
    const owned = this.byConnection.get(connectionId);
    if (owned === undefined) return;
    this.byConnection.delete(connectionId);
    for (const node of owned.values()) this.delete(node);
  }

  /** Waits until what is left of this process is deleted, or cannot be. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const [connection, owned] of this.byConnection) {
      this.byConnection.delete(connection);
      for (const node of owned.values()) this.delete(node);
    }
    if (this.deleting > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }

  /** One look at the tenants' topics, where gateways have come or gone since the last. */
  async sweep(): Promise<void> {
    const { cluster, tenants, log } = this.services;
    for (const node of this.left.values()) this.delete(node);
    this.left.clear();
    if (this.sweptVersion === cluster.version && this.suspects.size === 0) return;
    this.sweptVersion = cluster.version;
    const live = new Set([cluster.self, ...cluster.members()].map(({ instance }) => instanceName(instance)));
    for (const tenant of tenants) {
      const swept = `amqp-temporary ${tenant.name}`;
      try {
        if (cluster.nodeOf(swept).instance === cluster.self.instance) await this.sweepTenant(tenant, live);
        else this.forgetSuspects(tenant, new Set());
      } catch (error) {
        this.sweptVersion = undefined;
        log.warn({ event: 'amqp-temporary-sweep', tenant: tenant.name, err: error }, 'temporary nodes stay');
      }
    }
  }

  private async sweepTenant(tenant: Tenant, live: ReadonlySet<string>): Promise<void> {
    const prefix = `persistent://${tenant.pulsarNamespace}/`;
    const listed = await this.services.admin.topics(tenant.pulsarNamespace);
    for (const topic of listed) {
      const name = topic.slice(prefix.length);
      const instance = temporaryNodeInstance(name);
      if (instance === undefined || live.has(instance)) {
        this.suspects.delete(topic);
      } else if (this.suspects.delete(topic)) {
        this.delete({ tenant, name });
      } else {
        this.suspects.set(topic, { tenant, name });
      }
    }
    this.forgetSuspects(tenant, new Set(listed));
  }

  private forgetSuspects(tenant: Tenant, except: ReadonlySet<string>): void {
    for (const [topic, node] of this.suspects) {
      if (node.tenant === tenant && !except.has(topic)) this.suspects.delete(topic);
    }
  }

  private delete(node: TemporaryNode): void {
    this.deletions.set(node.name, node);
    if (this.deleting < deletionsParallelMax) void this.runDeletions();
  }

  private async runDeletions(): Promise<void> {
    this.deleting++;
    const { topics, log } = this.services;
    for (const [name, { tenant }] of this.deletions) {
      this.deletions.delete(name);
      try {
        await topics.deleteTemporary(tenant, name);
      } catch (error) {
        if (this.left.size < leftMax) this.left.set(name, { tenant, name });
        log.warn(
          { event: 'amqp-temporary-node', tenant: tenant.name, name, err: error },
          'a temporary node stays',
        );
      }
    }
    if (--this.deleting === 0) this.idle?.();
  }
}

/** In an address: without a dot. */
function instanceName(instance: string): string {
  return instance.toLowerCase().replaceAll(/[^a-z0-9-]/g, '');
}
