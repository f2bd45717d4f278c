export {
  inMemoryLink,
  type InMemoryClient,
  type InMemoryLink,
  type InMemoryOptions,
} from './in-memory-link.js';
export { Listener, type ListenerHooks } from './listener.js';
export { connectOut, type OutgoingConnection, type OutgoingOptions } from './outgoing.js';
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
} from './protocol.js';
