import { type AuthorizationRule, authorizationRuleFault, type RuleOrigin } from './authorization-rule.js';
import { type AskedFilter, CompiledRule } from './compiled-rule.js';
import type { Principal } from './principal.js';
import { type Action, actions, type Resource, type ResourceType, resourceTypes } from './resource.js';

/** The permissions of one tenant. */
export interface RuleSet {
  readonly tenant: string;
  readonly rules: readonly AuthorizationRule[];
}

/** Why something is allowed or not; without an origin it is denied because no rule allows it. */
export interface Explanation {
  readonly allowed: boolean;
  readonly rule?: AuthorizationRule;
  /** Where the deciding rule is from; `policy`: see {@link Authorizer.setPolicy}. */
  readonly origin?: RuleOrigin | 'policy';
}

/** `none`: no rule is about it, so it is denied unless something else than this name allows it. */
export type Verdict = 'allow' | 'deny' | 'none';

/** What holds for many names at once. */
export interface ScopeVerdict {
  /** Of `some`, which rules there are decides: it may turn out to be none. */
  readonly allowed: 'all' | 'some' | 'none';
  readonly denied: 'all' | 'some' | 'none';
}

/** Every fault of the rules, told together. */
export class AuthorizerError extends Error {
  override readonly name = 'AuthorizerError';

  constructor(readonly faults: readonly string[]) {
    super(`authorization: ${faults.join('; ')}`);
  }
}

/**
 * Decides for a tenant instead of rules: what it is granted elsewhere. Answers are remembered while `version` stays the
 * same, so it changes whenever an answer may have changed, also where time alone changes it.
 */
export interface AuthorizationPolicy {
  readonly version: number;
  decide(principal: Principal, action: PolicyAction, resource: Resource): boolean;
  /** Whether there is any resource of the type that the principal may do this to. */
  decideAny(principal: Principal, action: PolicyAction, type: ResourceType): boolean;
}

/** Configurations are altered and described by who may alter and describe. */
export type PolicyAction = Exclude<Action, 'alter-configs' | 'describe-configs'>;

const actionIndex: Readonly<Record<Action, number>> = indexOf(actions);
const typeIndex: Readonly<Record<ResourceType, number>> = indexOf(resourceTypes);

/**
 * Decides what a principal may do inside its tenant. A matching deny rule wins, else a matching allow rule allows, else it
 * is denied. The names must be canonical: two names of one thing would be two decisions.
 */
export class Authorizer {
  readonly #tenants = new Map<string, TenantPermissions>();
  // By the principal object, of which there is one per user: what is remembered goes with the user.
  #decisions = new WeakMap<Principal, PrincipalDecisions>();
  #rememberedBytes = 0;
  /** Called when something is allowed that was not remembered: at least the first time, and when permissions have changed. */
  onAllowed:
    | ((principal: Principal, action: Action, resource: Resource, clientId: string) => void)
    | undefined;

  /**
   * @param ruleSets those of the configuration
   * @param rememberedBytesMax about, of all principals; when there is more, all is forgotten. Each token is a principal
   *
   * @throws AuthorizerError
   */
  constructor(
    ruleSets: readonly RuleSet[],
    private readonly rememberedBytesMax = 64 * 1024 * 1024,
  ) {
    const faults: string[] = [];
    const named = new Set<string>();
    for (const { tenant, rules } of ruleSets) {
      if (named.has(tenant)) faults.push(`tenant ${tenant} has two sets of rules`);
      faults.push(...rulesFaults(tenant, rules));
      named.add(tenant);
      if (faults.length === 0) this.#permissions(tenant).set('config', rules);
    }
    if (faults.length > 0) throw new AuthorizerError(faults);
  }

  /**
   * Replaces the rules of one origin; the next question is answered by the new ones.
   *
   * @throws AuthorizerError and leaves the rules as they were
   */
  setRules(tenant: string, origin: RuleOrigin, rules: readonly AuthorizationRule[]): void {
    const faults = rulesFaults(tenant, rules);
    if (faults.length > 0) throw new AuthorizerError(faults);
    this.#permissions(tenant).set(origin, rules);
  }

