import type { Principal } from './principal.js';
import { type Action, actions, clusterResource, type ResourceType, resourceTypes } from './resource.js';
import { globMatches } from './glob.js';
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
    /** `literal`: the name itself; `prefix`: names that start so; `pattern`: `*` any characters, `?` one. */
    readonly match: 'literal' | 'prefix' | 'pattern';
    /** May hold `%u`, the user's name, and `%c`, the id that the client gives itself. */
    readonly name: string;
  };
}

/** Who made a rule: the operator in the configuration file, or clients by a protocol's own means. */
export type RuleOrigin = 'config' | 'state';

const longestName = 1_024;
const impliesDescribe: readonly string[] = ['produce', 'consume', 'delete', 'alter'];

// What a name may consist of to be put where `%u` or `%c` stands. In a prefix or pattern no character that separates the
// parts of names (or that patterns are made of): user `a` must not reach what belongs to user `a.b`.
const harmlessLiteral = /^[A-Za-z0-9._@-]+$/;
const harmlessPart = /^[A-Za-z0-9_-]+$/;

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
  if (!['literal', 'prefix', 'pattern'].includes(resource.match))
    return 'match is literal, prefix or pattern';
  if (resource.name.length > longestName) return `a resource name has at most ${longestName} characters`;
  if (resource.match === 'literal' && resource.name === '') return 'a literal resource name is not empty';
  const placeholder = /%(?![uc]).?/.exec(resource.name);
  if (placeholder) {
    return `there is no placeholder ${JSON.stringify(placeholder[0])}; %u is the user's name, %c the client id`;
  }
  return undefined;
}

/** Why nothing is ever called so, or undefined. Such a rule only looks like one: as a deny it would deny nothing. */
export function deadNameFault({ type, match, name }: AuthorizationRule['resource']): string | undefined {
  if (match !== 'pattern' && /[*?]/.test(name)) {
    return `"*" and "?" stand for other characters with match: pattern only, not with ${match}`;
  }
  if (name.includes('%')) return undefined;
  if (type === 'cluster' && !nameMatches(match, name, clusterResource.name)) {
    return `the name of the cluster is ${JSON.stringify(clusterResource.name)}`;
  }
  return type === 'topic' && match === 'literal' ? topicNameFault(name) : undefined;
}

/** What stands for `%u` and `%c`. */
export interface Asker {
  readonly principal: Principal;
  /** The id that the client gives itself; empty when it gives none. */
  readonly clientId: string;
}

/** A rule, ready to be asked. */
export class CompiledRule {
  readonly denies: boolean;
  /** `%c` is in the name: the answer depends on the client too. */
  readonly usesClientId: boolean;
  /** The one name that it is about; undefined where the name holds a placeholder or stands for several. */
  readonly literal: string | undefined;
  readonly #usesUser: boolean;
  readonly #actions: ReadonlySet<string>;
  readonly #everyone: boolean;
  readonly #users: ReadonlySet<string>;
  readonly #groups: readonly string[];

  constructor(
    readonly rule: AuthorizationRule,
    readonly origin: RuleOrigin,
  ) {
    const { match, name } = rule.resource;
    this.denies = rule.effect === 'deny';
    this.#actions = actionsOf(rule);
    this.#everyone = rule.principals.includes('*');
    this.#users = new Set(after('user:', rule.principals));
    this.#groups = after('group:', rule.principals);
    this.#usesUser = name.includes('%u');
    this.usesClientId = name.includes('%c');
    const isFixed = match === 'literal' && !this.#usesUser && !this.usesClientId;
    this.literal = isFixed ? name : undefined;
  }

  concerns(principal: Principal, action: Action, type: ResourceType): boolean {
    if (!this.#actions.has(action)) return false;
    if (this.rule.resource.type !== '*' && this.rule.resource.type !== type) return false;
    if (this.#everyone || (!principal.anonymous && this.#users.has(principal.user))) return true;
    return this.#groups.some((group) => principal.groups.includes(group));
  }

  matches({ principal, clientId }: Asker, name: string): boolean {
    const { match } = this.rule.resource;
    let wanted = this.rule.resource.name;
    const harmless = match === 'literal' ? harmlessLiteral : harmlessPart;
    // A name that cannot be put in opens nothing: an allow rule does not hold, a deny rule holds for everything.
    if (this.#usesUser) {
      if (principal.anonymous || !harmless.test(principal.user)) return this.denies;
      wanted = wanted.replaceAll('%u', principal.user);
    }
    if (this.usesClientId) {
      if (!harmless.test(clientId)) return this.denies;
      wanted = wanted.replaceAll('%c', clientId);
    }
    return nameMatches(match, wanted, name);
  }

  /** Whether no name at all is outside of the rule. */
  get matchesEveryName(): boolean {
    const { match, name } = this.rule.resource;
    return (match === 'prefix' && name === '') || (match === 'pattern' && /^\*+$/.test(name));
  }
}

function actionsOf({ actions: named, effect }: AuthorizationRule): ReadonlySet<string> {
  const all: Set<string> = new Set(named.includes('*') ? actions : named);
  if (all.has('alter')) all.add('alter-configs');
  if (all.has('describe')) all.add('describe-configs');
  if (effect === 'deny') return all;
  if (impliesDescribe.some((action) => all.has(action))) all.add('describe');
  if (all.has('alter-configs')) all.add('describe-configs');
  return all;
}

function nameMatches(match: AuthorizationRule['resource']['match'], wanted: string, name: string): boolean {
  if (match === 'literal') return name === wanted;
  return match === 'prefix' ? name.startsWith(wanted) : globMatches(wanted, name);
}

function after(prefix: string, principals: readonly string[]): string[] {
  return principals.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
}
