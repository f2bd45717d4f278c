import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import type { PulsarClient } from '#libs/pulsar';
import { type Log, type Metrics } from '#libs/telemetry';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpOptions } from '../amqp.options.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { IncomingMessage, MessageTarget, PublishDone, PublishPressure } from '../node.js';
import type { TargetTopic } from './target-topic.js';

/** What a target is opened for. */
export interface TargetOpening {
  readonly identity: AmqpIdentity;
  readonly topic: TargetTopic;
  readonly terminus: AmqpComposite<'target'>;
}

/** Stores what AMQP clients send: the partitions of all tenants that are sent to, shared by all links. */
export class AmqpPublishers {
  constructor(
    readonly pulsar: PulsarClient,
    readonly options: AmqpOptions,
    readonly log: Log,
  ) {}

  register(_metrics: Metrics): void {}

  /** Opens nothing yet: the first message does. */
  open({ topic, terminus }: TargetOpening): MessageTarget {
    return {
      terminus,
      messageBytesMax: topic.tenant.amqp?.messageBytesMax ?? 0,
      publish(_message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
        done(new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'publishing'));
        return undefined;
      },
      close() {},
    };
  }

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  async close(): Promise<void> {}
}
