import type { Log } from '#libs/telemetry';
import type { ClusterClock } from './cluster-clock.js';
import type { OpenMembersLog } from './members-log.js';
import type { NodeIdTaken } from './node-id-taken.js';

export interface MembershipOptions {
  /** As configured; absent: the lowest free one. */
  readonly nodeId?: number;
  /** Silence after which a member is gone, in ms. */
  readonly memberTimeoutMs: number;
  readonly machine: string;
  /** `host:port` that this gateway opens on the machine, or ends. */
  readonly bound: readonly string[];
  /** Published for the others, unless all were given the same. */
  readonly secret?: string;
}

export interface MembershipServices {
  readonly openLog: OpenMembersLog;
  /** Asked before the log is opened: whether there is a place for it. */
  readonly mayOpen: () => boolean;
  readonly clock: ClusterClock;
  readonly log: Log;
  /** The node id is, or was lost to, another gateway's: this one must not go on. */
  readonly onFatal: (error: NodeIdTaken) => void;
}
