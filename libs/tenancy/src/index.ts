export {
  type MqttTopicRule,
  type Tenant,
  type TenantAmqpOptions,
  type TenantKafkaOptions,
  type TenantLimits,
  type TenantMqttOptions,
  tenantAmqpDefaults,
  tenantMqttDefaults,
} from './tenant.js';
export { bindTenant, type TenantBinding, type TenantClaims } from './tenant-binding.js';
export { TenantDirectory, TenantDirectoryError } from './tenant-directory.js';
export { pulsarNamespaceFault, tenantNameCharsMax, serverNameFault, tenantNameFault } from './tenant-name.js';
