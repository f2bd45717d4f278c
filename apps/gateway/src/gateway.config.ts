import { z } from 'zod';
import { authorizationRuleFault, userNameFault } from '#libs/auth';
import { kafkaOptionsSchema } from '#libs/kafka-gateway';
import { pulsarNamespaceFault, tenantNameFault } from '#libs/tenancy';

/**
 * Every setting of `pulsegate.yaml`, declared once: type, default and the sentence that users read in the JSON
 * Schema (`pulsegate schema`). Unknown keys are faults, so that a typing error never becomes a silent default.
 * Units are in the names (`...Ms`, `...Bytes`, `...PerSecond`).
 */

const port = z.int().min(0).max(65_535);
const milliseconds = z.int().min(1).max(86_400_000);
const bytes = z.int().min(1).max(2_147_483_647);
const count = z.int().min(1).max(10_000_000);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/, 'letters, digits, dot, underscore and hyphen');
/** A text that one of the libs judges: `fault` says what is wrong with it. */
const judged = (fault: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = fault(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const tenantName = judged(tenantNameFault);
const file = z.string().min(1).describe('Path of a file, relative to the configuration file.');

const listenerTls = z
  .strictObject({
    certFile: file.describe('PEM certificate chain; read again when it changes.'),
    keyFile: file.describe('PEM private key; read again when it changes.'),
    caFile: file.optional().describe('PEM certificates that client certificates are checked against.'),
    clientAuth: z.enum(['none', 'request', 'require']).default('none'),
    reloadIntervalMs: milliseconds.default(10_000).describe('How often the files are looked at.'),
  })
  .describe('TLS of this listener.');

const pulsarTls = z.strictObject({
  caFile: file.optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  verifyHostname: z.boolean().default(true),
  allowInsecure: z.boolean().default(false).describe('Accept any certificate. For tests only.'),
});

const pulsarAuth = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('none') }),
    z.strictObject({ method: z.literal('token'), token: z.string().optional(), tokenFile: file.optional() }),
    z.strictObject({
      method: z.literal('oauth2'),
      issuerUrl: z.url(),
      clientId: z.string().optional(),
      clientSecret: z.string().optional(),
      credentialsFile: file.optional(),
      audience: z.string().optional(),
      scope: z.string().optional(),
    }),
    z.strictObject({ method: z.literal('basic'), username: z.string(), password: z.string() }),
    z.strictObject({ method: z.literal('tls') }),
  ])
  .default({ method: 'none' })
  .describe("The gateway's own identity at Pulsar.");

const pulsar = z.strictObject({
  serviceUrl: z
    .string()
    .regex(/^pulsar(\+ssl)?:\/\/[^\s/]+$/, 'pulsar://host:port[,host:port] or pulsar+ssl://host:port')
    .default('pulsar://127.0.0.1:6650')
    .describe('Binary service URL; several hosts are separated by commas and tried in turn.'),
  adminUrl: z.url().default('http://127.0.0.1:8080').describe('URL of the admin REST interface.'),
  auth: pulsarAuth,
  tls: pulsarTls.prefault({}),
  listenerName: name.optional().describe("Name of the broker's advertised listener to ask for."),
  connectionTimeoutMs: milliseconds.default(10_000),
  operationTimeoutMs: milliseconds.default(30_000),
  keepAliveMs: milliseconds.default(30_000),
});

