import type { SessionConnection } from '../connection/session-connection.js';
import { ConnectionIntake } from './connection-intake.js';
import { LinkNames } from './link-names.js';

/** What the links of one connection have in common, whatever session they are on: their names, and what is taken of the client. */
export class ConnectionLinks {
  /** Those that we send on and those that we receive on: two of one name are different links (AMQP 2.6.1). */
  readonly #senders = new LinkNames();
  readonly #receivers = new LinkNames();
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

  /** The connection is gone. */
  close(): void {
    this.#intake?.close();
  }
}
