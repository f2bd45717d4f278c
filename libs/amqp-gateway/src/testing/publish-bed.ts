import { randomBytes } from 'node:crypto';
import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import { MessageCursor, PulsarClient, type PulsarMessage } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { type AmqpOptions, amqpOptionsSchema } from '../amqp.options.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import { type AmqpMessage, messageFromPulsar } from '../mapping/stored-message.mapping.js';
import type { MessageTarget } from '../node.js';
import type { TargetPlan } from '../nodes/node-plan.js';
import { AmqpPublishers } from '../publishing/amqp-publishers.js';
import { noTransactions } from '../transactions/no-transactions.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

/** A message as it lies in Pulsar, the number of its entry in what was read, and what AMQP makes of it. */
export interface ReadMessage {
  readonly entry: number;
  readonly pulsar: PulsarMessage;
  readonly amqp: AmqpMessage | undefined;
}

/** A connection's identity, for what has no connection. */
export function identityOf(tenant: Tenant, user = 'alice', containerId = 'c1'): AmqpIdentity {
  const principal = { tenant, user, groups: [], anonymous: false, source: 'password' };
  return {
    principal: principal as unknown as Principal,
    containerId,
    connectionId: randomBytes(4).toString('hex'),
  };
}

/** Targets on a real Pulsar, in a namespace of its own. */
export class PublishBed {
  readonly pulsar = new PulsarClient({ serviceUrl, adminUrl });
  readonly tenant: Tenant;
  readonly publishers: AmqpPublishers;
  readonly identity: AmqpIdentity;

  constructor(prefix: string, options: Partial<AmqpOptions> = {}) {
    this.tenant = {
      name: 'acme',
      pulsarNamespace: `${prefix}-${randomBytes(4).toString('hex')}/n`,
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
    };
    this.identity = identityOf(this.tenant);
    this.publishers = new AmqpPublishers(
      this.pulsar,
      { ...amqpOptionsSchema.parse({}), ...options },
      silentLog,
    );
  }

  async open(): Promise<void> {
    const { admin } = this.pulsar;
    const [tenant = ''] = this.tenant.pulsarNamespace.split('/');
    await admin.createTenant(tenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(this.tenant.pulsarNamespace);
  }

  async close(): Promise<void> {
    const { admin } = this.pulsar;
    const [tenant = ''] = this.tenant.pulsarNamespace.split('/');
    await this.publishers.close();
    await admin.deleteNamespace(this.tenant.pulsarNamespace, { force: true }).catch(() => {});
    await admin.deleteTenant(tenant).catch(() => {});
    await this.pulsar.close();
  }

  pulsarTopic(name: string): string {
    return `persistent://${this.tenant.pulsarNamespace}/${name}`;
  }

  /** A link's target on a topic that is made with so many partitions. */
  async target(name: string, partitions: number, plan: Partial<TargetPlan> = {}): Promise<MessageTarget> {
    await this.pulsar.admin.createPartitionedTopic(this.pulsarTopic(name), partitions).catch(() => {});
    return this.publishers.openTarget({ ...this.plan(name, partitions), ...plan });
  }

  plan(name: string, partitions: number): TargetPlan {
    const pulsarTopic = this.pulsarTopic(name);
    const names = Array.from({ length: partitions }, (_, at) => `${pulsarTopic}-partition-${at}`);
    return {
      identity: this.identity,
      containerId: this.identity.containerId,
      linkName: 'l1',
      topic: { tenant: this.tenant, name, pulsarTopic, partitions: names, compacted: false },
      entries: 'batched',
      terminus: { type: 'target', address: name } as TargetPlan['terminus'],
      transactions: noTransactions.openScope(this.identity),
    };
  }

  /** The first messages of a partition. */
  async read(partition: string, count: number): Promise<ReadMessage[]> {
    const messages: ReadMessage[] = [];
    let entries = 0;
    let finished = () => {};
    const all = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const reader = await this.pulsar.createReader({
      topic: partition,
      tenantKey: 'acme',
      start: 'earliest',
      onEntry: (entry) => {
        const cursor = new MessageCursor(entry, { decompressedBytesMax: 1 << 24 });
        while (cursor.next()) {
          const { value } = cursor;
          const pulsar = { ...cursor.message(), value: value && Buffer.from(value) };
          messages.push({ entry: entries, pulsar, amqp: messageFromPulsar(cursor) });
        }
        entries++;
        if (messages.length >= count) finished();
      },
    });
    await all;
    await reader.close();
    return messages;
  }
}

/** The condition that it was refused with; `stored`. */
export function publish(target: MessageTarget, ...parts: readonly Buffer[]): Promise<string> {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return new Promise((resolve) => {
    target.publish({ parts, bytes, transactionId: undefined }, (error) => {
      resolve(error?.condition ?? 'stored');
    });
  });
}
