import type { Connection, PulsarLog } from './connection.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';

export interface TopicListWatchOptions {
  /** `tenant/namespace`. */
  readonly namespace: string;
  /** A Java regular expression over full topic names, at most 50 characters (the broker's bound). */
  readonly pattern: string;
  /** All matching topics, partitions each for itself: at first, and again after each reconnect. */
  onTopics(topics: readonly string[]): void;
  onChange(added: readonly string[], deleted: readonly string[]): void;
}

export interface TopicListWatchContext {
  readonly log: PulsarLog;
  connect(): Promise<Connection>;
  nextWatcherId(): number;
}

const retryFirstMs = 100;
const retryMaxMs = 10_000;

/**
 * Follows the topics of a namespace (PIP-145). It survives disconnects. Not through pulsar-proxy, which has no
 * watchers: there `start` rejects with 'NotAllowedError' and topics have to be listed.
 */
export class TopicListWatch {
  readonly #options: TopicListWatchOptions;
  readonly #context: TopicListWatchContext;
  #retryMs = retryFirstMs;
  #timer: NodeJS.Timeout | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(options: TopicListWatchOptions, context: TopicListWatchContext) {
    this.#options = options;
    this.#context = context;
  }

  /** Resolves when the first list was delivered. */
  async start(): Promise<void> {
    const connection = await this.#context.connect();
    if (connection.features.supportsTopicWatchers !== true) {
      throw new PulsarError('NotAllowedError', 'the service URL leads to no broker with topic watchers');
    }
    const watcherId = this.#context.nextWatcherId();
    let watching = false;
    const unregister = connection.registerTopicListWatcher(watcherId, {
      onUpdate: (added, deleted) => this.#options.onChange(added, deleted),
      onDisconnect: (error) => {
        if (watching) this.#again(error);
      },
    });
    try {
      const { namespace, pattern } = this.#options;
      const answer = await connection.request({
        watchTopicList: { watcherId, namespace, topicsPattern: pattern },
      });
      watching = true;
      this.#retryMs = retryFirstMs;
      this.#stop = () => {
        unregister();
        connection.request({ watchTopicListClose: { watcherId } }).catch(() => undefined);
      };
      if (this.#closed) this.#stop();
      else this.#options.onTopics(answer.watchTopicListSuccess?.topic ?? []);
    } catch (error) {
      unregister();
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stop?.();
    this.#stop = undefined;
  }

  #again(error: PulsarError): void {
    this.#stop = undefined;
    if (this.#closed) return;
    const fields = { event: 'pulsar-topic-watch', namespace: this.#options.namespace, reason: error.message };
    this.#context.log.debug(fields, 'the topic list is watched again');
    this.#timer = setTimeout(() => {
      this.start().catch((fault: unknown) => this.#again(asPulsarError(fault, 'Disconnected')));
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, retryMaxMs);
  }
}
