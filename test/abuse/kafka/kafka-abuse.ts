import type { AbuseTable } from '../abuse.js';
import { beforeLogin } from './before-login.js';
import type { KafkaStage } from './kafka-stage.js';

export const kafkaAbuse: AbuseTable<KafkaStage> = {
  protocol: 'Kafka',
  rows: [...beforeLogin],
  without: {},
};
