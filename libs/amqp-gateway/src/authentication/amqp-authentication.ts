import type { Buffer } from 'node:buffer';
import { AmqpSaslCode } from '#libs/amqp-codec';
import { type SaslDenial, SaslNegotiation, type SaslNegotiationOptions, type SaslStep } from '#libs/auth';

/** Not what the client said is at fault (AMQP 5.3.3.6): all other refusals are `auth`. */
const temporaryReasons: ReadonlySet<string> = new Set(['too-many-failures', 'overloaded', 'fault']);

/** For `sasl-outcome`, which says no more than its code. `reason` is for the log alone. */
interface AmqpDenial extends SaslDenial {
  readonly saslCode: number;
}

/** What one message of the client led to. */
export type AmqpAuthStep = Exclude<SaslStep, SaslDenial> | AmqpDenial;

/** Who a client is and how it proves it (AMQP 5.3). No method rejects. */
export class AmqpAuthentication {
  readonly #negotiation: SaslNegotiation;

  constructor(options: SaslNegotiationOptions) {
    this.#negotiation = new SaslNegotiation(options);
  }

  /** The mechanisms of `sasl-mechanisms`, best first; or why there is no way in for this client. */
  async offer(): Promise<readonly string[] | AmqpDenial> {
    const offer = await this.#negotiation.offer();
    return 'kind' in offer ? withCode(offer) : offer;
  }

  /** `sasl-init`. To be called once, after `offer`. */
  async init(mechanism: string, initialResponse: Buffer | undefined): Promise<AmqpAuthStep> {
    return stepOf(await this.#negotiation.init(mechanism, initialResponse));
  }

  /** `sasl-response`. */
  async respond(response: Buffer): Promise<AmqpAuthStep> {
    return stepOf(await this.#negotiation.respond(response));
  }

  /** A client that leaves out SASL: the certificate says who it is, or nobody has to (AMQP 5.3.2). */
  async bare(): Promise<AmqpAuthStep> {
    return stepOf(await this.#negotiation.bare());
  }
}

function stepOf(step: SaslStep): AmqpAuthStep {
  return step.kind === 'deny' ? withCode(step) : step;
}

function withCode(denial: SaslDenial): AmqpDenial {
  const saslCode = temporaryReasons.has(denial.reason) ? AmqpSaslCode.SYS_TEMP : AmqpSaslCode.AUTH;
  return { ...denial, saslCode };
}
