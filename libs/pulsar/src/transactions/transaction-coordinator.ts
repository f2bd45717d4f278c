import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../backoff.js';
import type { Connection } from '../connection.js';
import { asPulsarError, PulsarError, type PulsarErrorCode } from '../pulsar.errors.js';
import type { BaseCommand, BaseCommandInit } from '../wire/commands.js';

/** What passes while a coordinator moves to another broker, or recovers there. */
const movingCodes: ReadonlySet<PulsarErrorCode> = new Set<PulsarErrorCode>([
  'TransactionCoordinatorNotFound',
  'ServiceNotReady',
  'MetadataError',
  'Disconnected',
  'ConnectFailed',
  'MalformedFrame',
  'TooManyPending',
]);

/** Between two attempts. */
const backoff = { initialMs: 50, maxMs: 500 };

export interface CoordinatorRequest {
  /** For all attempts together. */
  readonly timeoutMs: number;
  /** The broker may have got the command, whatever comes of it. */
  onSent?(): void;
  /** Whether this error means that an attempt before it, whose answer was lost, has done the thing. */
  wasDone?(error: PulsarError): boolean;
}

/** One of the cluster's transaction coordinators, at whichever broker serves it. */
export class TransactionCoordinator {
  private connecting: Promise<Connection> | undefined;

  /** @param connect to the broker that serves it now */
  constructor(
    private readonly tcId: number,
    private readonly connect: () => Promise<Connection>,
  ) {}

  /** Resolves when it serves. Rejects as `request`. */
  async ready(timeoutMs: number): Promise<void> {
    await this.connected(performance.now() + timeoutMs);
  }

  /**
   * Asks, again and again where the coordinator is moving. Rejects with the coordinator's refusal, with 'Timeout', or with
   * 'TransactionsUnavailable' where the broker has no coordinators.
   */
  async request(command: BaseCommandInit, request: CoordinatorRequest): Promise<BaseCommand | undefined> {
    const deadline = performance.now() + request.timeoutMs;
    const pauses = new Backoff(backoff);
    let sentBefore = false;
    let sent = false;
    for (;;) {
      try {
        const connection = await this.connected(deadline);
        const answer = connection.request(command, Math.max(1, deadline - performance.now()));
        sent = true;
        request.onSent?.();
        return await answer;
      } catch (thrown) {
        const error = asPulsarError(thrown, 'UnknownError');
        if (sentBefore && request.wasDone?.(error)) return undefined;
        sentBefore = sent;
        if (!movingCodes.has(error.code)) throw error;
        this.connecting = undefined;
        const pauseMs = pauses.next();
        if (performance.now() + pauseMs >= deadline) throw error;
        await delay(pauseMs, undefined, { ref: false });
      }
    }
  }

  private connected(deadline: number): Promise<Connection> {
    this.connecting ??= this.introduce(deadline).then(
      (connection) => {
        connection.onClose(() => {
          this.connecting = undefined;
        });
        return connection;
      },
      (error: unknown) => {
        this.connecting = undefined;
        throw error;
      },
    );
    return this.connecting;
  }

  /** TC_CLIENT_CONNECT makes the broker load the coordinator's log; nothing else is answered before. */
  private async introduce(deadline: number): Promise<Connection> {
    const connection = await this.connect();
    try {
      const timeoutMs = Math.max(1, deadline - performance.now());
      await connection.request({ tcClientConnectRequest: { tcId: this.tcId } }, timeoutMs);
    } catch (thrown) {
      const error = asPulsarError(thrown, 'UnknownError');
      if (error.code !== 'NotAllowedError') throw error;
      throw new PulsarError('TransactionsUnavailable', error.message, { cause: error });
    }
    if (connection.closed) throw new PulsarError('Disconnected', 'closed while the coordinator was loaded');
    return connection;
  }
}
