export { type AgreedState, AgreedStateError, type AgreedStateFault } from './agreed-state.js';
export { aloneCluster } from './alone-cluster.js';
export { Cluster, type ClusterOptions, type ClusterServices } from './cluster.js';
export {
  type ClusterView,
  type ForwardedHandler,
  type Forwarder,
  type Forwarding,
  PeerUnavailable,
} from './cluster-view.js';
export { type AgreedStateOptions, LogAgreedState } from './log-agreed-state.js';
export { listenerOf, type Member, type MemberListener, memberNames } from './member.js';
export { NodeIdTaken } from './node-id-taken.js';
export { rendezvous } from './rendezvous.js';
export { pulsarStateLog, type PulsarStateLogOptions } from './pulsar-state-log.js';
