import { ConfigError, type GatewayConfig } from '#apps/gateway';

export type TenantConfig = GatewayConfig['tenants'][number];

/** The tenant that `--tenant` names, or the only one. @throws ConfigError */
export function tenantOf({ tenants }: GatewayConfig, name: string | undefined): TenantConfig {
  const names = tenants.map((tenant) => tenant.name).join(', ');
  if (name === undefined) {
    if (tenants.length === 1) return tenants[0]!;
    throw wrongUse('--tenant', `say which tenant: ${names}`);
  }
  const tenant = tenants.find((each) => each.name === name);
  if (tenant === undefined) throw wrongUse('--tenant', `there is no tenant ${name}, only ${names}`);
  return tenant;
}

export function wrongUse(where: string, message: string): ConfigError {
  return new ConfigError([{ where: 'command line', key: where, message }]);
}
