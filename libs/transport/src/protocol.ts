import type { ConnectionLog } from '#libs/telemetry';

/** The client's bytes are not the protocol: the connection is closed, counted, and one line says why. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';

  /** @param code a fixed kebab-case word, never text from the client */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Cuts a byte stream into frames. `push` gives the frames that are complete with these bytes, in order, or throws
 * `MalformedFrame`. It knows the largest frame it accepts and never holds more than that, and never allocates for a
 * declared length before the bytes are there. A codec, which may not import this lib, throws its own typed error with a
 * string `code`; it counts as the same.
 */
export interface FrameDecoder<F> {
  push(bytes: Buffer): readonly F[];
  /**
   * There are bytes that it does not cut before the protocol has said what they are. After each frame and each pause it
   * is asked again, by a `push` without bytes.
   */
  readonly holdsBack?: boolean;
}

export type CertificateAttributeKind =
  | 'subject.CN'
  | 'subject.O'
  | 'subject.OU'
  | 'san.dns'
  | 'san.uri'
  | 'san.email';

/** One name in a certificate. A kind may be there several times. */
export interface CertificateAttribute {
  readonly kind: CertificateAttributeKind;
  /** Never empty, at most 512 characters, none of them invisible (control, format, line ends). */
  readonly value: string;
}

/** A client's certificate that was verified: signed by the listener's `caFile`, for clients, and in its time. */
export interface PeerCertificate {
  /** As Node prints it, for people. Rules look at `attributes`. */
  readonly subject: string;
  /** As Node prints it: `DNS:a.example, URI:spiffe://...`. */
  readonly subjectAltName: string;
  /** Upper-case hexadecimal with colons. */
  readonly fingerprint256: string;
  /** Its names by kind, in the certificate's order: the subject's, then the alternative ones. At most 64. */
  readonly attributes: readonly CertificateAttribute[];
  /** End of its validity, milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export interface PeerInfo {
  /**
   * IPv4 dotted or IPv6; an IPv4-mapped IPv6 address is given as IPv4. Behind a proxy: what its PROXY header says, which is
   * only believed from the listener's `proxyProtocol.from`.
   */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** What limits per address count by: the IPv4 address, or the /64 of an IPv6 one. */
  readonly network: string;
  /** The proxy that the connection came through, when a PROXY header says who the client is. */
  readonly proxyAddress?: string;
  /** The name that the client asked for in TLS (SNI): a host name in lower case. Never taken from a PROXY header. */
  readonly serverName?: string;
  readonly tls: boolean;
  /** The client's certificate, only when it was verified against the listener's `caFile`. */
  readonly certificate?: PeerCertificate;
}

export interface ListenerInfo {
  readonly name: string;
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  readonly tls: boolean;
}

/** What a protocol sees of its socket. All methods may be called at any time; after the close they do nothing. */
export interface Link {
  /** Unique in this process and random across processes; the `connectionId` of log lines. */
  readonly id: string;
  readonly peer: PeerInfo;
  readonly listener: ListenerInfo;
  readonly log: ConnectionLog;
  /**
   * Queues bytes to the client; what is sent within one turn of the event loop goes out in one system call. The
   * buffers belong to the link from then on. False: above the high-water mark, stop producing until `onWritable`.
   *
   * @param onFlushed called once: the operating system has all of these bytes, or they will never be sent
   */
  send(bytes: Buffer | readonly Buffer[], onFlushed?: () => void): boolean;
  /** Bytes sent that the operating system has not taken yet. */
  readonly sendBufferedBytes: number;
  /** Stops `onFrame`, also for frames that are decoded already. Counted: n pauses need n resumes. */
  pause(): void;
  resume(): void;
  /** Ends the absolute deadline for TLS and authentication; from here the idle timeout counts. */
  authenticated(): void;
  /** Flushes what was sent, then ends the connection. No `onFrame` or `onWritable` follows, one `onClose` does. */
  close(reason: string): void;
}

