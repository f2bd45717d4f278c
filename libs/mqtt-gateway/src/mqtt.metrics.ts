import type { Metrics } from '#libs/telemetry';
import { dropReasons, type MqttCounters, packetTypes } from './mqtt.counters.js';

const qosLabels = ['0', '1', '2'] as const;

/** Registers what the MQTT front counts. */
export function registerMqttMetrics(metrics: Metrics, counters: MqttCounters): void {
  const byDirection = <T>(received: T, sent: T) => [['received', received] as const, ['sent', sent] as const];
  metrics.counter({
    name: 'pulsegate_mqtt_packets_total',
    help: 'MQTT packets, by type.',
    labelNames: ['direction', 'type'],
    read: () =>
      byDirection(counters.packetsReceived, counters.packetsSent).flatMap(([direction, counts]) =>
        Object.entries(packetTypes).map(([type, index]) => ({
          labels: { direction, type },
          value: counts[index]!,
        })),
      ),
  });
  metrics.counter({
    name: 'pulsegate_mqtt_publishes_total',
    help: 'PUBLISH packets, by QoS.',
    labelNames: ['direction', 'qos'],
    read: () =>
      byDirection(counters.publishesReceived, counters.publishesSent).flatMap(([direction, counts]) =>
        qosLabels.map((qos, index) => ({ labels: { direction, qos }, value: counts[index]! })),
      ),
  });
  metrics.counter({
    name: 'pulsegate_mqtt_messages_dropped_total',
    help: 'Messages for a client that were not sent to it.',
    labelNames: ['reason'],
    read: () => dropReasons.map((reason) => ({ labels: { reason }, value: counters.dropped[reason] })),
  });
  metrics.counter({
    name: 'pulsegate_mqtt_stray_acknowledgements_total',
    help: 'Acknowledgements of clients for packet ids that are not in flight.',
    read: () => counters.strayAcknowledgements,
  });
  metrics.counter({
    name: 'pulsegate_mqtt_takeovers_total',
    help: 'Connections that ended because another came with their client identifier.',
    read: () => counters.takeovers,
  });
  metrics.gauge({
    name: 'pulsegate_mqtt_sessions_connected',
    help: 'Sessions that have a connection to this gateway.',
    read: () => counters.sessionsConnected,
  });
}
