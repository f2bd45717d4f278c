import {
  type GatewayConfig,
  loadConfig,
  type MqttPermission,
  mqttPermission,
  mqttTopicFault,
  tenantsOf,
} from '#apps/gateway';
import {
  type Action,
  actions,
  anonymousUser,
  Authorizer,
  clusterResource,
  type Explanation,
  type Principal,
  type Resource,
  type ResourceType,
  readUsersFile,
  resourceTypes,
  topicNameFault,
  userNameFault,
} from '#libs/auth';
import { type TenantConfig, tenantOf, wrongUse } from './asked-tenant.js';
import { askPulsar } from './pulsar-grants-question.js';

export interface AclTestOptions {
  readonly user: string;
  readonly action: string;
  /** `TYPE:NAME`, or `cluster`. */
  readonly resource: string;
  readonly config: string;
  readonly tenant?: string;
  /** Of users whom a token or a certificate puts into groups. */
  readonly groups?: readonly string[];
  readonly clientId?: string;
  /** What an MQTT client publishes with, or asks for. */
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly json?: boolean;
}

/**
 * `pulsegate acl test USER ACTION RESOURCE`: whether the configuration's rules allow it, and which of them decides. Exit
 * code 1 when it is denied. Where Pulsar's grants decide, Pulsar is asked. Rules that clients made meanwhile are in the gateways' state: `kafka-acls --list` shows them.
 */
export function aclTestCommand(options: AclTestOptions): number | Promise<number> {
  const config = loadConfig(options.config, process.env, { references: false });
  const tenant = tenantOf(config, options.tenant);
  const action = actionOf(options.action);
  const resource = resourceOf(options.resource);
  const principal = principalOf(config, tenant, options);
  if (tenant.authorization === 'pulsar') {
    const asked = { principal, action, resource: onPulsar(resource, principal) };
    return askPulsar(config, tenant.namespace, asked, options.json ?? false);
  }
  const authorizer = new Authorizer([{ tenant: tenant.name, rules: tenant.permissions }]);
  const mqtt = resource.type === 'mqtt-topic' ? askMqtt(authorizer, principal, action, options) : undefined;
  const explanation =
    mqtt === undefined
      ? authorizer.explain(principal, action, resource, options.clientId)
      : (mqtt.explanation ?? { allowed: mqtt.decision !== 'denied' });
  const place = tenant.permissions.findIndex((rule) => rule === explanation.rule) + 1;
  const { user, groups } = principal;
  const asked = { tenant: tenant.name, user, groups, action, resource };
  const isPartly = mqtt?.decision === 'per-message';
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...asked, allowed: explanation.allowed, rule: explanation.rule ?? null, ...(place > 0 && { ruleNumber: place }), ...(isPartly && { partly: true }) })}\n`
      : `${sentence(asked, explanation, place)}${mqtt === undefined ? '' : mqttSentence(mqtt)}\n`,
  );
  return explanation.allowed ? 0 : 1;
}

interface Asked {
  readonly tenant: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly action: Action;
  readonly resource: Resource;
}

function sentence(asked: Asked, { allowed, rule }: Explanation, place: number): string {
  const { tenant, user, groups, action, resource } = asked;
  const member = groups.length > 0 ? ` (groups ${groups.join(', ')})` : '';
  const what = `${user}${member} of ${tenant}: ${action} ${resource.type} ${resource.name}`;
  if (rule === undefined) return allowed ? `allowed ${what}` : `denied  ${what}\n  no rule allows it`;
  const { effect = 'allow', principals, actions: named } = rule;
  const { type, match, name } = rule.resource;
  const said = `${effect} ${principals.join(', ')} ${named.join(', ')} ${type} ${match} ${JSON.stringify(name)}`;
  return `${allowed ? 'allowed' : 'denied '} ${what}\n  by permission ${place} of the tenant: ${said}`;
}

function askMqtt(
  authorizer: Authorizer,
  principal: Principal,
  action: Action,
  { resource, clientId = '', qos = 0, retain = false }: AclTestOptions,
): MqttPermission {
  const name = resource.slice('mqtt-topic:'.length);
  if (action !== 'produce' && action !== 'consume') {
    throw wrongUse('ACTION', 'clients publish to an mqtt-topic (produce) and subscribe to it (consume)');
  }
  const fault = mqttTopicFault(action, name, principal.tenant);
  if (fault !== undefined) throw wrongUse('RESOURCE', `nobody may use this name: ${fault}`);
  return mqttPermission(authorizer, { principal, clientId, action, name, qos, retain });
}

function mqttSentence({ decision, pulsarTopics, allPulsarTopics }: MqttPermission): string {
  const where = [...pulsarTopics, ...(allPulsarTopics ? ['all others that MQTT clients publish to'] : [])];
  const places = where.length === 0 ? '' : `\n  Pulsar topics: ${where.join(', ')}`;
  return decision === 'per-message'
    ? `${places}\n  but not all of it: each message is decided about`
    : places;
}

/** Where Pulsar decides, the Pulsar topic of an MQTT topic is what counts. */
function onPulsar(resource: Resource, principal: Principal): Resource {
  if (resource.type !== 'mqtt-topic') return resource;
  const { name } = resource;
  const question = { principal, clientId: '', name, qos: 0, retain: false, action: 'consume' } as const;
  const { pulsarTopics, allPulsarTopics } = mqttPermission(new Authorizer([]), question);
  const [topic] = pulsarTopics;
  if (topic === undefined || pulsarTopics.length > 1 || allPulsarTopics) {
    throw wrongUse('RESOURCE', 'this is on several Pulsar topics: ask about one topic at a time');
  }
  return { type: 'topic', name: topic };
}

function actionOf(text: string): Action {
  const action = actions.find((each) => each === text);
  if (action === undefined) throw wrongUse('ACTION', `an action is one of ${actions.join(', ')}`);
  return action;
}

function resourceOf(text: string): Resource {
  if (text === clusterResource.type) return clusterResource;
  const colon = text.indexOf(':');
  const [type, name] = [text.slice(0, colon), text.slice(colon + 1)];
  const known = (value: string): value is ResourceType => resourceTypes.some((each) => each === value);
  if (colon < 1 || name === '' || !known(type) || type === 'cluster') {
    throw wrongUse('RESOURCE', `a resource is TYPE:NAME with one of ${resourceTypes.join(', ')}, or cluster`);
  }
  const fault = type === 'topic' ? topicNameFault(name) : undefined;
  if (fault !== undefined) throw wrongUse('RESOURCE', `nobody may use this name: ${fault}`);
  return { type, name };
}

/** As the gateway would take this user for, when its groups come from the configuration or the users file. */
function principalOf(
  config: GatewayConfig,
  { name: tenant }: TenantConfig,
  options: AclTestOptions,
): Principal {
  const { user } = options;
  const bound = tenantsOf(config).find(({ name }) => name === tenant)!;
  if (user === anonymousUser) {
    return { tenant: bound, user, groups: [], anonymous: true, source: 'anonymous' };
  }
  const fault = userNameFault(user);
  if (fault !== undefined) throw wrongUse('USER', fault);
  const { usersFile } = config.authentication;
  const inFile = usersFile === undefined ? [] : readUsersFile(usersFile);
  const known =
    config.tenants.find(({ name }) => name === tenant)?.users.find(({ name }) => name === user) ??
    inFile.find((each) => each.tenant === tenant && each.name === user);
  const groups = [...new Set([...(known?.groups ?? []), ...(options.groups ?? [])])];
  return { tenant: bound, user, groups, anonymous: false, source: 'password' };
}
