export { type AgreedState, AgreedStateError, type AgreedStateFault } from './agreed-state.js';
export { aloneCluster } from './alone-cluster.js';
export { Cluster, type ClusterOptions, type ClusterServices } from './cluster.js';
export {
  type ClusterView,
  type ForwardedHandler,
  type Forwarder,
  type Forwarding,
  PeerUnavailable,
  type Splice,
  type SpliceAcceptor,
  type SpliceEvents,
  spliceHeaderBytesMax,
  type Splicing,
} from './cluster-view.js';
export { KeyedTurns } from './keyed-turns.js';
export { agreedKeyCharsMax, type AgreedStateOptions, LogAgreedState } from './log-agreed-state.js';
export { listenerOf, type Member, type MemberListener, memberNames } from './member.js';
export { NodeIdTaken } from './node-id-taken.js';
export { rendezvous } from './rendezvous.js';
export { pulsarStateLog, type PulsarStateLogOptions } from './pulsar-state-log.js';
export { HeldSlice, type SliceGround, type SliceLog, type SliceState } from './slices/held-slice.js';
export { HeldSlices, type HeldSlicesServices, type SliceTenants } from './slices/held-slices.js';
export { ManualClock } from './slices/manual-clock.js';
export { type ClockTimer, PausableClock, type SliceClock, systemSliceClock } from './slices/slice-clock.js';
export {
  type SliceCluster,
  sliceCluster,
  sliceKey,
  sliceOf,
  slicesTopic,
  soleGateway,
} from './slices/slice-place.js';
export { SliceUnavailable, type SliceUnavailableReason } from './slices/slice-unavailable.js';
