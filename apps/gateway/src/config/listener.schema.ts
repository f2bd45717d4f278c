import { z } from 'zod';
import { saslMechanisms } from '#libs/auth';
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
  tenant: tenantName
    .optional()
    .describe('Everybody who comes here is of this tenant; who names another is refused.'),
  defaultTenant: tenantName.optional().describe('Tenant of user names that name none.'),
  anonymousTenant: tenantName.optional().describe('Clients that do not authenticate are this tenant.'),
  allowAnonymousBeyondLoopback: z
    .boolean()
    .default(false)
    .describe('With `anonymousTenant`: whoever reaches the address gets in without credentials.'),
  saslMechanisms: z
    .array(z.enum(saslMechanisms))
    .optional()
    .describe('How clients may authenticate. Default: every way that some user or issuer is configured for.'),
  plaintextPasswords: z
    .boolean()
    .default(false)
    .describe('Without TLS and beyond loopback: take passwords and tokens that anybody on the way can read.'),
  connectionsMax: count.default(10_000),
  connectionsPerAddressMax: count.default(10_000),
  authenticationTimeoutMs: milliseconds.default(10_000).describe('From accept to authenticated, in total.'),
  idleTimeoutMs: milliseconds.default(600_000),
  sendBufferBytesMax: bytes
    .default(4_194_304)
    .describe('Unsent answers per connection before reading stops.'),
});

export type ListenerConfig = z.output<typeof listener>;

/** A web page as browsers say where it is from (RFC 6454): scheme, host and port if it is not the scheme's own. */
const origin = z.string().refine((value) => value === '*' || isOrigin(value), {
  message: 'scheme://host or scheme://host:port in lower case, without a path; or * for all',
});

/** @param path default */
const websocketOn = (path: string, protocol: string) =>
  z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[\w./~-]*$/, 'a path that begins with /')
        .default(path)
        .describe('Where WebSocket clients connect; nothing else is served there.'),
      origins: z
        .array(origin)
        .default([])
        .describe(
          'Pages whose scripts may connect, `https://app.example`, or * for all. Clients that are no browsers say none and are let in.',
        ),
    })
    .optional()
    .describe(`${protocol} inside of WebSocket, and nothing else on this listener.`);

export const mqttListener = listener.extend({
  idleTimeoutMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(0)
    .describe(
      'Ends connections without a byte for so long, whatever keep alive they have. 0: keep alive decides.',
    ),
  sendBufferBytesMax: bytes
    .default(1_048_576)
    .describe('Unsent bytes per connection before reading stops and messages wait.'),
  websocket: websocketOn('/mqtt', 'MQTT'),
});

export type MqttListenerConfig = z.output<typeof mqttListener>;

export const amqpListener = mqttListener.extend({
  idleTimeoutMs: mqttListener.shape.idleTimeoutMs.describe(
    'Ends connections without a byte for so long. 0: `amqp.idleTimeoutMs` decides.',
  ),
  websocket: websocketOn('/amqp', 'AMQP'),
});

export function listenerFaults(
  listener: ListenerConfig,
  path: ConfigPath,
  tenants: ReadonlySet<string>,
): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const key of ['tenant', 'defaultTenant', 'anonymousTenant'] as const) {
    const wanted = listener[key];
    if (wanted !== undefined && !tenants.has(wanted)) {
      faults.push({ path: [...path, key], message: `there is no tenant named ${wanted}` });
    } else if (listener.tenant !== undefined && wanted !== undefined && wanted !== listener.tenant) {
      const message = `everybody who comes here is of tenant ${listener.tenant}, so nobody can be of ${wanted}`;
      faults.push({ path: [...path, key], message });
    }
  }
  faults.push(...listenerTlsFaults(listener.tls, [...path, 'tls']));
  const { host, anonymousTenant, allowAnonymousBeyondLoopback } = listener;
  if (anonymousTenant !== undefined && !isLocal(listener) && !allowAnonymousBeyondLoopback) {
    const where = listener.proxyProtocol === undefined ? host : 'its proxies';
    const message = `whoever reaches ${where} would get in: bind a loopback address, or say allowAnonymousBeyondLoopback: true`;
    faults.push({ path: [...path, 'anonymousTenant'], message });
  }
  for (const [at, mechanism] of (listener.saslMechanisms ?? []).entries()) {
    if (listener.tls === undefined && secretsNeedTls(listener) && !mechanism.startsWith('SCRAM-')) {
      const message = `${mechanism} would cross the network in plain text: add tls, or say plaintextPasswords: true`;
      faults.push({ path: [...path, 'saslMechanisms', at], message });
    }
  }
  return faults;
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

/** Whether a password or token that came here without TLS could have been read on the way. */
export function secretsNeedTls(listener: ListenerConfig): boolean {
  return !listener.plaintextPasswords && !isLocal(listener);
}

/**
 * Whether only programs of this machine can be the clients. Before a proxy it does not matter what address is bound: who
 * reaches the proxy reaches the listener.
 */
export function isLocal({ host, proxyProtocol: proxies }: ListenerConfig): boolean {
  return (
    proxies === undefined && (host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host))
  );
}
