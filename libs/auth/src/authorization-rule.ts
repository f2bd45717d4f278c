import type { Principal } from './principal.js';
import { type Action, actions, type ResourceType, resourceTypes } from './resource.js';
import { globMatches } from './glob.js';

/** One line of a tenant's permissions. */
export interface AuthorizationRule {
  /** Default `allow`. A deny that matches wins over every allow. */
  readonly effect?: 'allow' | 'deny';
  /** `user:<name>`, `group:<name>` or `*`: everyone in the tenant, anonymous clients included. */
  readonly principals: readonly string[];
  /** Allowed produce, consume, delete or alter also allows describe, as in Kafka. */
  readonly actions: readonly (Action | '*')[];
  readonly resource: {
    readonly type: ResourceType | '*';
    /** `literal`: the name itself; `prefix`: names that start so; `pattern`: `*` any characters, `?` one. */
    readonly match: 'literal' | 'prefix' | 'pattern';
    /** May hold `%u`, the user's name. */
    readonly name: string;
  };
}

const longestName = 1_024;
const impliesDescribe: readonly string[] = ['produce', 'consume', 'delete', 'alter'];

// What a user name may consist of to be put where `%u` stands. In a prefix or pattern no character that separates the
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
  const placeholder = /%(?!u)./.exec(resource.name);
  if (placeholder) return `there is no placeholder ${JSON.stringify(placeholder[0])}; %u is the user's name`;
  return undefined;
}

/** A rule, ready to be asked. */
export class CompiledRule {
  readonly denies: boolean;
  readonly #actions: ReadonlySet<string>;
  readonly #everyone: boolean;
  readonly #users: ReadonlySet<string>;
  readonly #groups: readonly string[];
  readonly #hasPlaceholder: boolean;

  constructor(readonly rule: AuthorizationRule) {
    this.denies = rule.effect === 'deny';
    const named: Set<string> = new Set(rule.actions.includes('*') ? actions : rule.actions);
    if (!this.denies && impliesDescribe.some((action) => named.has(action))) named.add('describe');
    this.#actions = named;
    this.#everyone = rule.principals.includes('*');
    this.#users = new Set(after('user:', rule.principals));
    this.#groups = after('group:', rule.principals);
    this.#hasPlaceholder = rule.resource.name.includes('%u');
  }

  concerns(principal: Principal, action: Action, type: ResourceType): boolean {
    if (!this.#actions.has(action)) return false;
    if (this.rule.resource.type !== '*' && this.rule.resource.type !== type) return false;
    if (this.#everyone || (!principal.anonymous && this.#users.has(principal.user))) return true;
    return this.#groups.some((group) => principal.groups.includes(group));
  }

  matches(principal: Principal, name: string): boolean {
    const { match, name: wanted } = this.rule.resource;
    if (!this.#hasPlaceholder) return nameMatches(match, wanted, name);
    const harmless = match === 'literal' ? harmlessLiteral : harmlessPart;
    // A name that cannot be put in opens nothing: an allow rule does not hold, a deny rule holds for everything.
    if (principal.anonymous || !harmless.test(principal.user)) return this.denies;
    return nameMatches(match, wanted.replaceAll('%u', principal.user), name);
  }

  /** Whether no name at all is outside of the rule. */
  get matchesEveryName(): boolean {
    const { match, name } = this.rule.resource;
    return (match === 'prefix' && name === '') || (match === 'pattern' && /^\*+$/.test(name));
  }
}

function nameMatches(match: AuthorizationRule['resource']['match'], wanted: string, name: string): boolean {
  if (match === 'literal') return name === wanted;
  return match === 'prefix' ? name.startsWith(wanted) : globMatches(wanted, name);
}

function after(prefix: string, principals: readonly string[]): string[] {
  return principals.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
}