  /** The rules of a tenant, those of the configuration first. */
  rulesOf(tenant: string): readonly { readonly origin: RuleOrigin; readonly rule: AuthorizationRule }[] {
    return this.#tenants.get(tenant)?.rules ?? [];
  }

  /** From here on the policy decides for this tenant, and its rules do not. */
  setPolicy(tenant: string, policy: AuthorizationPolicy): void {
    this.#permissions(tenant).policy = policy;
  }

  /** Whether something else than rules decides for this tenant. */
  hasPolicy(tenant: string): boolean {
    return this.#tenants.get(tenant)?.policy !== undefined;
  }

  /**
   * One map look-up once the decision is known.
   *
   * @param clientId what the client calls itself, for rules with `%c`
   */
  authorize(principal: Principal, action: Action, resource: Resource, clientId = ''): boolean {
    return this.judge(principal, action, resource, clientId) === 'allow';
  }

  /** The same for what has two names, of which either may allow and either deny. A policy knows no `none`. */
  judge(principal: Principal, action: Action, resource: Resource, clientId = ''): Verdict {
    return this.#decisionsOf(principal).decide(action, resource, clientId, this.onAllowed);
  }

  /**
   * What holds for the topics of an MQTT filter, by the rules for `mqtt-topic`. A policy decides by who asks alone.
   *
   * @param filter valid, without `$share/name/`
   */
  judgeFilter(
    principal: Principal,
    action: 'produce' | 'consume',
    filter: string,
    qos: 0 | 1 | 2 | undefined,
    clientId = '',
  ): ScopeVerdict {
    const { policy } = this.#permissions(principal.tenant.name);
    if (policy !== undefined) {
      const allowed = policy.decide(principal, action, { type: 'mqtt-topic', name: filter });
      return { allowed: allowed ? 'all' : 'none', denied: 'none' };
    }
    const rules = this.#decisionsOf(principal).rulesFor(action, 'mqtt-topic');
    const asker = { principal, clientId };
    const asked: AskedFilter = { text: filter, levels: filter.split('/') };
    return scopeVerdict(
      rules,
      (rule) => rule.coversFilter(asker, asked, qos),
      (rule) => rule.overlapsFilter(asker, asked, qos),
    );
  }

  /** What holds for all names of a type, those that are not there yet too. */
  judgeEvery(principal: Principal, action: Action, type: ResourceType): ScopeVerdict {
    const { policy } = this.#permissions(principal.tenant.name);
    if (policy !== undefined) {
      const allowed = policy.decideAny(principal, policyAction(action), type) ? 'some' : 'none';
      return { allowed, denied: 'some' };
    }
    return scopeVerdict(
      this.#decisionsOf(principal).rulesFor(action, type),
      (rule) => rule.matchesEveryName,
      () => true,
    );
  }

  /** Another number whenever an answer about the tenant's principals may have changed. */
  version(tenant: string): number {
    return this.#permissions(tenant).version;
  }

  #decisionsOf(principal: Principal): PrincipalDecisions {
    let decisions = this.#decisions.get(principal);
    if (decisions === undefined) {
      decisions = new PrincipalDecisions(principal, this.#permissions(principal.tenant.name), this.#remember);
      this.#decisions.set(principal, decisions);
    }
    return decisions;
  }

  /** What `authorize` decides, with the rule that made it: the first deny that matches, else the first allow. */
  explain(principal: Principal, action: Action, resource: Resource, clientId = ''): Explanation {
    const permissions = this.#permissions(principal.tenant.name);
    const { policy } = permissions;
    if (policy !== undefined) {
      return { allowed: policy.decide(principal, policyAction(action), resource), origin: 'policy' };
    }
    const asker = { principal, clientId };
    const matching = permissions.rules.filter(
      (rule) => rule.concerns(principal, action, resource.type) && rule.matches(asker, resource),
    );
    const deciding = matching.find((rule) => rule.denies) ?? matching[0];
    if (deciding === undefined) return { allowed: false };
    return { allowed: !deciding.denies, rule: deciding.rule, origin: deciding.origin };
  }

