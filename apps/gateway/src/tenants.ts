import { readFileSync } from 'node:fs';
import type { Tenant } from '#libs/tenancy';
import type { TenantConfig } from './config/tenant.schema.js';
import type { GatewayConfig } from './gateway.config.js';

/** The configuration's tenants as the libs know them. */
export function tenantsOf(config: GatewayConfig): Tenant[] {
  return config.tenants.map(({ name, namespace, serverNames, limits, kafka, mqtt, amqp, amqp091 }) => ({
    name,
    pulsarNamespace: namespace,
    serverNames,
    limits,
    kafka,
    mqtt,
    amqp,
    amqp091,
  }));
}

/**
 * A user's password or verifier, from where the configuration says it is.
 *
 * @throws Error that names the variable or file, never its content.
 */
export function passwordOf(user: TenantConfig['users'][number], environment = process.env): string {
  if (user.password !== undefined) return user.password;
  if (user.passwordEnv !== undefined) {
    const value = environment[user.passwordEnv];
    if (!value) throw new Error(`user ${user.name}: environment variable ${user.passwordEnv} is not set`);
    return value;
  }
  const file = user.passwordFile ?? '';
  const value = readFileSync(file, 'utf8').trim();
  if (value === '') throw new Error(`user ${user.name}: ${file} is empty`);
  return value;
}
