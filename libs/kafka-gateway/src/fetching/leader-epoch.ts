import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';

/** The one leader epoch that there is: offsets are never truncated, whichever gateway leads. */
export const leaderEpoch = 0;
/** No epoch. */
export const unknownLeaderEpoch = -1;

/**
 * @param current what the client takes for the current epoch, from newer metadata than ours (KIP-320)
 * @throws KafkaError UNKNOWN_LEADER_EPOCH
 */
export function requireLeaderEpoch(current: number): void {
  if (current <= leaderEpoch) return;
  throw new KafkaError(KafkaErrorCode.UNKNOWN_LEADER_EPOCH, `leader epoch ${current} is not known`);
}
