import type { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import type { PublishBudget } from '#libs/pulsar';
import type { Principal } from '#libs/auth';
import { tenantAmqpDefaults } from '#libs/tenancy';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import { type DecodedMessage, decodeMessage, userIdsOf } from '../mapping/incoming-message.js';
import { linkFields } from '../mapping/message.mapping.js';
import { StoredBody } from '../mapping/message-properties.js';
import type { IncomingMessage, MessageTarget, PublishDone, PublishPressure } from '../node.js';
import { type AmqpPartitionPublisher, type LinkCommon, tooMuchInFlight } from './publish-kind.js';
import type { TargetTopic } from './target-topic.js';

/** What a target is opened for. */
export interface TargetOpening {
  readonly identity: AmqpIdentity;
  readonly topic: TargetTopic;
  readonly terminus: AmqpComposite<'target'>;
}

/** What the targets of all links have in common. */
export interface TargetProcess {
  partition(topic: TargetTopic, name: string): AmqpPartitionPublisher;
  /** Of the connection that the identity is of. */
  connectionBudget(identity: AmqpIdentity): PublishBudget;
}

/** Without a key, the messages of a link go to one partition, so that they keep their order; each link to the next. */
let linksOpened = 0;

/** Stores what one link sends in one Pulsar topic. */
export class TopicTarget implements MessageTarget {
  readonly terminus: AmqpComposite<'target'>;
  readonly messageBytesMax: number;
  private readonly topic: TargetTopic;
  private readonly identity: AmqpIdentity;
  private readonly connectionBudget: PublishBudget;
  private readonly common: LinkCommon;
  private readonly ownPartition = linksOpened++;
  private principal: Principal | undefined;
  private userIds: readonly Buffer[] = [];

  constructor(
    { identity, topic, terminus }: TargetOpening,
    private readonly process: TargetProcess,
  ) {
    this.identity = identity;
    this.topic = topic;
    this.terminus = terminus;
    this.messageBytesMax = (topic.tenant.amqp ?? tenantAmqpDefaults).messageBytesMax;
    this.connectionBudget = process.connectionBudget(identity);
    this.common = { fields: linkFields(identity.containerId), queue: topic.queue };
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
    const { connectionBudget } = this;
    const { bytes } = decoded;
    if (!connectionBudget.admits(bytes)) {
      done(tooMuchInFlight());
      return connectionBudget;
    }
    const pressure = connectionBudget.add(bytes);
    const stored: PublishDone = (error) => {
      connectionBudget.remove(bytes);
      done(error);
    };
    const partition = this.process.partition(this.topic, this.partitionOf(decoded.hash));
    return partition.append(decoded, this.common, nowMs, bytes, -1, stored) ?? pressure;
  }

  /** Producers are shared: they stay until nobody has used them for a while. */
  close(): void {}

  private decode(message: IncomingMessage, nowMs: number): DecodedMessage {
    const { principal } = this.identity;
    if (principal !== this.principal) {
      this.principal = principal;
      this.userIds = userIdsOf(principal.user, principal.tenant.name);
    }
    if (message.bytes > this.messageBytesMax) {
      const text = `a message of ${message.bytes} bytes, ${this.messageBytesMax} allowed`;
      throw new AmqpError(AmqpErrorCondition.MESSAGE_SIZE_EXCEEDED, text);
    }
    const decoded = decodeMessage(message, this.userIds, nowMs);
    if (this.topic.compacted) checkForCompaction(decoded);
    return decoded;
  }

  private partitionOf(hash: number): string {
    const { partitions } = this.topic;
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