  /** Whether there is any resource of the type that the principal may do this to (Kafka's idempotent write, KIP-679). */
  authorizeAny(principal: Principal, action: Action, type: ResourceType): boolean {
    const { policy, rules } = this.#permissions(principal.tenant.name);
    if (policy !== undefined) return policy.decideAny(principal, policyAction(action), type);
    const concerning = rules.filter((rule) => rule.concerns(principal, action, type));
    if (concerning.some((rule) => rule.denies && rule.matchesEveryName)) return false;
    return concerning.some((rule) => !rule.denies);
  }

  /** About how much is remembered: it is not counted back when a principal goes. */
  get rememberedBytes(): number {
    return this.#rememberedBytes;
  }

  readonly #remember = (bytes: number): void => {
    this.#rememberedBytes += bytes;
    if (this.#rememberedBytes <= this.rememberedBytesMax) return;
    this.#decisions = new WeakMap();
    this.#rememberedBytes = 0;
  };

  /** Of principals, whose tenants are those of the configuration. */
  #permissions(tenant: string): TenantPermissions {
    let permissions = this.#tenants.get(tenant);
    if (permissions === undefined) this.#tenants.set(tenant, (permissions = new TenantPermissions()));
    return permissions;
  }
}

/** What holds in one tenant now. */
class TenantPermissions {
  rules: readonly CompiledRule[] = [];
  /** Some rule asks for the client too. */
  usesClientId = false;
  #version = 0;
  #policy: AuthorizationPolicy | undefined;
  readonly #byOrigin: Record<RuleOrigin, readonly CompiledRule[]> = { config: [], state: [] };

  get version(): number {
    return this.#policy === undefined ? this.#version : this.#policy.version;
  }

  get policy(): AuthorizationPolicy | undefined {
    return this.#policy;
  }

  set policy(policy: AuthorizationPolicy | undefined) {
    this.#policy = policy;
  }

  set(origin: RuleOrigin, rules: readonly AuthorizationRule[]): void {
    this.#byOrigin[origin] = rules.map((rule) => new CompiledRule(rule, origin));
    this.rules = [...this.#byOrigin.config, ...this.#byOrigin.state];
    this.usesClientId = this.rules.some((rule) => rule.usesClientId);
    this.#version++;
  }
}

/** Decisions remembered per principal; when there are more, all are forgotten. A client chooses the names. */
const decisionsMax = 16_384;
/** What is longer, client id included, is decided each time: no topic is, and 16,384 group names of 32 KB would be. */
const rememberedCharsMax = 512;
/** What a decision takes beside its name, and a rule that is kept for a principal. */
const entryBytes = 64;

/** What was decided for one principal since its tenant's permissions last changed. */
class PrincipalDecisions {
  readonly #byKind: (KindDecisions | undefined)[] = new Array(actions.length * resourceTypes.length).fill(
    undefined,
  );
  #version: number;
  #remembered = 0;

  constructor(
    private readonly principal: Principal,
    private readonly permissions: TenantPermissions,
    private readonly remember: (bytes: number) => void,
  ) {
    this.#version = permissions.version;
  }

