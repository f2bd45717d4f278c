import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpAuthorization } from '../authorization/amqp-authorization.js';

/** A link whose permission may be taken away while it is attached. */
export interface LiveLink {
  readonly tenant: string;
  isAllowed(): boolean;
  /** Called once, and not after it has left. */
  end(error: AmqpError): void;
}

/** How often it is looked whether permissions have changed: what a revoked link may still do. */
const checkMs = 250;

/** The attached links of a process: those that are no longer allowed are ended. */
export class LiveLinks {
  private readonly tenants = new Map<string, { version: number; readonly links: Set<LiveLink> }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly authorization: Pick<AmqpAuthorization, 'version'>) {}

  /** Returns the way to leave. */
  add(link: LiveLink): () => void {
    const { tenant: name } = link;
    let tenant = this.tenants.get(name);
    if (tenant === undefined) {
      tenant = { version: this.authorization.version(name), links: new Set() };
      this.tenants.set(name, tenant);
    }
    const { links } = tenant;
    links.add(link);
    this.timer ??= setInterval(() => this.check(), checkMs).unref();
    return () => {
      if (links.delete(link) && links.size === 0) this.tenants.delete(name);
      if (this.tenants.size === 0) this.stop();
    };
  }

  check(): void {
    for (const [name, tenant] of this.tenants) {
      const version = this.authorization.version(name);
      if (version === tenant.version) continue;
      tenant.version = version;
      for (const link of [...tenant.links]) {
        if (!link.isAllowed()) link.end(notAllowed());
      }
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

/** Says nothing of why, nor whether there is such a thing. */
export function notAllowed(): AmqpError {
  return new AmqpError(AmqpErrorCondition.UNAUTHORIZED_ACCESS, 'not allowed');
}
