import type {
  ClassicRequests,
  JoinAnswer,
  JoinCall,
  LeavingMember,
  SyncAnswer,
  SyncCall,
} from '../classic/classic-requests.js';
import {
  heartbeatOfClassicMember,
  joinClassicMember,
  leaveByClassicRequest,
  syncClassicMember,
} from './classic-members.js';
import { ConsumerGroup } from './consumer-group.js';
import { downgradeWithout } from './downgrade.js';
import type { ConsumerMember } from './member.js';

/** A consumer group whose members may speak the classic protocol; when no others are left, it becomes a classic group. */
export class MixedGroup extends ConsumerGroup implements ClassicRequests {
  join(call: JoinCall, answer: (answer: JoinAnswer) => void): void {
    joinClassicMember(this, call, answer);
  }

  sync(call: SyncCall, answer: (answer: SyncAnswer) => void): void {
    syncClassicMember(this, call, answer);
  }

  heartbeat(memberId: string, instanceId: string | null, generation: number): number {
    return heartbeatOfClassicMember(this, memberId, instanceId, generation);
  }

  leave(members: readonly LeavingMember[]): readonly number[] {
    return leaveByClassicRequest(this, members);
  }

  override removeMembers(members: readonly ConsumerMember[]): void {
    if (members.length === 0 || downgradeWithout(this, members)) return;
    super.removeMembers(members);
  }
}
