import { nameMatches } from './glob.js';
import { hasWildcard, mqttFilterFault } from './mqtt-filter.js';
import { type Action, actions, clusterResource, type ResourceType, resourceTypes } from './resource.js';
import { topicNameFault } from './topic-name.js';

/** One line of a tenant's permissions. */
export interface AuthorizationRule {
  /** Default `allow`. A deny that matches wins over every allow. */
  readonly effect?: 'allow' | 'deny';
  /** `user:<name>`, `group:<name>` or `*`: everyone in the tenant, anonymous clients included. */
  readonly principals: readonly string[];
  /**
   * Allowed produce, consume, delete or alter also allows describe, as in Kafka. Alter is also alter-configs, and describe
   * is also describe-configs, for allow and deny alike; who may alter configurations may describe them.
   */
  readonly actions: readonly (Action | '*')[];
  readonly resource: {
    readonly type: ResourceType | '*';
    /**
     * `literal`: the name itself; `prefix`: names that start so; `pattern`: `*` any characters, `?` one; `filter`: those of
     * `mqtt-topic` that a topic filter of MQTT says.
     */
    readonly match: ResourceMatch;
    /** May hold `%u`, the user's name, and `%c`, the id that the client gives itself. */
    readonly name: string;
  };
  /** Of `mqtt-topic`: the rule is about these QoS only: of what is published, and that subscriptions ask for. */
  readonly qos?: readonly (0 | 1 | 2)[];
  /** Of `mqtt-topic` and `produce`: the rule is only about what is published with (or without) the RETAIN flag. */
  readonly retain?: boolean;
}

export const resourceMatches = ['literal', 'prefix', 'pattern', 'filter'] as const;
export type ResourceMatch = (typeof resourceMatches)[number];

/** Who made a rule: the operator in the configuration file, or clients by a protocol's own means. */
export type RuleOrigin = 'config' | 'state';

const longestName = 1_024;
/** What is done with an MQTT topic: publish and subscribe. */
const mqttActions: readonly string[] = ['produce', 'consume', '*'];

/** Why a rule is none, or undefined: what TypeScript would refuse, for rules that come from a file. */
export function authorizationRuleFault(rule: AuthorizationRule): string | undefined {
  const { principals, resource } = rule;
  if (rule.effect !== undefined && rule.effect !== 'allow' && rule.effect !== 'deny')
    return 'effect is allow or deny';
  if (principals.length === 0) return 'a rule has at least one principal';
  const odd = principals.find((principal) => !/^(?:\*|(?:user|group):.+)$/.test(principal));
  if (odd !== undefined)
    return `a principal is "user:<name>", "group:<name>" or "*", not ${JSON.stringify(odd)}`;
  if (rule.actions.length === 0) return 'a rule has at least one action';
  const action = rule.actions.find((each) => each !== '*' && !actions.includes(each));
  if (action !== undefined)
    return `an action is one of ${actions.join(', ')} or "*", not ${JSON.stringify(action)}`;
  if (resource.type !== '*' && !resourceTypes.includes(resource.type)) {
    return `a resource type is one of ${resourceTypes.join(', ')} or "*", not ${JSON.stringify(resource.type)}`;
  }
  if (!resourceMatches.includes(resource.match)) return 'match is literal, prefix, pattern or filter';
  if (resource.name.length > longestName) return `a resource name has at most ${longestName} characters`;
  if (resource.match === 'literal' && resource.name === '') return 'a literal resource name is not empty';
  const placeholder = /%(?![uc]).?/.exec(resource.name);
  if (placeholder) {
    return `there is no placeholder ${JSON.stringify(placeholder[0])}; %u is the user's name, %c the client id`;
  }
  return mqttRuleFault(rule);
}

function mqttRuleFault({ resource, actions: named, qos, retain }: AuthorizationRule): string | undefined {
  if (resource.type !== 'mqtt-topic') {
    if (resource.match === 'filter') return 'match: filter is for resources of type mqtt-topic';
    if (qos !== undefined || retain !== undefined)
      return 'qos and retain are for resources of type mqtt-topic';
    return undefined;
  }
  const odd = named.find((action) => !mqttActions.includes(action));
  if (odd !== undefined) {
    return `clients publish to an mqtt-topic (produce) and subscribe to it (consume); there is no ${odd}`;
  }
  if (qos !== undefined && (qos.length === 0 || qos.some((each) => ![0, 1, 2].includes(each)))) {
    return 'qos is a list of 0, 1 and 2';
  }
  if (retain !== undefined && !named.some((action) => action === 'produce' || action === '*')) {
    return 'retain is about what is published (produce)';
  }
  return resource.match === 'filter' ? mqttFilterFault(resource.name.replaceAll(/%[uc]/g, 'x')) : undefined;
}

/** Why nothing is ever called so, or undefined. Such a rule only looks like one: as a deny it would deny nothing. */
export function deadNameFault({ type, match, name }: AuthorizationRule['resource']): string | undefined {
  if (type === 'mqtt-topic' && match !== 'filter' && hasWildcard(name)) {
    return `"+" and "#" stand for levels with match: filter only, not with ${match}`;
  }
  const isFree = match === 'pattern' || match === 'filter' || type === 'mqtt-topic';
  if (!isFree && /[*?]/.test(name)) {
    return `"*" and "?" stand for other characters with match: pattern only, not with ${match}`;
  }
  if (name.includes('%')) return undefined;
  if (type === 'cluster' && match !== 'filter' && !nameMatches(match, name, clusterResource.name)) {
    return `the name of the cluster is ${JSON.stringify(clusterResource.name)}`;
  }
  return type === 'topic' && match === 'literal' ? topicNameFault(name) : undefined;
}
