import type { SessionConnection } from '../connection/session-connection.js';
import { ConnectionIntake } from './connection-intake.js';
import { LinkNames } from './link-names.js';
import type { LinksLeft } from './suspended-links.js';

/** What the links of one connection have in common, whatever session they are on: their names, and what is taken of the client. */
export class ConnectionLinks {
  /** Those that we send on and those that we receive on: two of one name are different links (AMQP 2.6.1). */
  readonly #senders = new LinkNames();
  readonly #receivers = new LinkNames();
  /** Suspended, and its sessions or itself are there. */
  readonly left: LinksLeft = new Map();
  #intake: ConnectionIntake | undefined;

  constructor(private readonly connection: SessionConnection) {}

  /** Made for the first link that takes messages. */
  get intake(): ConnectionIntake {
    this.#intake ??= new ConnectionIntake(this.connection);
    return this.#intake;
  }

  /** @param receives those that we receive on */
  names(receives: boolean): LinkNames {
    return receives ? this.#receivers : this.#senders;
  }

  /** What links of it are suspended live on as their termini do. */
  sessionOver(session: object): void {
    if (this.left.size > 0) this.connection.services.suspendedLinks.lost(this.left, session);
  }

  /** The connection is gone. */
  close(): void {
    if (this.left.size > 0) this.connection.services.suspendedLinks.lost(this.left);
    this.#intake?.close();
  }
}
