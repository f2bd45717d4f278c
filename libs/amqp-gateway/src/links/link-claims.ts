import type { AmqpComposite } from '#libs/amqp-codec';
import type { SessionConnection } from '../connection/session-connection.js';
import type { LinkSession } from '../session/link-session.js';
import type { NamedLink } from './link-names.js';
import type { LinkResumption } from './link-resumption.js';

type Attach = AmqpComposite<'attach'>;

/** The names that only one link can have at a time, of one link. */
export class LinkClaims {
  readonly #name: string;
  readonly #receives: boolean;
  /** Claimed over all connections. */
  #durableName: string | undefined;

  constructor(
    private readonly session: LinkSession,
    { name, role }: Attach,
    private readonly link: NamedLink,
    private readonly resumption: LinkResumption,
  ) {
    this.#name = name;
    this.#receives = !role;
  }

  /** Waits for who has the name, and holds what only one link can hold. @param isWanted whether it is still being opened */
  async claim(attach: Attach, isWanted: () => boolean): Promise<void> {
    const { links, connection } = this.session;
    await links.names(this.#receives).claim(this.#name, this.link);
    if (!isWanted()) return;
    await this.resumption.claim(this.link);
    const durableName = durableNameOf(attach, connection);
    if (durableName === undefined || !isWanted()) return;
    this.#durableName = durableName;
    await connection.services.durableLinks.claim(durableName, this.link);
  }

  release(): void {
    const { links, connection } = this.session;
    links.names(this.#receives).release(this.#name, this.link);
    this.resumption.releaseName(this.link);
    if (this.#durableName !== undefined) {
      connection.services.durableLinks.release(this.#durableName, this.link);
    }
  }
}

/**
 * What a durable subscriber is called over all connections. A client that lost its connection comes again before that is
 * noticed here, and its subscription takes one consumer only. Undefined: others may receive beside it.
 */
function durableNameOf({ name, role, source }: Attach, connection: SessionConnection): string | undefined {
  if (!role || source?.type !== 'source') return undefined;
  if (source.durable === 0 && source.expiryPolicy !== 'never') return undefined;
  if (source.capabilities?.includes('shared')) return undefined;
  const { principal, containerId } = connection.identity;
  return JSON.stringify([principal.tenant.name, principal.user, containerId, name]);
}
