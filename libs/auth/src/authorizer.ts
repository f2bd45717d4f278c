import { type AuthorizationRule, authorizationRuleFault, CompiledRule } from './authorization-rule.js';
import type { Principal } from './principal.js';
import { type Action, actions, type Resource, type ResourceType, resourceTypes } from './resource.js';

/** The permissions of one tenant. */
export interface RuleSet {
  readonly tenant: string;
  readonly rules: readonly AuthorizationRule[];
}

/** Why something is allowed or not; without a rule it is denied because none allows it. */
export interface Explanation {
  readonly allowed: boolean;
  readonly rule?: AuthorizationRule;
}

/** Every fault of the rules, told together. */
export class AuthorizerError extends Error {
  override readonly name = 'AuthorizerError';

  constructor(readonly faults: readonly string[]) {
    super(`authorization: ${faults.join('; ')}`);
  }
}

/** Decisions remembered per principal, action and resource type; when there are more, all of these are forgotten. */
const decisionsMax = 4_096;

type Decisions = Map<string, boolean>;

const actionIndex: Readonly<Record<Action, number>> = indexOf(actions);
const typeIndex: Readonly<Record<ResourceType, number>> = indexOf(resourceTypes);

/**
 * Decides what a principal may do inside its tenant. A matching deny rule wins, else a matching allow rule allows, else it
 * is denied. The names must be canonical: two names of one thing would be two decisions.
 */
export class Authorizer {
  readonly #rules = new Map<string, readonly CompiledRule[]>();
  // By the principal object, of which there is one per user: what is remembered goes with the user.
  readonly #decisions = new WeakMap<Principal, (Decisions | undefined)[]>();

  /** @throws AuthorizerError */
  constructor(ruleSets: readonly RuleSet[]) {
    const faults: string[] = [];
    for (const { tenant, rules } of ruleSets) {
      if (this.#rules.has(tenant)) faults.push(`tenant ${tenant} has two sets of rules`);
      for (const [index, rule] of rules.entries()) {
        const fault = authorizationRuleFault(rule);
        if (fault !== undefined) faults.push(`rule ${index + 1} of tenant ${tenant}: ${fault}`);
      }
      this.#rules.set(
        tenant,
        rules.map((rule) => new CompiledRule(rule)),
      );
    }
    if (faults.length > 0) throw new AuthorizerError(faults);
  }

  /** One map look-up once the decision is known. */
  authorize(principal: Principal, action: Action, resource: Resource): boolean {
    const decisions = this.#decisionsOf(principal, action, resource.type);
    const known = decisions.get(resource.name);
    if (known !== undefined) return known;
    const { allowed } = this.explain(principal, action, resource);
    // A client chooses the names, so the map must not grow with them.
    if (decisions.size >= decisionsMax) decisions.clear();
    decisions.set(resource.name, allowed);
    return allowed;
  }

  /** The same decision with the rule that made it: the first deny that matches, else the first allow. */
  explain(principal: Principal, action: Action, resource: Resource): Explanation {
    let allowing: CompiledRule | undefined;
    for (const rule of this.#rules.get(principal.tenant.name) ?? []) {
      if (!rule.denies && allowing !== undefined) continue;
      if (!rule.concerns(principal, action, resource.type) || !rule.matches(principal, resource.name))
        continue;
      if (rule.denies) return { allowed: false, rule: rule.rule };
      allowing = rule;
    }
    return allowing === undefined ? { allowed: false } : { allowed: true, rule: allowing.rule };
  }

  /** Whether there is any resource of the type that the principal may do this to (Kafka's idempotent write, KIP-679). */
  authorizeAny(principal: Principal, action: Action, type: ResourceType): boolean {
    const rules = this.#rules.get(principal.tenant.name) ?? [];
    const concerning = rules.filter((rule) => rule.concerns(principal, action, type));
    if (concerning.some((rule) => rule.denies && rule.matchesEveryName)) return false;
    return concerning.some((rule) => !rule.denies);
  }

  #decisionsOf(principal: Principal, action: Action, type: ResourceType): Decisions {
    let ofPrincipal = this.#decisions.get(principal);
    if (ofPrincipal === undefined) {
      ofPrincipal = new Array(actions.length * resourceTypes.length).fill(undefined);
      this.#decisions.set(principal, ofPrincipal);
    }
    const index = actionIndex[action] * resourceTypes.length + typeIndex[type];
    return (ofPrincipal[index] ??= new Map());
  }
}

function indexOf<const T extends string>(names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<T, number>;
}
