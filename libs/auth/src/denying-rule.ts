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
    const { principals, actions, resource } = rule;
    const where = `${resource.type} ${resource.match} ${JSON.stringify(resource.name)}`;
    const place = origin === 'state' ? 'made by a client' : 'of the configuration';
    return `deny ${principals.join(', ')} ${actions.join(', ')} ${where}, ${place}`;
  }
  return undefined;
}
