import { AmqpErrorCondition } from '#libs/amqp-codec';
import type { PulsarClient } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { AmqpCounters } from '../amqp.counters.js';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpOptions } from '../amqp.options.js';
import type { MessageSink, MessageSource } from '../node.js';
import type { SourceOpener, SourcePlan } from '../nodes/node-plan.js';

export interface MessageSourcesServices {
  readonly pulsar: Pick<
    PulsarClient,
    'subscribe' | 'createReader' | 'createProducer' | 'partitions' | 'admin'
  >;
  readonly options: AmqpOptions;
  readonly counters: AmqpCounters;
  readonly log: Log;
}

/** What the sender links of a process receive from. */
export class MessageSources implements SourceOpener {
  constructor(private readonly services: MessageSourcesServices) {}

  openSource(plan: SourcePlan, _sink: MessageSink): Promise<MessageSource> {
    const { log } = this.services;
    log.debug({ event: 'amqp-source', kind: plan.reading.kind }, 'a source is opened');
    return Promise.reject(new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'nothing can be received yet'));
  }

  /** Waits until all sources have left, and what was rejected is stored. */
  async close(): Promise<void> {}
}
