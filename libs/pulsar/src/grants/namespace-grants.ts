/** What Pulsar lets a role do with messages. */
export type GrantAction = 'produce' | 'consume';

/** `auth_policies` of a namespace, as the admin REST gives them: actions by role. */
export interface AuthPolicies {
  readonly namespace_auth?: Readonly<Record<string, readonly string[]>>;
  /** By topic, `persistent://tenant/namespace/topic`. */
  readonly destination_auth?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Roles by subscription; a subscription that is not here, or has none, is anybody's who may consume. */
  readonly subscription_auth_roles?: Readonly<Record<string, readonly string[]>>;
}

/** All that Pulsar decides by, as it was at one moment. */
export interface GrantFacts {
  /** `tenant/namespace`. */
  readonly namespace: string;
  readonly policies: AuthPolicies;
  /** `Prefix`: the name of a subscription begins with its role. */
  readonly subscriptionAuthMode: string | undefined;
  readonly tenantAdmins: readonly string[];
  readonly superusers: readonly string[];
  /** Brokers with `authorizationAllowWildcardsMatching`: `*` at one end of a granted role stands for anything. */
  readonly wildcards: boolean;
}

type Roles = ReadonlyMap<string, readonly string[]>;

/**
 * Decides for roles of one namespace as Pulsar's own `PulsarAuthorizationProvider` does: administrators of the tenant and
 * superusers may do everything; others what is granted on the namespace or on the topic. Grants on one partition are no
 * grants on the topic.
 */
export class NamespaceGrants {
  readonly #namespace: string;
  readonly #administrators: ReadonlySet<string>;
  readonly #ofNamespace: Roles;
  readonly #ofTopic: ReadonlyMap<string, Roles>;
  /** What a role is granted on some topic or other: there may be many topics. */
  readonly #ofSomeTopic: Roles;
  readonly #ofSubscription: ReadonlyMap<string, readonly string[]>;
  readonly #subscriptionPrefix: boolean;
  readonly #wildcards: boolean;

  constructor({ namespace, policies, ...facts }: GrantFacts) {
    this.#namespace = namespace;
    this.#administrators = new Set([...facts.tenantAdmins, ...facts.superusers]);
    this.#ofNamespace = entries(policies.namespace_auth);
    this.#ofTopic = new Map(
      [...entries(policies.destination_auth)].map(([topic, roles]) => [topic, entries(roles)]),
    );
    this.#ofSomeTopic = union(this.#ofTopic.values());
    this.#ofSubscription = entries(policies.subscription_auth_roles);
    this.#subscriptionPrefix = facts.subscriptionAuthMode === 'Prefix';
    this.#wildcards = facts.wildcards;
  }

  isAdministrator(role: string): boolean {
    return this.#administrators.has(role);
  }

  /** @param topic without the namespace and without a partition */
  may(role: string, action: GrantAction, topic: string): boolean {
    if (this.isAdministrator(role) || this.#granted(this.#ofNamespace, role, action)) return true;
    const ofTopic = this.#ofTopic.get(`persistent://${this.#namespace}/${topic}`);
    return ofTopic !== undefined && this.#granted(ofTopic, role, action);
  }

  /** On the namespace, or on some topic of it. */
  mayAnywhere(role: string, action: GrantAction): boolean {
    if (this.isAdministrator(role) || this.#granted(this.#ofNamespace, role, action)) return true;
    return this.#granted(this.#ofSomeTopic, role, action);
  }

  /** All that lets the role do it: `administrator`, the namespace, topics. What is missing later was taken away. */
  grounds(role: string, action: GrantAction): ReadonlySet<string> {
    const found = new Set(this.isAdministrator(role) ? ['administrator'] : []);
    if (this.#granted(this.#ofNamespace, role, action)) found.add(this.#namespace);
    for (const [topic, roles] of this.#ofTopic) if (this.#granted(roles, role, action)) found.add(topic);
    return found;
  }

  /** Whether the role, which may consume, may do so by this subscription. */
  mayUseSubscription(role: string, subscription: string): boolean {
    if (this.isAdministrator(role)) return true;
    const roles = this.#ofSubscription.get(subscription);
    if (roles !== undefined && roles.length > 0 && !roles.includes(role)) return false;
    return !this.#subscriptionPrefix || subscription.startsWith(role);
  }

  #granted(roles: Roles, role: string, action: GrantAction): boolean {
    if (roles.get(role)?.includes(action)) return true;
    if (!this.#wildcards) return false;
    for (const [pattern, actions] of roles) {
      if (actions.includes(action) && wildcardMatches(pattern, role)) return true;
    }
    return false;
  }
}

function wildcardMatches(pattern: string, role: string): boolean {
  if (pattern.endsWith('*') && role.startsWith(pattern.slice(0, -1))) return true;
  return pattern.startsWith('*') && role.endsWith(pattern.slice(1));
}

function union(each: Iterable<Roles>): Roles {
  const all = new Map<string, string[]>();
  for (const roles of each) {
    for (const [role, actions] of roles) all.set(role, [...new Set([...(all.get(role) ?? []), ...actions])]);
  }
  return all;
}

/** As a map: a role may have the name of something that every object has. */
function entries<T>(record: Readonly<Record<string, T>> | undefined): ReadonlyMap<string, T> {
  return new Map(Object.entries(record ?? {}));
}
