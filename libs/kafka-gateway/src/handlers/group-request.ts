import type { Action } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { GroupCoordinator } from '../group-coordinator/group-coordinator.js';
import type { RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';

/** What belongs to how groups work, and is no refusal that somebody should look into. */
const expectedCodes: ReadonlySet<number> = new Set([
  KafkaErrorCode.NONE,
  KafkaErrorCode.MEMBER_ID_REQUIRED,
  KafkaErrorCode.REBALANCE_IN_PROGRESS,
]);

/**
 * The coordinator of the group that a request of a member names.
 *
 * @throws KafkaError GROUP_AUTHORIZATION_FAILED, INVALID_GROUP_ID, or what {@link GroupCoordinators.coordinator} throws
 */
export function coordinatorOf(context: RequestContext, groupId: string, action: Action): GroupCoordinator {
  const { gateway, principal } = context;
  if (!context.authorize(action, { type: 'group', name: groupId })) {
    throw new KafkaError(KafkaErrorCode.GROUP_AUTHORIZATION_FAILED, `the group may not be used: ${action}`);
  }
  if (groupId === '') throw new KafkaError(KafkaErrorCode.INVALID_GROUP_ID, 'the group has no name');
  return gateway.groups.coordinator(principal.tenant, groupId);
}

/** Whether a member that has waited may still have its answer: its permission may have been taken back meanwhile. */
export function mayUseGroup(context: RequestContext, groupId: string): boolean {
  return context.authorize('consume', { type: 'group', name: groupId });
}

/** Logs and counts the code of an answer where it is a refusal. */
export function noteRefusal(context: RequestContext, groupId: string, code: number): void {
  if (!expectedCodes.has(code))
    context.refused(code, `a request of a member of group ${groupId} was refused`);
}
