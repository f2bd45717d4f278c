export {
  inMemoryLink,
  type InMemoryClient,
  type InMemoryLink,
  type InMemoryOptions,
} from './in-memory-link.js';
export { IdleWheel, idleTickMs, type WheelRider } from './idle-wheel.js';
export { assertPortFree } from './free-port.js';
export { Listener, type ListenerHooks } from './listener.js';
export { type BeginningProtocol, FirstBytesProtocol } from './first-bytes.js';
export { addressRangeFault } from './proxy/address-set.js';
export { serverNameFault } from './tls/server-name.js';
export type { CertificateExpiry } from './tls/served-certificates.js';
export { connectOut, type OutgoingConnection } from './outgoing.js';
export {
  type CertificateAttribute,
  type CertificateAttributeKind,
  type FrameDecoder,
  type Link,
  type ListenerInfo,
  type ListenerOptions,
  type ListenerTlsOptions,
  listenerDefaults,
  MalformedFrame,
  type PeerCertificate,
  type PeerInfo,
  type Protocol,
  type ProtocolConnection,
  type WebSocketOptions,
  type WebSocketProfile,
} from './protocol.js';
