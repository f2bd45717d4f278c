import type { Authorizer } from '#libs/auth';

/** A consumer whose permission may be taken away while it consumes. */
export interface LiveConsumer {
  /** Of whom it is. */
  readonly tenant: string;
  isAllowed(): boolean;
  /** It may not read the queue any more. Called once, and not after it has left. */
  revoked(): void;
}

/** How often it is looked whether permissions have changed: so long one that may not read any more is given messages. */
const checkMs = 250;

interface LiveTenant {
  /** Of what its consumers may do; undefined: they are judged anew. */
  version: number | undefined;
  readonly consumers: Set<LiveConsumer>;
  /** Judged before they came: what they may do can have changed since. */
  readonly unjudged: Set<LiveConsumer>;
}

/**
 * The consumers of a process: those that are no longer allowed end. RabbitMQ judges a consumer when it begins; here what is taken
 * away is taken away from who has it.
 */
export class LiveConsumers {
  private readonly tenants = new Map<string, LiveTenant>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly authorizer: Pick<Authorizer, 'version'>) {}

  /** Who is not allowed when it comes hears it with the next look. Returns the way to leave. */
  add(consumer: LiveConsumer): () => void {
    const { tenant: name } = consumer;
    let tenant = this.tenants.get(name);
    if (tenant === undefined) {
      tenant = { version: this.authorizer.version(name), consumers: new Set(), unjudged: new Set() };
      this.tenants.set(name, tenant);
    }
    const { consumers, unjudged } = tenant;
    consumers.add(consumer);
    unjudged.add(consumer);
    this.timer ??= setInterval(() => this.check(), checkMs).unref();
    return () => {
      unjudged.delete(consumer);
      if (consumers.delete(consumer) && consumers.size === 0) this.tenants.delete(name);
      if (this.tenants.size === 0) this.stop();
    };
  }

  /** What is said of its users elsewhere than in rules has changed: RabbitMQ's permissions, or who a client is. */
  changed(tenant: string): void {
    const known = this.tenants.get(tenant);
    if (known !== undefined) known.version = undefined;
  }

  check(): void {
    for (const [name, tenant] of this.tenants) {
      const version = this.authorizer.version(name);
      const { consumers, unjudged } = tenant;
      const judged = [...(version === tenant.version ? unjudged : consumers)];
      tenant.version = version;
      unjudged.clear();
      for (const consumer of judged) if (!consumer.isAllowed()) consumer.revoked();
    }
  }

  close(): void {
    this.stop();
    this.tenants.clear();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