const listener = z.strictObject({
  name: name.describe('Name of the listener in logs and metrics.'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to bind.'),
  port,
  advertisedHost: z.string().min(1).optional().describe('Host that clients are told to connect to.'),
  advertisedPort: port.optional().describe('Port that clients are told to connect to.'),
  tls: listenerTls.optional(),
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

/** The Kafka front's own settings are declared in its lib; the listeners are every protocol's alike. */
const kafka = z.strictObject({
  listeners: z.array(listener).default([]).describe('Where Kafka clients connect.'),
  ...kafkaOptionsSchema.unwrap().shape,
});

const tenantKafka = z.strictObject({
  autoCreateTopics: z.boolean().default(false).describe('Metadata for an unknown topic creates it.'),
  partitionsDefault: z.int().min(1).max(1_000).default(1),
  messageBytesMax: z
    .int()
    .min(1_024)
    .max(5_000_000)
    .default(1_048_588)
    .describe('max.message.bytes of new topics.'),
});

const limits = z.strictObject({
  produceBytesPerSecond: z.int().min(1).optional(),
  produceMessagesPerSecond: z.int().min(1).optional(),
  produceBurstSeconds: z.number().min(0.1).max(3_600).optional(),
  throttleMsMax: milliseconds.optional().describe('Longest time that one request is slowed by.'),
});

const user = z.strictObject({
  name: judged(userNameFault),
  password: z.string().min(1).optional().describe('A verifier made by `pulsegate hash-password`.'),
  passwordEnv: z
    .string()
    .min(1)
    .optional()
    .describe('Environment variable that holds the password or verifier.'),
  passwordFile: file.optional().describe('File that holds the password or verifier.'),
  groups: z.array(name).default([]),
});

const permission = z.strictObject({
  effect: z.enum(['allow', 'deny']).default('allow'),
  principals: z.array(z.string().regex(/^(\*|(user|group):.+)$/, 'user:NAME, group:NAME or *')).min(1),
  actions: z.array(z.enum(['produce', 'consume', 'create', 'delete', 'alter', 'describe', '*'])).min(1),
  resource: z.strictObject({
    type: z.enum(['topic', 'group', 'transactional-id', 'queue', 'exchange', 'cluster', '*']),
    match: z.enum(['literal', 'prefix', 'pattern']).default('literal'),
    name: z.string().min(1).describe('May hold %u, the name of the user.'),
  }),
});

const tenant = z.strictObject({
  name: tenantName,
  namespace: judged(pulsarNamespaceFault).describe(
    'Pulsar namespace, `tenant/namespace`, that holds everything of this tenant.',
  ),
  kafka: tenantKafka.prefault({}),
  limits: limits.prefault({}),
  users: z.array(user).default([]),
  permissions: z.array(permission).default([]),
});

const cluster = z
  .strictObject({
    stateNamespace: judged(pulsarNamespaceFault)
      .default('public/pulsegate-state')
      .describe(
        'Pulsar namespace, `tenant/namespace`, of the gateways’ own state. Gateways with the same one are one cluster.',
      ),
    memberTimeoutMs: z
      .int()
      .min(500)
      .max(600_000)
      .default(5_000)
      .describe('A gateway that gave no sign of life for so long is gone, and others take over.'),
    listen: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1').describe('Address to bind.'),
        port: port.default(0).describe('0 for any free one.'),
        advertisedHost: z
          .string()
          .min(1)
          .optional()
          .describe('Host that other gateways connect to. Default: the bound address.'),
        advertisedPort: port.optional(),
      })
      .prefault({})
      .describe('Where other gateways connect. Not encrypted: for a network of their own.'),
    secret: z
      .string()
      .min(16)
      .optional()
      .describe(
        'What gateways prove to each other, the same for all. Default: random, told in the state namespace.',
      ),
  })
  .prefault({})
  .describe('Several gateways as one.');

export const gatewayConfigSchema = z
  .strictObject({
    pulsar: pulsar.prefault({}),
    kafka: kafka.prefault({}),
    cluster,
    admin: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port: port.default(8090),
      })
      .prefault({}),
    tenants: z.array(tenant).default([]),
    namespaces: z
      .strictObject({
        apply: z
          .boolean()
          .default(true)
          .describe('Create missing namespaces and set missing policies, where the gateway’s role may.'),
        serveUnverified: z
          .boolean()
          .default(false)
          .describe(
            'Serve namespaces that lack what exactly-once and stable offsets need. Data may be lost.',
          ),
        retryMs: milliseconds.default(5_000).describe('Pause before a failed verification is repeated.'),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
        format: z.enum(['auto', 'json', 'pretty']).default('auto'),
      })
      .prefault({}),
    shutdown: z
      .strictObject({
        drainTimeoutMs: z
          .int()
          .min(1)
          .max(600_000)
          .default(20_000)
          .describe('How long a stop waits for answers that are in flight.'),
      })
      .prefault({}),
  })
  .describe('Configuration of Pulsegate.');

export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
export type ListenerConfig = z.output<typeof listener>;
export type TenantConfig = GatewayConfig['tenants'][number];

/** Of a key in the file, from the top. */
export type ConfigPath = readonly (string | number)[];

/** The listeners of all protocols: what is alike for each protocol starts from here. */
export function listenersOf(
  config: GatewayConfig,
): { readonly protocol: string; readonly path: ConfigPath; readonly listener: ListenerConfig }[] {
  const sections = { kafka: config.kafka };
  return Object.entries(sections).flatMap(([protocol, { listeners }]) =>
    listeners.map((each, index) => ({ protocol, path: [protocol, 'listeners', index], listener: each })),
  );
}

/** A fault that the shape alone does not show. */
export interface ConfigFault {
  readonly path: ConfigPath;
  readonly message: string;
}

