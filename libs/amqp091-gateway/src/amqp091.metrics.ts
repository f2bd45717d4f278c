import type { Metrics } from '#libs/telemetry';
import type { Amqp091Counters } from './amqp091.counters.js';

/** Registers what the AMQP 0-9-1 front counts. */
export function registerAmqp091Metrics(metrics: Metrics, counters: Amqp091Counters): void {
  metrics.gauge({
    name: 'pulsegate_amqp091_channels',
    help: 'AMQP 0-9-1 channels that are open.',
    read: () => counters.channelsOpen,
  });
  metrics.counter({
    name: 'pulsegate_amqp091_channel_exceptions_total',
    help: 'AMQP 0-9-1 channels that were closed for what their client did.',
    read: () => counters.channelExceptions,
  });
  metrics.counter({
    name: 'pulsegate_amqp091_messages_dead_lettered_total',
    help: 'Messages of AMQP 0-9-1 queues that were stored where the dead letters of their queues go.',
    read: () => counters.messagesDeadLettered,
  });
  metrics.counter({
    name: 'pulsegate_amqp091_messages_dropped_total',
    help: 'Messages of AMQP 0-9-1 queues that were rejected, expired, too many or delivered too often, and went nowhere.',
    read: () => counters.messagesDropped,
  });
  metrics.counter({
    name: 'pulsegate_amqp091_messages_unreadable_total',
    help: 'Entries of AMQP 0-9-1 queues that could not be read; they were acknowledged.',
    read: () => counters.messagesUnreadable,
  });
  metrics.counter({
    name: 'pulsegate_amqp091_blocked_total',
    help: 'Times that AMQP 0-9-1 clients were told that they are blocked.',
    read: () => counters.connectionsBlocked,
  });
}
