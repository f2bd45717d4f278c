export type { Tenant, TenantKafkaOptions, TenantLimits } from './tenant.js';
export { bindTenant, type TenantBinding, type TenantClaims } from './tenant-binding.js';
export { TenantDirectory, TenantDirectoryError } from './tenant-directory.js';
export { pulsarNamespaceFault, tenantNameCharsMax, serverNameFault, tenantNameFault } from './tenant-name.js';
