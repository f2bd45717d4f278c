import type { AuthorizationRule, RuleOrigin } from './authorization-rule.js';
import { nameMatches } from './glob.js';
import {
  filterCovers,
  filterHead,
  filterMatches,
  filtersOverlap,
  hasWildcard,
  type MqttFilter,
} from './mqtt-filter.js';
import type { Principal } from './principal.js';
import { type Action, actions, type Resource, type ResourceType } from './resource.js';

const impliesDescribe: readonly string[] = ['produce', 'consume', 'delete', 'alter'];

// What a name may consist of to be put where `%u` or `%c` stands. In a prefix or pattern no character that separates the
// parts of names (or that patterns are made of): user `a` must not reach what belongs to user `a.b`.
const harmlessLiteral = /^[A-Za-z0-9._@-]+$/;
const harmlessPart = /^[A-Za-z0-9_-]+$/;
// A level is compared as a whole, so all that a level may hold and that means nothing else.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const harmlessLevel = /^[^+#/$%\u0000-\u001f\u007f-\u009f]+$/;
const harmlessIn = {
  literal: harmlessLiteral,
  prefix: harmlessPart,
  pattern: harmlessPart,
  filter: harmlessLevel,
} as const;

/** What stands for `%u` and `%c`. */
export interface Asker {
  readonly principal: Principal;
  /** The id that the client gives itself; empty when it gives none. */
  readonly clientId: string;
}

/** A filter that somebody wants to subscribe to. */
export interface AskedFilter {
  readonly text: string;
  readonly levels: MqttFilter;
}

/** The name of a rule, for one client. */
interface NamedFor {
  readonly user: string;
  readonly clientId: string;
  /** Undefined where what the client is called cannot be put in. */
  readonly name: string | undefined;
  /** Of a filter. */
  readonly levels: MqttFilter;
}

const noLevels: MqttFilter = [];

/** A rule, ready to be asked. */
export class CompiledRule {
  readonly denies: boolean;
  /** `%c` is in the name: the answer depends on the client too. */
  readonly usesClientId: boolean;
  /** The one name that it is about, however it is used; undefined where there may be others, or conditions. */
  readonly literal: string | undefined;
  readonly #usesUser: boolean;
  readonly #actions: ReadonlySet<string>;
  readonly #everyone: boolean;
  readonly #users: ReadonlySet<string>;
  readonly #groups: readonly string[];
  /** What was made for who asked last: a client asks many times in a row. */
  #named: NamedFor;

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
    const isFixed = !this.#usesUser && !this.usesClientId;
    const isOne = match === 'literal' || (match === 'filter' && !hasWildcard(name));
    const isConditional = rule.qos !== undefined || rule.retain !== undefined;
    this.literal = isFixed && isOne && !isConditional ? name : undefined;
    this.#named = { user: '', clientId: '', name, levels: match === 'filter' ? name.split('/') : noLevels };
  }

  concerns(principal: Principal, action: Action, type: ResourceType): boolean {
    if (!this.#actions.has(action)) return false;
    if (this.rule.resource.type !== '*' && this.rule.resource.type !== type) return false;
    if (this.#everyone || (!principal.anonymous && this.#users.has(principal.user))) return true;
    return this.#groups.some((group) => principal.groups.includes(group));
  }

  matches(asker: Asker, resource: Resource): boolean {
    if (!this.#holdsFor(resource.qos, resource.retain)) return false;
    const { match } = this.rule.resource;
    const { name: wanted, levels: own } = this.#namedFor(asker);
    // A name that cannot be put in opens nothing: an allow rule does not hold, a deny rule holds for everything.
    if (wanted === undefined) return this.denies;
    if (match === 'filter') return filterMatches(own, resource.name);
    return nameMatches(match, wanted, resource.name);
  }

  /** Whether all topic names that the filter says are the rule's. May say no where it is hard to tell. */
  coversFilter(asker: Asker, { text, levels }: AskedFilter, qos: number | undefined): boolean {
    if (!this.#holdsFor(qos, undefined)) return false;
    const { match } = this.rule.resource;
    const { name: wanted, levels: own } = this.#namedFor(asker);
    if (wanted === undefined) return this.denies;
    if (match === 'filter') return filterCovers(own, levels);
    if (!hasWildcard(text)) return nameMatches(match, wanted, text);
    if (match === 'literal') return false;
    const start = match === 'prefix' ? wanted : /^([^*?]*)\*+$/.exec(wanted)?.[1];
    return start !== undefined && filterHead(text).startsWith(start);
  }

  /** Whether there may be a topic name that the filter says and that is the rule's. May say yes where it is hard to tell. */
  overlapsFilter(asker: Asker, { text, levels }: AskedFilter, qos: number | undefined): boolean {
    if (!this.#holdsFor(qos, undefined)) return false;
    const { match } = this.rule.resource;
    const { name: wanted, levels: own } = this.#namedFor(asker);
    if (wanted === undefined) return this.denies;
    if (match === 'filter') return filtersOverlap(own, levels);
    if (match === 'literal') return filterMatches(levels, wanted);
    const start = match === 'prefix' ? wanted : wanted.slice(0, `${wanted}*`.search(/[*?]/));
    const head = filterHead(text);
    return head.startsWith(start) || start.startsWith(head);
  }

  /** Whether no name at all is outside of the rule. */
  get matchesEveryName(): boolean {
    const { match, name } = this.rule.resource;
    if (this.rule.qos !== undefined || this.rule.retain !== undefined) return false;
    return (match === 'prefix' && name === '') || (match === 'pattern' && /^\*+$/.test(name));
  }

  #namedFor({ principal, clientId }: Asker): NamedFor {
    if (!this.#usesUser && !this.usesClientId) return this.#named;
    const user = principal.anonymous ? '' : principal.user;
    const known = this.#named;
    if (known.user === user && known.clientId === clientId && known.name !== this.rule.resource.name)
      return known;
    const { match } = this.rule.resource;
    const name = this.#nameFor(user, clientId);
    const levels = name === undefined || match !== 'filter' ? noLevels : name.split('/');
    this.#named = { user, clientId, name, levels };
    return this.#named;
  }

  /** @param user empty for clients without one */
  #nameFor(user: string, clientId: string): string | undefined {
    const { match, name } = this.rule.resource;
    const harmless = harmlessIn[match];
    if (this.#usesUser && !harmless.test(user)) return undefined;
    if (this.usesClientId && !harmless.test(clientId)) return undefined;
    return name.replaceAll('%u', () => user).replaceAll('%c', () => clientId);
  }

  /** What is not asked about is open: a rule that allows holds then, and one that denies does not. */
  #holdsFor(qos: number | undefined, retain: boolean | undefined): boolean {
    const { rule } = this;
    if (rule.qos !== undefined) {
      if (qos === undefined ? this.denies : !rule.qos.some((each) => each === qos)) return false;
    }
    return rule.retain === undefined || (retain === undefined ? !this.denies : rule.retain === retain);
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

function after(prefix: string, principals: readonly string[]): string[] {
  return principals.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
}
