import type { Metrics } from '#libs/telemetry';
import { type AmqpCounters, settledOutcomes } from './amqp.counters.js';

/** Registers what the AMQP front counts. */
export function registerAmqpMetrics(metrics: Metrics, counters: AmqpCounters): void {
  metrics.gauge({
    name: 'pulsegate_amqp_sessions',
    help: 'AMQP sessions that are open.',
    read: () => counters.sessionsOpen,
  });
  metrics.gauge({
    name: 'pulsegate_amqp_links',
    help: 'AMQP links that are attached; received: those that clients send on.',
    labelNames: ['direction'],
    read: () => byDirection(counters.receiverLinksOpen, counters.senderLinksOpen),
  });
  metrics.counter({
    name: 'pulsegate_amqp_deliveries_total',
    help: 'Deliveries of AMQP clients, and to them.',
    labelNames: ['direction'],
    read: () => byDirection(counters.deliveriesReceived, counters.deliveriesSent),
  });
  metrics.counter({
    name: 'pulsegate_amqp_presettled_total',
    help: 'Deliveries that were settled when they were sent, and may be lost.',
    labelNames: ['direction'],
    read: () => byDirection(counters.presettledReceived, counters.presettledSent),
  });
  metrics.counter({
    name: 'pulsegate_amqp_settled_total',
    help: 'How deliveries of AMQP clients, and to them, were settled.',
    labelNames: ['direction', 'outcome'],
    read: () =>
      settledOutcomes.flatMap((outcome) => [
        { labels: { direction: 'received', outcome }, value: counters.settledToClients[outcome] },
        { labels: { direction: 'sent', outcome }, value: counters.settledByClients[outcome] },
      ]),
  });
  metrics.counter({
    name: 'pulsegate_amqp_credit_withheld_total',
    help: 'Times that an AMQP link got no credit: a rate limit, or too much in flight to Pulsar.',
    read: () => counters.creditWithheld,
  });
  metrics.counter({
    name: 'pulsegate_amqp_undelivered_total',
    help: 'Messages that ended without a client: dead letters, or dropped, expired or unreadable.',
    labelNames: ['reason'],
    read: () =>
      (['deadLettered', 'dropped', 'expired', 'unreadable'] as const).map((reason) => ({
        labels: { reason: undeliveredReasons[reason] },
        value: counters[reason],
      })),
  });
  metrics.counter({
    name: 'pulsegate_amqp_acknowledged_again_total',
    help: 'Messages that Pulsar gave again though AMQP clients had accepted them.',
    read: () => counters.acknowledgedAgain,
  });
  metrics.counter({
    name: 'pulsegate_amqp_left_to_others_total',
    help: 'Times that an entry was given back to Pulsar because an AMQP link does not want it.',
    read: () => counters.leftToOthers,
  });
}

const undeliveredReasons = {
  ...{ deadLettered: 'dead-letter', dropped: 'dropped', expired: 'expired', unreadable: 'unreadable' },
};

function byDirection(received: number, sent: number) {
  return [
    { labels: { direction: 'received' }, value: received },
    { labels: { direction: 'sent' }, value: sent },
  ];
}
