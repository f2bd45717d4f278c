import type { Metrics } from '#libs/telemetry';
import { ProcessBudget } from '../connection/process-budget.js';
import { FetchSessionCache, type FetchSessionLimits } from './fetch-session-cache.js';

export interface FetchesOptions extends FetchSessionLimits {
  readonly fetchBytesMax: number;
  readonly fetchBytesInFlightMax: number;
}

/** One request, in its turn. */
export interface QueuedFetch<Answer> {
  readonly context: { readonly connection: object; onSent: (() => void) | undefined };
  run(): Answer | Promise<Answer>;
  /** The answer has left the process. */
  sent(): void;
}

/** Of what its tenant has left, one answer takes at most this part: what a client does not read must leave some to others. */
const answerShare = 1 / 8;

/**
 * What the Fetch requests of a process share: sessions, and the bound of the bytes in answers that clients have not taken.
 *
 * The requests of one connection are served one after the other, and the next only when the answer to the one before has
 * left the process: so a client that does not read costs one answer, however many requests it sends.
 */
export class Fetches {
  readonly sessions: FetchSessionCache;
  readonly #budget: ProcessBudget;
  readonly #queues = new WeakMap<object, (() => void)[]>();
  waiting = 0;

  constructor(private readonly options: FetchesOptions) {
    this.sessions = new FetchSessionCache(options);
    this.#budget = new ProcessBudget(options.fetchBytesInFlightMax);
  }

  /** The bytes of one tenant's answers. */
  budget(tenant: string): ProcessBudget {
    return this.#budget.share(tenant);
  }

  /** How many bytes of records an answer may have now. */
  roomFor(bytesMax: number, budget: ProcessBudget): number {
    const most = Math.min(bytesMax, this.options.fetchBytesMax, Math.floor(budget.left * answerShare));
    return Math.max(0, most);
  }

  /** Serves the request when those before it on its connection were answered. */
  serve<Answer>(call: QueuedFetch<Answer>): Answer | Promise<Answer> {
    const { context } = call;
    const { connection } = context;
    const queue = this.#queues.get(connection);
    context.onSent = () => {
      call.sent();
      this.#next(connection);
    };
    if (queue === undefined) {
      this.#queues.set(connection, []);
      return call.run();
    }
    return new Promise((resolve, reject) => {
      queue.push(() => {
        try {
          resolve(call.run());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_kafka_fetch_sessions',
      help: 'Fetch sessions (KIP-227) that are remembered.',
      read: () => this.sessions.size,
    });
    metrics.gauge({
      name: 'pulsegate_kafka_fetch_session_partitions',
      help: 'Partitions in them.',
      read: () => this.sessions.partitions,
    });
    metrics.counter({
      name: 'pulsegate_kafka_fetch_session_evictions_total',
      help: 'Fetch sessions that were given up for others.',
      read: () => this.sessions.evictions,
    });
    metrics.gauge({
      name: 'pulsegate_kafka_fetch_waiting',
      help: 'Fetch requests that wait for records.',
      read: () => this.waiting,
    });
    metrics.gauge({
      name: 'pulsegate_kafka_fetch_in_flight_bytes',
      help: 'Bytes of records in answers to Fetch that clients have not taken, and of those being read for them.',
      read: () => this.#budget.bytes,
    });
  }

  #next(connection: object): void {
    const queue = this.#queues.get(connection);
    const start = queue?.shift();
    if (start === undefined) this.#queues.delete(connection);
    else start();
  }
}
