import type { Buffer } from 'node:buffer';
import { Amqp091Error, decodeFieldTable, fieldOf, fieldText } from '#libs/amqp091-codec';
import {
  isSameUser,
  parsePlainToken,
  type PlainCredentials,
  type Principal,
  type SaslDenial,
  SaslNegotiation,
  type SaslNegotiationOptions,
  type SaslStep,
} from '#libs/auth';

/** RabbitMQ's default user. Where everybody may come, whoever says that it is this one needs no credentials. */
const guest = 'guest';
const refused: SaslDenial = { kind: 'deny', reason: 'bad-credentials' };

/**
 * Who a 0-9-1 client is and how it proves it (0-9-1 section 2.2.4): SASL, with RabbitMQ's mechanism AMQPLAIN, and with
 * tokens that are renewed on the open connection (connection.update-secret). No method rejects.
 */
export class Amqp091Authentication {
  readonly #negotiation: SaslNegotiation;
  readonly #mayBeGuest: boolean;
  #offered: readonly string[] = [];
  #takesPasswords = false;
  /** As the client said it, for its next secret. */
  #username: string | undefined;

  constructor(options: SaslNegotiationOptions) {
    this.#negotiation = new SaslNegotiation(options);
    this.#mayBeGuest = options.authenticator.anonymousAllowed(options.peer.listener);
  }

  /** The mechanisms of connection.start, in RabbitMQ's order; or why there is no way in for this client. */
  async offer(): Promise<readonly string[] | SaslDenial> {
    const offer = await this.#negotiation.offer();
    if ('kind' in offer) return offer;
    const others = offer.filter((mechanism) => mechanism !== 'PLAIN');
    this.#takesPasswords = offer.length > others.length;
    this.#offered = [...(this.#takesPasswords || this.#mayBeGuest ? ['PLAIN', 'AMQPLAIN'] : []), ...others];
    return this.#offered;
  }

  /** connection.start-ok. To be called once, after `offer`. */
  async init(mechanism: string, response: Buffer): Promise<SaslStep> {
    if (!this.#offered.includes(mechanism))
      return { kind: 'deny', reason: 'a mechanism that is not offered' };
    if (mechanism === 'AMQPLAIN') return this.#password(credentialsOfAmqplain(response));
    if (mechanism === 'PLAIN') return this.#password(credentialsOfPlain(response));
    // There is no difference between an empty response and none.
    return this.#negotiation.init(mechanism, response.length === 0 ? undefined : response);
  }

  /** connection.secure-ok. */
  respond(response: Buffer): Promise<SaslStep> {
    return this.#negotiation.respond(response);
  }

  /** connection.update-secret: the user is the same, what proves it is newer. */
  async renew(principal: Principal, secret: Buffer): Promise<Exclude<SaslStep, { kind: 'continue' }>> {
    if (this.#username === undefined) return refused;
    const step = await this.#negotiation.password(this.#username, secret.toString('utf8'));
    if (step.kind !== 'allow') return step.kind === 'deny' ? step : refused;
    return isSameUser(principal, step.principal) ? step : refused;
  }

  async #password(credentials: PlainCredentials | undefined): Promise<SaslStep> {
    if (credentials === undefined) return refused;
    const { username, password } = credentials;
    if (this.#mayBeGuest && username === guest && password === guest) {
      return this.#negotiation.init('ANONYMOUS', undefined);
    }
    if (!this.#takesPasswords) return refused;
    this.#username = username;
    return this.#negotiation.password(username, password);
  }
}

/** The response of RabbitMQ's AMQPLAIN is a field table without its length. */
function credentialsOfAmqplain(response: Buffer): PlainCredentials | undefined {
  try {
    const table = decodeFieldTable(response);
    const username = fieldText(fieldOf(table, 'LOGIN'));
    const password = fieldText(fieldOf(table, 'PASSWORD'));
    if (username === undefined || password === undefined || password === '') return undefined;
    return { username, password };
  } catch (error) {
    if (error instanceof Amqp091Error) return undefined;
    throw error;
  }
}

function credentialsOfPlain(response: Buffer): PlainCredentials | undefined {
  const credentials = parsePlainToken(response);
  return typeof credentials === 'string' ? undefined : credentials;
}
