// What hostile Kafka clients try.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeAbuse } from './abuse-runs.js';
import { kafkaAbuse } from './kafka/kafka-abuse.js';
import { KafkaStage } from './kafka/kafka-stage.js';

let stage: KafkaStage;

beforeAll(async () => {
  stage = await KafkaStage.start();
}, 120_000);

afterAll(() => stage?.stop());

describeAbuse(kafkaAbuse, () => stage);

it('none of it was a fault of ours', () => {
  expect(stage.gateway.log()).not.toContain('connection.failure');
});
