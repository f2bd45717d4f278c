import type { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import { BatchBuilder } from '#libs/pulsar';
import type { Principal } from '#libs/auth';
import { type Tenant, tenantAmqpDefaults } from '#libs/tenancy';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import { type DecodedMessage, decodeMessage, userIdsOf } from '../mapping/incoming-message.js';
import { appendMessage, linkFields } from '../mapping/message.mapping.js';
import { StoredBody } from '../mapping/message-properties.js';
import type { IncomingMessage, MessageTarget, PublishDone, PublishPressure } from '../node.js';
import type { TargetPlan } from '../nodes/node-plan.js';
import { type AmqpPartitionPublisher, entryMetadata, type LinkFields } from './publish-kind.js';

/** What the targets of all links have in common. */
export interface TargetProcess {
  partition(tenant: Tenant, name: string): AmqpPartitionPublisher;
}

/** Without a key, the messages of a link go to one partition, so that they keep their order; each link to the next. */
let linksOpened = 0;

/** Stores what one link sends in one Pulsar topic. */
export class TopicTarget implements MessageTarget {
  readonly terminus: AmqpComposite<'target'>;
  readonly messageBytesMax: number;
  private readonly plan: TargetPlan;
  private readonly ofLink: LinkFields;
  private readonly ownPartition = linksOpened++;
  private principal: Principal | undefined;
  private userIds: readonly Buffer[] = [];

  constructor(
    plan: TargetPlan,
    private readonly process: TargetProcess,
  ) {
    const { identity, topic, terminus } = plan;
    this.plan = plan;
    this.terminus = terminus;
    this.messageBytesMax = (topic.tenant.amqp ?? tenantAmqpDefaults).messageBytesMax;
    this.ofLink = { encoded: linkFields(identity.containerId), queue: plan.entries === 'single' };
  }

  publish(message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
    const nowMs = Date.now();
    let decoded: DecodedMessage;
    try {
      decoded = this.decode(message, nowMs);
    } catch (error) {
      done(asAmqpError(error));
      return undefined;
    }
    const partition = this.partitionOf(decoded.hash);
    if (message.transactionId !== undefined) {
      return this.post(message.transactionId, partition, decoded, done);
    }
    const publisher = this.process.partition(this.plan.topic.tenant, partition);
    return publisher.append(decoded, this.ofLink, nowMs, decoded.bytes, -1, done);
  }

  /** Producers are shared: they stay until nobody has used them for a while. */
  close(): void {}

  /** Of a transaction: an entry of its own, which is sent now and seen with the commit. */
  private post(
    transactionId: Buffer,
    topic: string,
    decoded: DecodedMessage,
    done: PublishDone,
  ): PublishPressure | undefined {
    const builder = new BatchBuilder({
      capacityBytes: decoded.bytes,
      payloadBytesMax: decoded.bytes + 4 * decoded.sections.message.length,
    });
    try {
      appendMessage(builder, decoded, this.ofLink.encoded);
    } catch (error) {
      done(asAmqpError(error));
      return undefined;
    }
    const entry = builder.finish('none', entryMetadata(decoded));
    return this.plan.transactions.post(transactionId, { topic, entry }, done);
  }

  private decode(message: IncomingMessage, nowMs: number): DecodedMessage {
    const { principal } = this.plan.identity;
    if (principal !== this.principal) {
      this.principal = principal;
      this.userIds = userIdsOf(principal.user, principal.tenant.name);
    }
    const decoded = decodeMessage(message, this.userIds, nowMs);
    if (this.plan.topic.compacted) checkForCompaction(decoded);
    return decoded;
  }

  private partitionOf(hash: number): string {
    const { partitions } = this.plan.topic;
    const chosen = hash < 0 ? this.ownPartition : hash;
    return partitions[chosen % partitions.length] as string;
  }
}

/** Compaction drops what has no key, and takes an empty payload for the deletion of its key. */
function checkForCompaction({ annotations, body, payloadStart, payloadEnd }: DecodedMessage): void {
  if (annotations.key === undefined) {
    throw new AmqpError(AmqpErrorCondition.NOT_ALLOWED, 'a compacted topic takes no message without a key');
  }
  if (payloadStart === payloadEnd && body !== StoredBody.null) {
    throw new AmqpError(
      AmqpErrorCondition.NOT_ALLOWED,
      'a compacted topic takes no message of an empty body',
    );
  }
}
