import type { RequestContext } from '../handler.js';
import { groupsMax, groupsOfRequest } from './coordinator-of-request.js';

/**
 * Resolves when the groups of a request can be served here, or shall not be waited for any longer; undefined when there
 * is nothing to wait for. Clients take COORDINATOR_LOAD_IN_PROGRESS for a fault, so only what lasts is answered with it.
 */
export function loadingGroups(context: RequestContext, request: unknown): Promise<void> | undefined {
  const { header, connection, gateway, principal } = context;
  const asked = groupsOfRequest(header.apiKey, request);
  if (asked.length === 0 || asked.length > groupsMax) return undefined;
  // Who may use a group in any way may describe it. For nobody else anything is loaded: the handler refuses.
  const groupIds = asked.filter((name) => context.authorize('describe', { type: 'group', name }));
  const loading = gateway.groups.loading(principal.tenant, groupIds);
  if (loading === undefined) return undefined;
  return new Promise((resolve) => {
    const cancel = connection.whenDraining(resolve);
    void loading.then(() => {
      cancel();
      resolve();
    });
  });
}
