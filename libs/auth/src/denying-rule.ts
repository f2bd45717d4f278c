import type { AuthorizationRule } from './authorization-rule.js';
import type { Authorizer } from './authorizer.js';
import type { Principal } from './principal.js';
import type { Action, Resource } from './resource.js';

/**
 * The permission by which something is denied, as a sentence for people; undefined where none allows it.
 *
 * @param resources all names of the one thing: a deny of each wins
 */
export function denyingRule(
  authorizer: Authorizer,
  principal: Principal,
  action: Action,
  resources: readonly Resource[],
  clientId = '',
): string | undefined {
  for (const each of resources) {
    const { rule, origin } = authorizer.explain(principal, action, each, clientId);
    if (origin === 'policy') return 'what Pulsar has granted';
    if (rule?.effect !== 'deny') continue;
    return `${ruleText(rule)}, ${origin === 'state' ? 'made by a client' : 'of the configuration'}`;
  }
  return undefined;
}

/** A permission, for people. */
export function ruleText({ effect = 'allow', principals, actions, resource }: AuthorizationRule): string {
  const where = `${resource.type} ${resource.match} ${JSON.stringify(resource.name)}`;
  return `${effect} ${principals.join(', ')} ${actions.join(', ')} ${where}`;
}
