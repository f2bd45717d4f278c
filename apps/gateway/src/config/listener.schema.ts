import { z } from 'zod';
import type { ConfigFault, ConfigPath } from './config-fault.js';
import { bytes, count, milliseconds, name, port, tenantName } from './field.schema.js';
import { listenerTls, listenerTlsFaults, proxyProtocol } from './listener-tls.schema.js';

export const listener = z.strictObject({
  name: name.describe('Name of the listener in logs and metrics.'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to bind.'),
  port,
  advertisedHost: z.string().min(1).optional().describe('Host that clients are told to connect to.'),
  advertisedPort: port.optional().describe('Port that clients are told to connect to.'),
  tls: listenerTls.optional(),
  proxyProtocol: proxyProtocol.optional(),
  defaultTenant: tenantName.optional().describe('Tenant of user names that name none.'),
  anonymousTenant: tenantName.optional().describe('Clients that do not authenticate are this tenant.'),
  connectionsMax: count.default(10_000),
  connectionsPerAddressMax: count.default(10_000),
  authenticationTimeoutMs: milliseconds.default(10_000).describe('From accept to authenticated, in total.'),
  idleTimeoutMs: milliseconds.default(600_000),
  sendBufferBytesMax: bytes
    .default(4_194_304)
    .describe('Unsent answers per connection before reading stops.'),
});

export type ListenerConfig = z.output<typeof listener>;

export function listenerFaults(
  listener: ListenerConfig,
  path: ConfigPath,
  tenants: ReadonlySet<string>,
): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const key of ['defaultTenant', 'anonymousTenant'] as const) {
    const wanted = listener[key];
    if (wanted !== undefined && !tenants.has(wanted)) {
      faults.push({ path: [...path, key], message: `there is no tenant named ${wanted}` });
    }
  }
  faults.push(...listenerTlsFaults(listener.tls, [...path, 'tls']));
  if (listener.anonymousTenant !== undefined && !isLoopback(listener.host)) {
    faults.push({
      path: [...path, 'anonymousTenant'],
      message: `anonymous clients are accepted on a loopback address only, and host is ${listener.host}`,
    });
  }
  return faults;
}

/** Whether only programs of this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
