import { z } from 'zod';
import {
  actions,
  authorizationRuleFault,
  deadNameFault,
  resourceMatches,
  resourceTypes,
  userNameFault,
} from '#libs/auth';
import { pulsarNamespaceFault, serverNameFault, tenantAmqpDefaults, tenantMqttDefaults } from '#libs/tenancy';
import { type AuthenticationConfig, namesUsersElsewhere } from './authentication.schema.js';
import { type ConfigFault, duplicates } from './config-fault.js';
import { file, judged, name, tenantName } from './field.schema.js';
import { limitFaults, tenantLimits } from './limits.schema.js';
import { tenantAmqp091, vhostFaults } from './tenant-amqp091.schema.js';
import { type PulsarConfig, tenantPulsar, tenantPulsarFaults } from './pulsar.schema.js';

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

const tenantMqtt = z.strictObject({
  topics: z
    .array(
      z.strictObject({
        filter: z
          .string()
          .min(1)
          .describe('MQTT topics, as a filter; what its + and # stand for is $1, $2, ...'),
        topic: z.string().min(1).describe('Their Pulsar topic in the namespace; may hold $1, $2, ...'),
        key: z
          .string()
          .min(1)
          .optional()
          .describe('Key of their messages; may hold $1, $2, ... Default: the whole MQTT topic.'),
      }),
    )
    .max(1_000)
    .default([])
    .describe(
      'Where MQTT topics are in Pulsar: the first that matches. Default: a topic named after the first level.',
    ),
  topicsMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(tenantMqttDefaults.topicsMax)
    .describe('Pulsar topics that MQTT clients may publish to; beyond it they hear 0x97.'),
  autoCreateTopics: z
    .boolean()
    .default(tenantMqttDefaults.autoCreateTopics)
    .describe('Publishing to a topic that is not there creates it.'),
  partitionsDefault: z.int().min(1).max(1_000).default(tenantMqttDefaults.partitionsDefault),
});

const tenantAmqp = z.strictObject({
  autoCreateTopics: z
    .boolean()
    .default(tenantAmqpDefaults.autoCreateTopics)
    .describe('Attaching to a topic or queue that is not there creates it.'),
  partitionsDefault: z.int().min(1).max(1_000).default(tenantAmqpDefaults.partitionsDefault),
  queuePartitions: z
    .int()
    .min(1)
    .max(1_000)
    .default(tenantAmqpDefaults.queuePartitions)
    .describe('Of new queues. With more than one, only messages of one group or key keep their order.'),
  messageBytesMax: z
    .int()
    .min(1_024)
    .max(5_000_000)
    .default(tenantAmqpDefaults.messageBytesMax)
    .describe('The largest message: the max-message-size that clients are told.'),
  deliveriesMax: z
    .int()
    .min(0)
    .max(65_535)
    .default(tenantAmqpDefaults.deliveriesMax)
    .describe('Deliveries of a queue’s message before it is a dead letter. 0: no limit.'),
  deadLetters: z
    .boolean()
    .default(tenantAmqpDefaults.deadLetters)
    .describe(
      'Messages that are rejected, or delivered too often, go to a dead-letter topic; else they are dropped and counted.',
    ),
  transactions: z
    .boolean()
    .default(tenantAmqpDefaults.transactions)
    .describe('Serve transactions. While one is open, all readers of its partitions wait.'),
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
  // `user:*` would be a user of that name: a rule that denies to it would deny nothing.
  principals: z
    .array(z.string().regex(/^(\*|(user|group):(?!\*$).+)$/, 'user:NAME, group:NAME or, for everyone, *'))
    .min(1),
  actions: z.array(z.enum([...actions, '*'])).min(1),
  resource: z.strictObject({
    type: z.enum([...resourceTypes, '*']),
    match: z.enum(resourceMatches).default('literal'),
    name: z.string().min(1).describe('May hold %u, the name of the user, and %c, the id of the client.'),
  }),
  qos: z
    .array(z.literal([0, 1, 2]))
    .min(1)
    .optional()
    .describe('Of mqtt-topic: the rule is about these QoS only. Default: all.'),
  retain: z
    .boolean()
    .optional()
    .describe('Of mqtt-topic: the rule is about what is published with, or without, RETAIN. Default: both.'),
});

