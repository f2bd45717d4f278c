import { isPulsarError, type PulsarClient, type PulsarLog } from '#libs/pulsar';

export interface NamespaceTopicsListener {
  onAdded(partition: string): void;
  onRemoved(partition: string): void;
}

export interface NamespaceTopicsParts {
  readonly pulsar: Pick<PulsarClient, 'watchTopics' | 'topicsOfNamespace'>;
  readonly log: PulsarLog;
  /** Between two looks at the list where brokers do not tell of changes, in ms. Default 5 s. */
  readonly pollMs?: number;
}

/** Where the broker bounds a pattern's length (50 characters), a namespace's own name may already be too long. */
const everyTopic = '.*';
const pollMsDefault = 5_000;

/** Full names: what is not one of the tenant's own, as Pulsar keeps it in any namespace. */
const systemTopic = /\/__[^/]*$/;

/**
 * The partitions of a namespace (full names, topics without partitions among them), and each change: told by the broker, or,
 * through pulsar-proxy, found by looking again and again.
 */
export class NamespaceTopics {
  readonly partitions = new Set<string>();
  private watch: { close(): void } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private complete = false;

  constructor(
    private readonly parts: NamespaceTopicsParts,
    private readonly namespace: string,
    private readonly listener: NamespaceTopicsListener,
  ) {}

  /** Resolves when `partitions` is complete. What is there at first is not told. Rejects with PulsarError. */
  async start(): Promise<void> {
    try {
      const watch = await this.parts.pulsar.watchTopics({
        namespace: this.namespace,
        pattern: everyTopic,
        onTopics: (topics) => this.setTo(topics),
        onChange: (added, deleted) => this.change(added, deleted),
      });
      if (this.closed) watch.close();
      else this.watch = watch;
    } catch (error) {
      if (!isPulsarError(error, 'NotAllowedError')) throw error;
      this.setTo(await this.parts.pulsar.topicsOfNamespace(this.namespace));
      this.lookAgain();
    }
  }

  close(): void {
    this.closed = true;
    this.watch?.close();
    clearTimeout(this.timer);
  }

  private lookAgain(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.parts.pulsar
        .topicsOfNamespace(this.namespace)
        .then((topics) => this.setTo(topics))
        .catch((error: unknown) => {
          const fields = { event: 'mqtt-topic-list', namespace: this.namespace, error };
          this.parts.log.debug(fields, 'the topics could not be listed, and are listed again');
        })
        .finally(() => this.lookAgain());
    }, this.parts.pollMs ?? pollMsDefault);
    this.timer.unref();
  }

  private setTo(topics: readonly string[]): void {
    const there = new Set(topics);
    const gone = [...this.partitions].filter((partition) => !there.has(partition));
    this.change(topics, gone);
    this.complete = true;
  }

  private change(added: readonly string[], deleted: readonly string[]): void {
    if (this.closed) return;
    for (const partition of deleted) {
      if (this.partitions.delete(partition)) this.listener.onRemoved(partition);
    }
    for (const partition of added) {
      if (this.partitions.has(partition) || systemTopic.test(partition)) continue;
      this.partitions.add(partition);
      if (this.complete) this.listener.onAdded(partition);
    }
  }
}
