export {
  type MqttTopicRule,
  type Tenant,
  type TenantKafkaOptions,
  type TenantLimits,
  type TenantMqttOptions,
  tenantMqttDefaults,
} from './tenant.js';
export { bindTenant, type TenantBinding, type TenantClaims } from './tenant-binding.js';
export { TenantDirectory, TenantDirectoryError } from './tenant-directory.js';
export { pulsarNamespaceFault, tenantNameCharsMax, serverNameFault, tenantNameFault } from './tenant-name.js';
