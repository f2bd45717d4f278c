// What hostile MQTT clients try.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeAbuse } from './abuse-runs.js';
import { mqttAbuse } from './mqtt/mqtt-abuse.js';
import { MqttStage } from './mqtt/mqtt-stage.js';

let stage: MqttStage;

beforeAll(async () => {
  stage = await MqttStage.start();
}, 120_000);

afterAll(() => stage?.stop());

describeAbuse(mqttAbuse, () => stage);

it('none of it was a fault of ours', () => {
  expect(stage.gateway.log()).not.toContain('connection.failure');
});
