export {
  type MqttTopicRule,
  type RabbitPermission,
  type RabbitTopicPermission,
  type Tenant,
  type TenantAmqp091Options,
  type TenantAmqpOptions,
  type TenantMqttOptions,
  tenantAmqp091Defaults,
  tenantAmqpDefaults,
  tenantMqttDefaults,
} from './tenant.js';
export { bindTenant, type TenantBinding, type TenantClaims } from './tenant-binding.js';
export {
  type ClientLimits,
  type ConnectionLimits,
  everyName,
  type GatewayLimits,
  type HeldKind,
  type Rate,
  type TenantLimits,
  type TrafficKind,
  type TrafficLimits,
  trafficKinds,
} from './tenant-limits.js';
export {
  type PreparedTenants,
  type TenantChange,
  TenantDirectory,
  TenantDirectoryError,
} from './tenant-directory.js';
export {
  pulsarNamespaceFault,
  serverNameFault,
  tenantNameCharsMax,
  tenantNameFault,
  vhostNameFault,
} from './tenant-name.js';
