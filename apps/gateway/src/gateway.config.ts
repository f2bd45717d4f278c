import { z } from 'zod';
import { amqp091OptionsSchema, rabbitPermissionFaults } from '#libs/amqp091-gateway';
import { amqpOptionsSchema } from '#libs/amqp-gateway';
import { kafkaOptionsSchema } from '#libs/kafka-gateway';
import { mqttOptionsSchema, topicRuleFaults } from '#libs/mqtt-gateway';
import { admin, adminFaults } from './config/admin.schema.js';
import { audit, auditFaults } from './config/audit.schema.js';
import { authentication, authenticationFaults, identitySources } from './config/authentication.schema.js';
import { cluster } from './config/cluster.schema.js';
import { type ConfigFault, type ConfigPath, duplicates } from './config/config-fault.js';
import { milliseconds } from './config/field.schema.js';
import { jwtFaults } from './config/jwt.schema.js';
import { gatewayLimits } from './config/limits.schema.js';
import {
  amqpListener,
  isLocal,
  type ListenerConfig,
  listener,
  listenerFaults,
  mqttListener,
} from './config/listener.schema.js';
import { pulsar, pulsarFaults } from './config/pulsar.schema.js';
import { pulsarTokensFaults } from './config/pulsar-tokens.schema.js';
import { tenant, tenantFaults } from './config/tenant.schema.js';

/** Of fronts, for commands that ask what a configuration means. */
export {
  explainFilter,
  explainTopic,
  type MqttPermission,
  mqttPermission,
  mqttTopicFault,
} from '#libs/mqtt-gateway';

/**
 * Every setting of `pulsegate.yaml`, declared once (its sections in `config/`): type, default and the sentence that users
 * read in the JSON Schema (`pulsegate schema`). Unknown keys are faults, so that a typing error never becomes a silent default.
 * Units are in the names (`...Ms`, `...Bytes`, `...PerSecond`).
 */

/** A front's own settings are declared in its lib; the listeners are every protocol's alike. */
const kafka = z.strictObject({
  listeners: z.array(listener).default([]).describe('Where Kafka clients connect.'),
  ...kafkaOptionsSchema.unwrap().shape,
});

const mqtt = z.strictObject({
  listeners: z.array(mqttListener).default([]).describe('Where MQTT clients connect.'),
  ...mqttOptionsSchema.unwrap().shape,
});

const amqp = z.strictObject({
  listeners: z.array(amqpListener).default([]).describe('Where AMQP clients connect.'),
  ...amqpOptionsSchema.unwrap().shape,
});

