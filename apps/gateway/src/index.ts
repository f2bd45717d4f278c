export { ConfigError, checkConfig, loadConfig } from './config-file.js';
export { configJsonSchema } from './config-schema.js';
export { type RunningGateway, runGateway } from './gateway.js';
export {
  explainFilter,
  explainTopic,
  type GatewayConfig,
  listenersOf,
  type MqttPermission,
  mqttPermission,
  mqttTopicFault,
} from './gateway.config.js';
export { forgedToken } from './pulsar-identity/forged-token.js';
export { PulsarPolicy } from './pulsar-identity/pulsar-policy.js';
export { ownRole, pulsarClientOptions, rolesToGrant } from './pulsar-options.js';
export { tenantsOf } from './tenants.js';
export { pulsegateVersion } from './version.js';
