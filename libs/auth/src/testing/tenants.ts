import { type Tenant, TenantDirectory } from '#libs/tenancy';

export function tenant(name: string): Tenant {
  const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
  return { name, pulsarNamespace: `${name}/main`, limits: {}, kafka };
}

/** Two tenants, for all that must not cross. */
export const acme = tenant('acme');
export const demo = tenant('demo');
export const tenants = new TenantDirectory([acme, demo]);
