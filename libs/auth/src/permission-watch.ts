import type { Authorizer } from './authorizer.js';

/** What needs a permission as long as it lives: a link, a consumer. */
export interface WatchedPermission {
  /** Of whom it is. */
  readonly tenant: string;
  isAllowed(): boolean;
  /** It is not allowed any more: it leaves, now or soon. Not called after it has left. */
  revoked(): void;
}

/** How often it is looked whether permissions have changed: what is revoked goes on for so long. */
const checkMs = 250;

interface WatchedTenant {
  /** Of its permissions; undefined: all are judged anew. */
  version: number | undefined;
  readonly all: Set<WatchedPermission>;
  /** Judged before they came: what they may do can have changed since. */
  readonly unjudged: Set<WatchedPermission>;
}

/** Ends what is no longer allowed, of a process, when permissions of its tenant have changed. */
export class PermissionWatch {
  private readonly tenants = new Map<string, WatchedTenant>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly authorizer: Pick<Authorizer, 'version'>) {}

  /** Who is not allowed when it comes hears it with the next look. Returns the way to leave. */
  add(watched: WatchedPermission): () => void {
    const { tenant: name } = watched;
    let tenant = this.tenants.get(name);
    if (tenant === undefined) {
      tenant = { version: this.authorizer.version(name), all: new Set(), unjudged: new Set() };
      this.tenants.set(name, tenant);
    }
    const { all, unjudged } = tenant;
    all.add(watched);
    unjudged.add(watched);
    this.timer ??= setInterval(() => this.check(), checkMs).unref();
    return () => {
      unjudged.delete(watched);
      if (all.delete(watched) && all.size === 0) this.tenants.delete(name);
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
      const { all, unjudged } = tenant;
      const judged = [...(version === tenant.version ? unjudged : all)];
      tenant.version = version;
      unjudged.clear();
      for (const watched of judged) if (!watched.isAllowed()) watched.revoked();
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
