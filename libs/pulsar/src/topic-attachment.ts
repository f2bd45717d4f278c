import { Backoff, type BackoffOptions } from './backoff.js';
import type { Connection, ConnectionUse, Connector } from './connection.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';
import type { AssignedBroker } from './wire/commands.js';

export type AttachmentState = 'idle' | 'connecting' | 'attached' | 'waiting' | 'closed';

export interface AttachmentOptions {
  readonly connector: Connector;
  readonly topic: string;
  readonly tenantKey: string;
  readonly use: ConnectionUse;
  /** How long the first attachment may retry, in ms. Later ones retry for ever. */
  readonly firstAttachTimeoutMs: number;
  readonly backoff?: BackoffOptions;
  /** Opens the producer or consumer on this connection; resolves when it serves. */
  open(connection: Connection): Promise<void>;
  /** After the first attachment: an error that no retry cures. The attachment is closed. */
  onGivenUp(error: PulsarError): void;
}

/** Errors that end an attachment that once worked; all others come and go with brokers. */
const finalCodes: ReadonlySet<string> = new Set([
  'TopicTerminatedError',
  'TopicNotFound',
  'ProducerFenced',
  'SubscriptionNotFound',
  'AuthorizationError',
  'AuthenticationError',
  'InvalidTopicName',
  'IncompatibleSchema',
  'NotAllowedError',
  'UnsupportedVersionError',
  'InvalidConfiguration',
  'Closed',
]);

/**
 * Keeps one producer or consumer attached to the broker that serves its topic.
 *
 * ```
 *          start          opened
 *   idle ─────▶ connecting ─────▶ attached
 *                 ▲    │ retriable    │ lost(): disconnect, unload, transfer, send error
 *       delay over│    ▼              │
 *                waiting ◀────────────┘          any ─ close(), final error ─▶ closed
 * ```
 * A broker that names its successor (CLOSE_PRODUCER with an assigned broker) is followed at once and without a
 * lookup; if that fails, a lookup follows.
 */
export class TopicAttachment {
  private current: AttachmentState = 'idle';
  private readonly backoff: Backoff;
  private readonly startedAt = performance.now();
  private first: { resolve(): void; reject(error: PulsarError): void } | undefined;
  private lostWhileOpening = false;
  private assigned: AssignedBroker | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AttachmentOptions) {
    this.backoff = new Backoff(options.backoff);
  }

  get state(): AttachmentState {
    return this.current;
  }

  /** Resolves with the first attachment; rejects when it cannot be made in time or at all. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.first = { resolve, reject };
      void this.attach();
    });
  }

  /** What was opened no longer is; opens it again. Harmless when that is already under way. */
  lost(reason: string, assigned?: AssignedBroker): void {
    if (this.current === 'connecting') {
      this.lostWhileOpening = true;
      this.assigned = assigned;
      return;
    }
    if (this.current !== 'attached') return;
    this.assigned = assigned;
    const delayMs = assigned === undefined ? this.backoff.next() : 0;
    const { connector, topic } = this.options;
    connector.log.debug({ event: 'pulsar-detached', topic, reason, delayMs }, 'detached from broker');
    this.attachAfter(delayMs);
  }

  close(error = new PulsarError('Closed', 'closed by its owner')): void {
    if (this.current === 'closed') return;
    this.current = 'closed';
    clearTimeout(this.timer);
    this.first?.reject(error);
    this.first = undefined;
  }

  private attachAfter(delayMs: number): void {
    this.current = 'waiting';
    this.timer = setTimeout(() => void this.attach(), delayMs);
    // Nobody awaits it: a process that ends otherwise does not stay for a broker that is away.
    if (this.first === undefined) this.timer.unref();
  }

  private async attach(): Promise<void> {
    const { connector, topic, tenantKey, use, open } = this.options;
    const assigned = this.assigned;
    this.assigned = undefined;
    this.lostWhileOpening = false;
    this.current = 'connecting';
    try {
      const connection = await connector.connect(topic, { tenantKey, use, assigned });
      if (this.isClosed()) return;
      await open(connection);
    } catch (error) {
      this.failed(asPulsarError(error, 'UnknownError'), assigned !== undefined);
      return;
    }
    if (this.isClosed()) return;
    this.current = 'attached';
    this.first?.resolve();
    this.first = undefined;
    if (this.lostWhileOpening) this.lost('lost while opening', this.assigned);
    else this.backoff.reset();
  }

  private failed(error: PulsarError, wasAssigned: boolean): void {
    if (this.isClosed()) return;
    const { connector, topic, firstAttachTimeoutMs } = this.options;
    const first = this.first;
    const delayMs = wasAssigned ? 0 : this.backoff.next();
    if (first !== undefined) {
      const elapsedMs = performance.now() - this.startedAt;
      if (!error.retriable || isRefusalAtFirst(error) || elapsedMs + delayMs > firstAttachTimeoutMs) {
        this.close(error);
        return;
      }
    } else if (finalCodes.has(error.code)) {
      this.close(error);
      this.options.onGivenUp(error);
      return;
    }
    connector.log.debug(
      { event: 'pulsar-attach-failed', topic, code: error.code, reason: error.message, delayMs },
      'attaching to the broker failed, will retry',
    );
    this.attachAfter(delayMs);
  }

  /** A method, so that the compiler does not take the state of before an await for the state after it. */
  private isClosed(): boolean {
    return this.current === 'closed';
  }
}

/** Taken names pass on their own only when they were ours: at first they are somebody else's. */
function isRefusalAtFirst(error: PulsarError): boolean {
  return (
    error.code === 'ProducerBusy' ||
    error.code === 'ConsumerBusy' ||
    error.code === 'ProducerBlockedQuotaExceededError' ||
    error.code === 'ProducerBlockedQuotaExceededException'
  );
}
