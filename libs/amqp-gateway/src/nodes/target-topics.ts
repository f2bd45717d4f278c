import type { Log } from '#libs/telemetry';
import type { AmqpTopic, AmqpTopics } from './amqp-topic.js';

/** How often the topics that links send to are looked at for new partitions. */
const refreshMs = 30_000;

/** What targets are told of a topic. */
interface UsedTopic extends AmqpTopic {
  partitions: readonly string[];
  links: number;
}

/** The topics that links send to: new partitions are used without attaching again. */
export class TargetTopics {
  private readonly used = new Map<string, UsedTopic>();
  private timer: NodeJS.Timeout | undefined;
  private refreshing = false;

  constructor(
    private readonly topics: Pick<AmqpTopics, 'resolve'>,
    private readonly log: Log,
  ) {}

  /** One object for all links that send to it. `release` as often as `take`. */
  take(found: AmqpTopic): AmqpTopic {
    const key = keyOf(found);
    let topic = this.used.get(key);
    if (topic === undefined || topic.compacted !== found.compacted) {
      topic = { ...found, links: 0 };
      this.used.set(key, topic);
    }
    topic.partitions = found.partitions;
    topic.links++;
    this.timer ??= setInterval(() => void this.refresh(), refreshMs).unref();
    return topic;
  }

  release(topic: AmqpTopic): void {
    const used = topic as UsedTopic;
    if (--used.links === 0 && this.used.get(keyOf(used)) === used) this.used.delete(keyOf(used));
    if (this.used.size === 0) this.close();
  }

  /** One after the other: nobody waits for it. */
  async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      for (const used of this.used.values()) {
        const topic = await this.topics.resolve(used.tenant, used.name);
        if (topic !== undefined && topic.partitions.length > used.partitions.length) {
          used.partitions = topic.partitions;
        }
      }
    } catch (error) {
      this.log.debug({ event: 'amqp-partitions', err: error }, 'partitions were not looked at');
    } finally {
      this.refreshing = false;
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

function keyOf({ tenant, name }: AmqpTopic): string {
  return `${tenant.name}/${name}`;
}
