import { PeerUnavailable } from '../cluster-view.js';
import type { Member } from '../member.js';

/** Who there is to connect to. */
export interface PeerDirectory {
  readonly self: Member;
  members(): readonly Member[];
  /** What the internal listener of a member asks to prove. */
  secretOf(nodeId: number): string | undefined;
  onChange(listener: () => void): () => void;
}

/** @throws PeerUnavailable when there is no such member, it is this one, or it cannot be connected to */
export function reachablePeer(
  directory: PeerDirectory,
  nodeId: number,
): { readonly member: Member; readonly secret: string } {
  const member = directory.members().find((each) => each.nodeId === nodeId);
  if (member === undefined) throw new PeerUnavailable(nodeId, 'it is not there');
  if (member.instance === directory.self.instance) {
    throw new PeerUnavailable(nodeId, 'it is this gateway itself');
  }
  const secret = directory.secretOf(nodeId);
  if (member.internal.port === 0 || secret === undefined) {
    throw new PeerUnavailable(nodeId, 'it has no internal listener');
  }
  return { member, secret };
}