/** One connection of one protocol. */
export interface ProtocolConnection<F> {
  readonly decoder: FrameDecoder<F>;
  onFrame(frame: F): void;
  /** The send buffer went below the high-water mark again; called only after a `send` answered false. */
  onWritable(): void;
  /** The socket is gone; called exactly once. */
  onClose(reason: string): void;
  /** Resolves when all that is in flight has been answered. No more frames come after the call: shutdown. */
  drained(): Promise<void>;
}

/** What a protocol is inside of WebSocket, whose messages are gathered before the protocol has their bytes. */
export interface WebSocketProfile {
  /** A client offers one of these, or more, and the first of these is taken. */
  readonly subprotocols: readonly string[];
  /** The largest message, however many frames of the protocol are in it. */
  readonly messageBytesMax: number;
  /** All that a client may send after the HTTP handshake, until `authenticated()`. */
  readonly unauthenticatedBytesMax: number;
  /** The largest message that clients are sent: what is more is several. Absent: what one turn writes is one. */
  readonly sentMessageBytesMax?: number;
}

/** Makes a connection for each accepted client. */
export interface Protocol<F = unknown> {
  readonly name: string;
  /** Without it, it is not served inside of WebSocket. */
  readonly websocket?: WebSocketProfile;
  accept(link: Link): ProtocolConnection<F>;
}

export interface CertificateFiles {
  /** PEM: the certificate and its chain. */
  readonly certFile: string;
  /** PEM, without passphrase. */
  readonly keyFile: string;
}

export interface ListenerTlsOptions extends CertificateFiles {
  /** Certificates by what clients ask for (SNI): host names in lower case, or `*.` and the rest of one. */
  readonly certificates?: readonly (CertificateFiles & { readonly serverNames: readonly string[] })[];
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** PEM: who signs client certificates. Needed unless `clientAuth` is `none`. */
  readonly caFile?: string;
  readonly clientAuth?: 'none' | 'request' | 'require';
  /** How often the files are looked at; 0 = never. Default 10,000. */
  readonly reloadIntervalMs?: number;
}

/** WebSocket (RFC 6455) around the protocol. */
export interface WebSocketOptions {
  /** The only one that is served: `/mqtt`. */
  readonly path: string;
  /** Pages whose scripts may connect, in lower case: `https://app.example`; `*` for all. Who names none is no browser. */
  readonly origins: readonly string[];
}

export interface ListenerOptions {
  readonly name: string;
  readonly protocol: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** What clients are told to connect to; default: the bound address (the host's name where that is all) and port. */
  readonly advertisedHost?: string;
  readonly advertisedPort?: number;
  readonly tls?: ListenerTlsOptions;
  /**
   * Proxies before this listener, as addresses or `10.0.0.0/8`: each of their connections begins with a PROXY protocol v2
   * header, before TLS. Of all others such a header is refused.
   */
  readonly proxyProtocol?: { readonly from: readonly string[] };
  /** After PROXY header and TLS: the protocol's bytes are the payload of binary messages. */
  readonly websocket?: WebSocketOptions;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** From accept to `authenticated()`, all handshakes included; absolute, however busy the client is. */
  readonly authenticationTimeoutMs: number;
  /**
   * Without a byte in either direction; also how long a client may leave a full send buffer unread. 0: silence is for the
   * protocol to judge, and a full send buffer may be left for `listenerDefaults.idleTimeoutMs`.
   */
  readonly idleTimeoutMs: number;
  /** Above it the client is not read and `send` answers false. */
  readonly sendBufferBytesMax: number;
  readonly drainTimeoutMs: number;
}

/** Defaults for what a configuration leaves out. */
export const listenerDefaults = {
  connectionsMax: 10_000,
  connectionsPerAddressMax: 1_000,
  authenticationTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  sendBufferBytesMax: 1_048_576,
  drainTimeoutMs: 10_000,
} as const;
