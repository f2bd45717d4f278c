import { type CursorPosition, type PulsarAdmin, PulsarAdminError } from '#libs/pulsar';
import type { PartitionLog } from '../../reading/partition-log.js';

export type MirrorAdmin = Pick<
  PulsarAdmin,
  | 'createSubscription'
  | 'deleteSubscription'
  | 'expireMessages'
  | 'internalStats'
  | 'resetCursor'
  | 'stats'
  | 'subscriptionProperties'
  | 'appliedRetention'
>;

/** By it the gateways know their mirrors: a subscription without it is somebody else's. */
export const mirrorProperties = { 'pulsegate.kind': 'kafka-group' } as const;

export type MirrorOutcome =
  | 'done'
  /** Somebody else's subscription has the name. */
  | 'foreign'
  /** Pulsar takes no subscription of this name, or the gateway may not make one. */
  | 'refused'
  /** There is no such topic, or no such position (yet). */
  | 'nowhere';

const earliest: CursorPosition = { ledgerId: -1, entryId: -1 };

export function isMirror(properties: Readonly<Record<string, string>> | undefined): boolean {
  return properties?.['pulsegate.kind'] === mirrorProperties['pulsegate.kind'];
}

/** Names that Pulsar's brokers use for cursors of their own. */
export function isPulsarsOwn(subscription: string): boolean {
  return subscription === '' || subscription.startsWith('__') || subscription.startsWith('pulsar.');
}

/**
 * Where a subscription stands that has read everything below `offset`: at the entry that holds it, also when a part of
 * that entry was read, or behind the last one there is. Undefined when Pulsar has no such place.
 */
export async function cursorAt(
  log: Pick<PartitionLog, 'positionOf' | 'bounds'>,
  offset: number,
): Promise<CursorPosition | undefined> {
  if (offset <= 0) return earliest;
  const at = await log.positionOf(offset);
  if (at !== undefined) return { ledgerId: at.ledgerId, entryId: at.entryId, excluded: false };
  const { start, end } = await log.bounds();
  // All is read, or an administrator set more than there is.
  const next = Math.min(offset, end);
  if (next <= start) return earliest;
  const last = await log.positionOf(next - 1);
  return last && { ledgerId: last.ledgerId, entryId: last.entryId, excluded: true };
}

/** Puts the mirror of a group there; makes it when there is none. Rejects with what may pass by itself. */
export async function placeMirror(
  admin: MirrorAdmin,
  topic: string,
  group: string,
  position: CursorPosition,
  knownToBeOurs: boolean,
): Promise<MirrorOutcome> {
  if (isPulsarsOwn(group)) return 'refused';
  try {
    if (!knownToBeOurs && !(await isOurs(admin, topic, group, position))) return 'foreign';
    await admin.resetCursor(topic, group, position);
    return 'done';
  } catch (error) {
    // Deleted by an administrator: the next move makes it anew.
    if (statusOf(error) === 404) return 'nowhere';
    if (isRefusal(error)) return 'refused';
    throw error;
  }
}

/** Deletes the mirror of a group; a subscription that is somebody else's, or in use, stays. */
export async function removeMirror(admin: MirrorAdmin, topic: string, group: string): Promise<MirrorOutcome> {
  if (isPulsarsOwn(group)) return 'refused';
  try {
    if (!isMirror(await admin.subscriptionProperties(topic, group))) return 'foreign';
    await admin.deleteSubscription(topic, group);
    return 'done';
  } catch (error) {
    if (statusOf(error) === 404) return 'nowhere';
    if (isRefusal(error)) return 'refused';
    throw error;
  }
}

/** True when it is there, made now or before, as a mirror. */
async function isOurs(
  admin: MirrorAdmin,
  topic: string,
  group: string,
  position: CursorPosition,
): Promise<boolean> {
  try {
    await admin.createSubscription(topic, group, position, mirrorProperties);
    return true;
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
  return isMirror(await admin.subscriptionProperties(topic, group));
}

function statusOf(error: unknown): number | undefined {
  return error instanceof PulsarAdminError ? error.status : undefined;
}

/** 412 also says that consumers are attached. */
function isRefusal(error: unknown): boolean {
  return error instanceof PulsarAdminError && !error.retriable;
}
