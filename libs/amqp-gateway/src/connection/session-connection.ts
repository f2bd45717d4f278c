import type { Buffer } from 'node:buffer';
import type { AmqpPerformative } from '#libs/amqp-codec';
import type { QuotaHandle } from '#libs/rate-limit';
import type { ConnectionLog, TenantCounters } from '#libs/telemetry';
import type { AmqpError } from '../amqp.errors.js';
import type { AmqpServices } from '../amqp.services.js';
import type { TransactionScope } from '../node.js';
import type { AmqpIdentity } from './amqp-identity.js';

/** What a session sees of its connection. */
export interface SessionConnection {
  readonly services: AmqpServices;
  readonly identity: AmqpIdentity;
  /** Of the client's `open`. */
  readonly containerId: string;
  /** The largest frame that may be sent to the client. */
  readonly peerFrameBytesMax: number;
  readonly log: ConnectionLog;
  readonly tenantCounters: TenantCounters;
  /** What its client may use up. */
  readonly quota: QuotaHandle;
  readonly transactions: TransactionScope;
  /**
   * Whole frames, in their order; the buffers belong to the link from then on. False: no more until `onWritable`.
   *
   * @param onFlushed called once: the operating system has them, or they will never be sent
   */
  send(frames: Buffer | readonly Buffer[], onFlushed?: () => void): boolean;
  /** Whether `send` would answer true. */
  readonly writable: boolean;
  /** Whether it may be given messages: not while it has been given more than it may be. */
  readonly deliverable: boolean;
  /** It was given a message. */
  delivered(bytes: number): void;
  /** It broke off, or the client fell silent: perhaps by what it was given last. False: it said that it ends, or we did. */
  readonly isLost: boolean;
  /** It is over; its sessions are being closed. */
  readonly isClosed: boolean;
  /** It was we who ended it, for what the client did or is no longer allowed to do, or because we stop. */
  readonly isRefused: boolean;
  /** Stops reading from the client. Counted: n pauses need n resumes. */
  pause(): void;
  resume(): void;
  /** Closes the connection with this error; all sessions are closed by it. */
  fail(error: AmqpError): void;
  /** The session has ended on both sides: its channel may be used again. */
  released(channel: number): void;
}

/** A performative that belongs to a session. */
export type SessionPerformative = Exclude<AmqpPerformative, { type: 'open' | 'begin' | 'close' }>;

/** What a connection sees of its sessions. A session answers `begin` when it is made, on the channel number of the client's. */
export interface ConnectionSession {
  /**
   * The client's `end` comes here too, and is answered.
   *
   * @param payload of a transfer, else empty: a view of the socket's bytes
   * @throws AmqpError of scope `connection`, which closes it
   */
  onFrame(performative: SessionPerformative, payload: Buffer): void;
  /** Sends what was put off to the end of the turn: the connection is about to be closed. */
  flush(): void;
  /** The link has room again, after a `send` that answered false. */
  onWritable(): void;
  /** The connection is closed or gone: nothing can be sent any more. Idempotent. */
  close(): void;
  /** Resolves when what the client sent is answered; nothing more comes from it. */
  drain(): Promise<void>;
}