export const tenant = z.strictObject({
  name: tenantName,
  namespace: judged(pulsarNamespaceFault).describe(
    'Pulsar namespace, `tenant/namespace`, that holds everything of this tenant.',
  ),
  serverNames: z
    .array(judged(serverNameFault))
    .default([])
    .describe(
      'Host names in TLS (SNI) that are this tenant: exact, or `*.` and a domain. No other tenant gets in by them.',
    ),
  kafka: tenantKafka.prefault({}),
  mqtt: tenantMqtt.prefault({}),
  amqp: tenantAmqp.prefault({}),
  amqp091: tenantAmqp091.prefault({}),
  limits: tenantLimits.prefault({}),
  users: z.array(user).default([]),
  permissions: z.array(permission).default([]),
  authorization: z
    .enum(['rules', 'pulsar'])
    .default('rules')
    .describe(
      '`rules`: `permissions` decide. `pulsar`: what Pulsar has granted to the role that is named like the user.',
    ),
  pulsar: tenantPulsar
    .optional()
    .describe('Who the connections of this tenant are at Pulsar. Default: the gateway itself.'),
});

export type TenantConfig = z.output<typeof tenant>;

/** What is wrong inside of one tenant. */
export function tenantFaults(
  each: TenantConfig,
  index: number,
  {
    pulsar,
    authentication,
  }: { readonly pulsar: PulsarConfig; readonly authentication: AuthenticationConfig },
): ConfigFault[] {
  return [
    ...userFaults(each, index),
    ...limitFaults(each.limits, ['tenants', index, 'limits']),
    ...vhostFaults(each.amqp091, ['tenants', index, 'amqp091', 'vhosts']),
    ...permissionFaults(each, index, !namesUsersElsewhere(authentication, each.name)),
    ...(each.pulsar ? tenantPulsarFaults(each.pulsar, ['tenants', index, 'pulsar'], pulsar) : []),
  ];
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

/** @param allUsersKnown so that a rule for another one is a mistake */
function permissionFaults(tenant: TenantConfig, tenantIndex: number, allUsersKnown: boolean): ConfigFault[] {
  const users = new Set(tenant.users.map((each) => each.name));
  const groups = new Set(tenant.users.flatMap((each) => each.groups));
  if (tenant.authorization === 'pulsar' && tenant.permissions.length > 0) {
    const message = 'nobody asks them: authorization is pulsar';
    return [{ path: ['tenants', tenantIndex, 'permissions'], message }];
  }
  const usersAreMade = tenant.permissions.some(letsMakeUsers);
  return tenant.permissions.flatMap((rule, index) => {
    const path = ['tenants', tenantIndex, 'permissions', index];
    const fault = authorizationRuleFault(rule) ?? deadRuleFault(rule);
    const faults: ConfigFault[] = fault === undefined ? [] : [{ path, message: fault }];
    for (const [place, principal] of rule.principals.entries()) {
      const [kind, wanted] = [principal.split(':', 1)[0], principal.slice(principal.indexOf(':') + 1)];
      const known = kind === 'user' ? users : kind === 'group' ? groups : undefined;
      if (!allUsersKnown || known === undefined || known.has(wanted)) continue;
      if (kind === 'user' && usersAreMade) continue;
      // A rule for nobody is a typing error, and a deny rule for nobody lets through whom it was for.
      const message =
        kind === 'user'
          ? `no user of this tenant is named ${wanted}, and no rule lets anybody make one (alter of the cluster)`
          : `no user of this tenant is in group ${wanted}`;
      faults.push({ path: [...path, 'principals', place], message });
    }
    return faults;
  });
}

/** Who may alter the cluster makes SCRAM users by Kafka's own tools. They are in no group. */
function letsMakeUsers({ effect, actions: allowed, resource }: TenantConfig['permissions'][number]): boolean {
  const alters = allowed.includes('alter') || allowed.includes('*');
  const cluster = resource.type === 'cluster' || resource.type === '*';
  return (
    effect === 'allow' && alters && cluster && deadNameFault({ ...resource, type: 'cluster' }) === undefined
  );
}

/** A deny rule for nothing or nobody would deny nothing. */
function deadRuleFault({ principals, resource }: TenantConfig['permissions'][number]): string | undefined {
  const fault = deadNameFault(resource);
  if (fault !== undefined) return fault;
  return principals.some((principal) => principal !== '*' && /[*?]/.test(principal))
    ? 'users and groups are named without wildcards; everyone is "*"'
    : undefined;
}
