export { aloneCluster } from './alone-cluster.js';
export { type ClusterView, type ForwardedHandler, type Forwarding, PeerUnavailable } from './cluster-view.js';
export { listenerOf, type Member, type MemberListener } from './member.js';
export { rendezvous } from './rendezvous.js';