export const gatewayConfigSchema = z
  .strictObject({
    pulsar: pulsar.prefault({}),
    kafka: kafka.prefault({}),
    mqtt: mqtt.prefault({}),
    amqp: amqp.prefault({}),
    amqp091: amqp091OptionsSchema,
    cluster,
    authentication,
    admin,
    audit,
    reload: z
      .strictObject({
        onFileChange: z
          .boolean()
          .default(true)
          .describe(
            'Take up changes of this file while the gateway runs. SIGHUP and the admin HTTP do so anyway.',
          ),
      })
      .prefault({}),
    limits: gatewayLimits.prefault({}).describe('What all clients of this gateway together may use up.'),
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
        offsets: z
          .enum(['dense', 'sparse', 'auto'])
          .default('dense')
          .describe(
            'Kafka offsets: dense needs the brokers’ index; sparse are made from message ids; auto: sparse where there is no index. A namespace keeps its kind.',
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

/** The listeners of all protocols: what is alike for each protocol starts from here. */
export function listenersOf(
  config: GatewayConfig,
): { readonly protocol: string; readonly path: ConfigPath; readonly listener: ListenerConfig }[] {
  const sections = { kafka: config.kafka, mqtt: config.mqtt, amqp: config.amqp };
  return Object.entries(sections).flatMap(([protocol, { listeners }]) =>
    listeners.map((each: ListenerConfig, index) => ({
      protocol,
      path: [protocol, 'listeners', index],
      listener: each,
    })),
  );
}

/** Faults between keys: references to absent tenants, two passwords, a name or an address used twice. */
export function crossCheck(config: GatewayConfig): ConfigFault[] {
  const listeners = listenersOf(config);
  const tenants = new Set(config.tenants.map((each) => each.name));
  return [
    ...duplicates(config.tenants.map(({ name: value }, at) => ({ path: ['tenants', at, 'name'], value }))),
    ...duplicates([
      { path: ['cluster', 'stateNamespace'], value: config.cluster.stateNamespace },
      ...config.tenants.map(({ namespace: value }, at) => ({ path: ['tenants', at, 'namespace'], value })),
      ...config.tenants.flatMap(({ amqp091 }, tenantAt) =>
        amqp091.vhosts.map(({ pulsarNamespace: value }, at) => ({
          path: ['tenants', tenantAt, 'amqp091', 'vhosts', at, 'pulsarNamespace'],
          value,
        })),
      ),
    ]),
    ...duplicates(
      config.tenants.flatMap(({ serverNames }, tenantAt) =>
        serverNames.map((value, at) => ({ path: ['tenants', tenantAt, 'serverNames', at], value })),
      ),
    ),
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
    ...pulsarTokensFaults(config.authentication.pulsarTokens, ['authentication', 'pulsarTokens'], tenants),
    ...adminFaults(config.admin, ['admin']),
    ...auditFaults(config.audit, ['audit'], namespacesOf(config)),
    ...pulsarFaults(config.pulsar),
    ...jwtFaults(config.authentication.jwt, ['authentication', 'jwt'], tenants),
    ...listeners.flatMap(({ path, listener: each }) => listenerFaults(each, path, tenants)),
    ...config.tenants.flatMap((each, index) => tenantFaults(each, index, config)),
    ...config.tenants.flatMap(({ mqtt: { topics } }, index) =>
      topicRuleFaults(topics).map(({ index: at, key, message }) => ({
        path: ['tenants', index, 'mqtt', 'topics', at, key],
        message,
      })),
    ),
    ...config.tenants.flatMap(({ amqp091 }, tenantAt) =>
      rabbitPermissionFaults(amqp091).map(({ list, index, key, message }) => ({
        path: ['tenants', tenantAt, 'amqp091', list, index, key],
        message,
      })),
    ),
    ...authenticationFaults(
      config.authentication,
      tenants,
      listeners.map((each) => each.listener),
    ),
    ...entryFaults(config),
  ];
}

/** What clients reach. */
function namespacesOf({ tenants }: GatewayConfig): Set<string> {
  const vhosts = tenants.flatMap(({ amqp091 }) =>
    amqp091.vhosts.map(({ pulsarNamespace }) => pulsarNamespace),
  );
  return new Set([...tenants.map(({ namespace }) => namespace), ...vhosts]);
}

/** Listeners that would be open to a network before anybody was named who may come, and names that nobody can use. */
function entryFaults(config: GatewayConfig): ConfigFault[] {
  const listeners = listenersOf(config);
  const users = config.tenants.some((each) => each.users.length > 0);
  const known = users || identitySources(config.authentication).length > 0;
  const faults: ConfigFault[] = [];
  for (const { path, listener: each } of listeners) {
    if (known || isLocal(each) || each.anonymousTenant !== undefined) continue;
    const local =
      each.proxyProtocol === undefined ? `bind 127.0.0.1 instead of ${each.host}` : 'remove proxyProtocol';
    const message = `nobody is configured who may come: add tenants[].users or authentication.usersFile, or ${local}`;
    faults.push({ path: [...path, 'host'], message });
  }
  const tls = listeners.some((each) => each.listener.tls !== undefined);
  for (const [index, { serverNames }] of config.tenants.entries()) {
    if (serverNames.length === 0 || tls) continue;
    const message = 'clients say host names in TLS only, and no listener has tls';
    faults.push({ path: ['tenants', index, 'serverNames'], message });
  }
  return faults;
}
