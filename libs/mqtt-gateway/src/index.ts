export {
  type MqttPermission,
  mqttPermission,
  mqttTopicFault,
} from './authorization/permission-question.js';
export {
  explainFilter,
  explainTopic,
} from './mapping/topic-explanation.js';
export { topicRuleFaults } from './mapping/topic-rule-faults.js';
export { asMqttError, MqttError } from './mqtt.errors.js';
export { type MqttOptions, mqttOptionsSchema } from './mqtt.options.js';
export { MqttProtocol } from './mqtt.protocol.js';
export type { MqttProcess } from './mqtt.services.js';
export { MqttGatewayModule } from './mqtt-gateway.module.js';
