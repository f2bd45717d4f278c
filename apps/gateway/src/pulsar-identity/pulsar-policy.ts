import type { AuthorizationPolicy, PolicyAction, Principal, Resource, ResourceType } from '#libs/auth';
import type { GrantWatch, NamespaceGrants } from '#libs/pulsar';

/**
 * `authorization: pulsar`: a user may do what Pulsar has granted to the role of the same name.
 *
 * - topics: produce and consume as granted, describe with either;
 * - groups: consume and describe for who may consume something, by a subscription of the group's name;
 * - transactional ids: produce and describe for who may produce something;
 * - everything else: for administrators of the Pulsar tenant and superusers, as in Pulsar.
 *
 * Where nobody can say what is granted, and to clients without an identity, nothing is allowed.
 */
export class PulsarPolicy implements AuthorizationPolicy {
  constructor(
    private readonly watch: Pick<GrantWatch, 'grants' | 'version'>,
    private readonly namespace: string,
  ) {}

  get version(): number {
    return this.watch.version(this.namespace);
  }

  decide(principal: Principal, action: PolicyAction, { type, name }: Resource): boolean {
    const grants = this.grantsFor(principal);
    if (grants === undefined) return false;
    const { user } = principal;
    if (grants.isAdministrator(user)) return true;
    if (type === 'topic') {
      if (action === 'produce' || action === 'consume') return grants.may(user, action, name);
      return (
        action === 'describe' && (grants.may(user, 'produce', name) || grants.may(user, 'consume', name))
      );
    }
    if (!mayAnywhere(grants, user, action, type)) return false;
    return type !== 'group' || grants.mayUseSubscription(user, name);
  }

  decideAny(principal: Principal, action: PolicyAction, type: ResourceType): boolean {
    const grants = this.grantsFor(principal);
    if (grants === undefined) return false;
    return grants.isAdministrator(principal.user) || mayAnywhere(grants, principal.user, action, type);
  }

  private grantsFor(principal: Principal): NamespaceGrants | undefined {
    return principal.anonymous ? undefined : this.watch.grants(this.namespace);
  }
}

/** What does not depend on the name of a resource. */
function mayAnywhere(
  grants: NamespaceGrants,
  user: string,
  action: PolicyAction,
  type: ResourceType,
): boolean {
  const mayProduce = () => grants.mayAnywhere(user, 'produce');
  const mayConsume = () => grants.mayAnywhere(user, 'consume');
  switch (type) {
    case 'topic':
      if (action === 'produce') return mayProduce();
      if (action === 'consume') return mayConsume();
      return action === 'describe' && (mayProduce() || mayConsume());
    case 'group':
      return (action === 'consume' || action === 'describe') && mayConsume();
    case 'transactional-id':
      return (action === 'produce' || action === 'describe') && mayProduce();
    default:
      return false;
  }
}
