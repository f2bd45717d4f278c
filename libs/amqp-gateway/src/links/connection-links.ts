import type { SessionConnection } from '../connection/session-connection.js';
import { ConnectionIntake } from './connection-intake.js';

/** A link whose name another attach may take. */
export interface NamedLink {
  /** Another link has its name now: it is detached (`amqp:link:stolen`). */
  stolen(): void;
}

/** What the links of one connection have in common, whatever session they are on: their names, and what is taken of the client. */
export class ConnectionLinks {
  /** By name, those that we send on and those that we receive on: the two are different links (AMQP 2.6.1). */
  readonly #senders = new Map<string, NamedLink>();
  readonly #receivers = new Map<string, NamedLink>();
  #intake: ConnectionIntake | undefined;

  constructor(private readonly connection: SessionConnection) {}

  /** Made for the first link that takes messages. */
  get intake(): ConnectionIntake {
    this.#intake ??= new ConnectionIntake(this.connection);
    return this.#intake;
  }

  /** @param receives whether we receive on it */
  claim(name: string, receives: boolean, link: NamedLink): void {
    const names = receives ? this.#receivers : this.#senders;
    const former = names.get(name);
    names.set(name, link);
    former?.stolen();
  }

  release(name: string, receives: boolean, link: NamedLink): void {
    const names = receives ? this.#receivers : this.#senders;
    if (names.get(name) === link) names.delete(name);
  }

  /** The connection is gone. */
  close(): void {
    this.#intake?.close();
  }
}
