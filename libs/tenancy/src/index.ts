export type { Tenant, TenantKafkaOptions, TenantLimits } from './tenant.js';
export { TenantDirectory, TenantDirectoryError } from './tenant-directory.js';
export { pulsarNamespaceFault, tenantNameCharsMax, tenantNameFault } from './tenant-name.js';
