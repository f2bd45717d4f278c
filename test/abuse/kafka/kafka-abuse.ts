import type { AbuseTable } from '../abuse.js';
import { afterLogin } from './after-login.js';
import { beforeLogin } from './before-login.js';
import type { KafkaStage } from './kafka-stage.js';

export const kafkaAbuse: AbuseTable<KafkaStage> = {
  protocol: 'Kafka',
  rows: [...beforeLogin, ...afterLogin],
  without: {
    P11: 'Kafka is not served in WebSocket',
    A15: 'Kafka’s administrative requests are of its own tenant, and permitted one by one',
  },
};