/** Faults between keys: references to absent tenants, two passwords, a name or an address used twice. */
export function crossCheck(config: GatewayConfig): ConfigFault[] {
  const listeners = listenersOf(config);
  return [
    ...duplicates(config.tenants.map(({ name: value }, at) => ({ path: ['tenants', at, 'name'], value }))),
    ...duplicates([
      { path: ['cluster', 'stateNamespace'], value: config.cluster.stateNamespace },
      ...config.tenants.map(({ namespace: value }, at) => ({ path: ['tenants', at, 'namespace'], value })),
    ]),
    ...duplicates(
      listeners.map(({ path, listener: each }) => ({ path: [...path, 'name'], value: each.name })),
    ),
    ...duplicates(
      listeners
        .map(({ path, listener: { host, port: each } }) => ({ path, host, port: each }))
        .concat([{ path: ['cluster', 'listen'], ...config.cluster.listen }])
        .filter(({ port: each }) => each !== 0)
        .map(({ path, host, port: each }) => ({ path: [...path, 'port'], value: `${host}:${each}` })),
    ),
    ...pulsarFaults(config.pulsar),
    ...listeners.flatMap(({ path, listener: each }) => listenerFaults(config, each, path)),
    ...config.tenants.flatMap((each, index) => [
      ...userFaults(each, index),
      ...permissionFaults(each, index),
    ]),
  ];
}

function duplicates(used: readonly { readonly path: ConfigPath; readonly value: string }[]): ConfigFault[] {
  const first = new Map<string, ConfigPath>();
  return used.flatMap(({ path, value }) => {
    const other = first.get(value);
    if (other !== undefined) return [{ path, message: `${value} is used by ${other.join('.')} already` }];
    first.set(value, path);
    return [];
  });
}

function listenerFaults(config: GatewayConfig, listener: ListenerConfig, path: ConfigPath): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const key of ['defaultTenant', 'anonymousTenant'] as const) {
    const wanted = listener[key];
    if (wanted !== undefined && !config.tenants.some((each) => each.name === wanted)) {
      faults.push({ path: [...path, key], message: `there is no tenant named ${wanted}` });
    }
  }
  if (listener.tls && listener.tls.clientAuth !== 'none' && listener.tls.caFile === undefined) {
    faults.push({ path: [...path, 'tls', 'caFile'], message: 'needed to check client certificates' });
  }
  if (listener.anonymousTenant !== undefined && !isLoopback(listener.host)) {
    faults.push({
      path: [...path, 'anonymousTenant'],
      message: `anonymous clients are accepted on a loopback address only, and host is ${listener.host}`,
    });
  }
  return faults;
}

function pulsarFaults({ auth, tls }: GatewayConfig['pulsar']): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (auth.method === 'token' && (auth.token === undefined) === (auth.tokenFile === undefined)) {
    faults.push({ path: ['pulsar', 'auth'], message: 'give exactly one of token and tokenFile' });
  }
  const inlineSecret =
    auth.method === 'oauth2' && auth.clientId !== undefined && auth.clientSecret !== undefined;
  if (auth.method === 'oauth2' && inlineSecret === (auth.credentialsFile !== undefined)) {
    const message = 'give either clientId and clientSecret, or credentialsFile';
    faults.push({ path: ['pulsar', 'auth'], message });
  }
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    faults.push({ path: ['pulsar', 'tls'], message: 'certFile and keyFile belong together' });
  }
  return faults;
}

/** Whether only programs of this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function userFaults(tenant: TenantConfig, tenantIndex: number): ConfigFault[] {
  const path = ['tenants', tenantIndex, 'users'];
  const faults = duplicates(
    tenant.users.map(({ name: value }, at) => ({ path: [...path, at, 'name'], value })),
  );
  for (const [index, each] of tenant.users.entries()) {
    const given = [each.password, each.passwordEnv, each.passwordFile].filter((value) => value !== undefined);
    if (given.length !== 1) {
      faults.push({
        path: [...path, index],
        message: 'give exactly one of password, passwordEnv and passwordFile',
      });
    }
  }
  return faults;
}

function permissionFaults(tenant: TenantConfig, tenantIndex: number): ConfigFault[] {
  const users = new Set(tenant.users.map((each) => each.name));
  const groups = new Set(tenant.users.flatMap((each) => each.groups));
  return tenant.permissions.flatMap((rule, index) => {
    const path = ['tenants', tenantIndex, 'permissions', index];
    const fault = authorizationRuleFault(rule);
    const faults: ConfigFault[] = fault === undefined ? [] : [{ path, message: fault }];
    for (const [place, principal] of rule.principals.entries()) {
      const [kind, wanted] = [principal.split(':', 1)[0], principal.slice(principal.indexOf(':') + 1)];
      const known = kind === 'user' ? users : kind === 'group' ? groups : undefined;
      if (known === undefined || known.has(wanted)) continue;
      // A rule for nobody is a typing error, and a deny rule for nobody lets through whom it was for.
      const message = `no user of this tenant ${kind === 'user' ? 'is named' : 'is in group'} ${wanted}`;
      faults.push({ path: [...path, 'principals', place], message });
    }
    return faults;
  });
}