  decide(action: Action, resource: Resource, clientId: string, onAllowed: Authorizer['onAllowed']): Verdict {
    const { permissions } = this;
    const { type, name } = resource;
    const kind = this.#kind(action, type);
    // The length says where the id ends: whatever is in it, no two questions have the same key.
    const named = permissions.usesClientId ? `${clientId.length}:${clientId}${name}` : name;
    // Up to the first colon it says how the topic is used.
    const key = type === 'mqtt-topic' ? `${resource.qos ?? ''}${resource.retain ?? ''}:${named}` : named;
    const known = kind.remembered.get(key);
    if (known !== undefined) return known;
    const { policy } = permissions;
    const verdict =
      policy === undefined
        ? kind.judge(resource, clientId)
        : verdictOf(policy.decide(this.principal, policyAction(action), resource));
    if (verdict === 'allow') onAllowed?.(this.principal, action, resource, clientId);
    if (key.length > rememberedCharsMax) return verdict;
    if (this.#remembered++ >= decisionsMax) this.#forget();
    else kind.remembered.set(key, verdict);
    this.remember(entryBytes + 2 * key.length);
    return verdict;
  }

  /** All that are about the principal, the action and the type. */
  rulesFor(action: Action, type: ResourceType): readonly CompiledRule[] {
    return this.#kind(action, type).rules;
  }

  #kind(action: Action, type: ResourceType): KindDecisions {
    const { version } = this.permissions;
    if (version !== this.#version) {
      this.#version = version;
      this.#forget();
    }
    const at = actionIndex[action] * resourceTypes.length + typeIndex[type];
    const known = this.#byKind[at];
    if (known !== undefined) return known;
    const kind = new KindDecisions(this.principal, action, type, this.permissions);
    this.remember(entryBytes * (1 + kind.rules.length));
    this.#byKind[at] = kind;
    return kind;
  }

  #forget(): void {
    this.#byKind.fill(undefined);
    this.#remembered = 0;
  }
}

/** What one principal may do of one action to resources of one type. */
class KindDecisions {
  readonly remembered = new Map<string, Verdict>();
  readonly rules: readonly CompiledRule[];
  // A client that asks for ever new names asks these, and not all the rules of its tenant.
  readonly #deniedNames = new Set<string>();
  readonly #allowedNames = new Set<string>();
  readonly #denying: CompiledRule[] = [];
  readonly #allowing: CompiledRule[] = [];

  constructor(
    private readonly principal: Principal,
    action: Action,
    type: ResourceType,
    { rules }: TenantPermissions,
  ) {
    this.rules = rules.filter((rule) => rule.concerns(principal, action, type));
    for (const rule of this.rules) {
      if (rule.literal !== undefined) {
        (rule.denies ? this.#deniedNames : this.#allowedNames).add(rule.literal);
      } else {
        (rule.denies ? this.#denying : this.#allowing).push(rule);
      }
    }
  }

  judge(resource: Resource, clientId: string): Verdict {
    const { name } = resource;
    if (this.#deniedNames.has(name)) return 'deny';
    const asker = { principal: this.principal, clientId };
    const matches = (rule: CompiledRule) => rule.matches(asker, resource);
    if (this.#denying.some(matches)) return 'deny';
    return this.#allowedNames.has(name) || this.#allowing.some(matches) ? 'allow' : 'none';
  }
}

function scopeVerdict(
  rules: readonly CompiledRule[],
  isAll: (rule: CompiledRule) => boolean,
  isSome: (rule: CompiledRule) => boolean,
): ScopeVerdict {
  const scope = (denies: boolean): 'all' | 'some' | 'none' => {
    const about = rules.filter((rule) => rule.denies === denies && isSome(rule));
    if (about.length === 0) return 'none';
    return about.some(isAll) ? 'all' : 'some';
  };
  return { allowed: scope(false), denied: scope(true) };
}

function verdictOf(allowed: boolean): Verdict {
  return allowed ? 'allow' : 'deny';
}

function rulesFaults(tenant: string, rules: readonly AuthorizationRule[]): string[] {
  return rules.flatMap((rule, index) => {
    const fault = authorizationRuleFault(rule);
    return fault === undefined ? [] : [`rule ${index + 1} of tenant ${tenant}: ${fault}`];
  });
}

function policyAction(action: Action): PolicyAction {
  if (action === 'alter-configs') return 'alter';
  return action === 'describe-configs' ? 'describe' : action;
}

function indexOf<const T extends string>(names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<T, number>;
}
