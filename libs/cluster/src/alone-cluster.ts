import { type ClusterView, PeerUnavailable } from './cluster-view.js';
import type { Member } from './member.js';

/** A gateway that knows of no others. */
export function aloneCluster(
  self: Partial<Member> = {},
  stateNamespace = 'public/pulsegate-state',
): ClusterView {
  const member: Member = {
    nodeId: 0,
    instance: 'alone',
    state: 'live',
    listeners: [],
    internal: { host: '127.0.0.1', port: 0 },
    ...self,
  };
  const cancel = () => {};
  return {
    self: member,
    stateNamespace,
    version: 0,
    members: () => [member],
    onChange: () => cancel,
    nodeOf: () => member,
    announce() {},
    onAnnouncement: () => cancel,
    forwarding: {
      request: (nodeId) => Promise.reject(new PeerUnavailable(nodeId, 'there is no other gateway')),
      serve() {},
    },
    splicing: {
      open: (nodeId) => Promise.reject(new PeerUnavailable(nodeId, 'there is no other gateway')),
      serve() {},
    },
  };
}
