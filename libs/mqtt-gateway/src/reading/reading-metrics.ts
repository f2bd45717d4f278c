import type { Metrics } from '#libs/telemetry';
import type { ReadingCounters } from './reading-counters.js';

export interface Subscribed {
  /** Of sessions that end with their connection. */
  readonly totals: { readonly subscriptions: number; readonly deliveries: number };
}

export interface SharedReading {
  /** Shared subscriptions that are read here. */
  readonly count: number;
}

/** Registers what is counted of reading Pulsar for MQTT. */
export function registerReadingMetrics(
  metrics: Metrics,
  counters: ReadingCounters,
  tails: Subscribed,
  shared: SharedReading,
): void {
  metrics.gauge({
    name: 'pulsegate_mqtt_partitions_read',
    help: 'Readers of Pulsar partitions for MQTT: one at the end of each, and those of listeners that are behind.',
    labelNames: ['kind'],
    read: () => [
      { labels: { kind: 'tail' }, value: counters.tails },
      { labels: { kind: 'catch-up' }, value: counters.catchUps },
    ],
  });
  metrics.counter({
    name: 'pulsegate_mqtt_entries_read_total',
    help: 'Entries that were read at the end of partitions, and those that are, or end in, no message for MQTT.',
    labelNames: ['result'],
    read: () => [
      { labels: { result: 'read' }, value: counters.entries },
      { labels: { result: 'undecodable' }, value: counters.undecodable },
    ],
  });
  metrics.gauge({
    name: 'pulsegate_mqtt_subscriptions',
    help: 'Subscriptions: plain ones of sessions that end with their connection, and groups with a filter.',
    labelNames: ['kind'],
    read: () => [
      { labels: { kind: 'transient' }, value: tails.totals.subscriptions },
      { labels: { kind: 'shared' }, value: shared.count },
    ],
  });
  metrics.counter({
    name: 'pulsegate_mqtt_fan_out_total',
    help: 'Messages given to sessions that end with their connection, once for each session.',
    read: () => tails.totals.deliveries,
  });
  metrics.counter({
    name: 'pulsegate_mqtt_shared_denied_total',
    help: 'Messages of shared subscriptions that no member here might receive: acknowledged, and given to nobody.',
    read: () => counters.sharedDenied,
  });
}
