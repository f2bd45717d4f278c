import { type Buffer, isUtf8 } from 'node:buffer';
import {
  type AuthDecision,
  type AuthPeer,
  type Authenticator,
  type DenyReason,
  type MechanismExchange,
  type MechanismStep,
  type Principal,
  startMechanism,
} from '#libs/auth';
import { type AuthPacket, type ConnectPacket, type MqttPropertiesOf, MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';

/** Packets of a client in one exchange: SCRAM has two, and one more where the first brings nothing. */
const messagesMax = 4;
const forever = Number.POSITIVE_INFINITY;

/** What a client is told; all that is wrong with its credentials looks the same. */
const reasonCodeOf: Readonly<Record<DenyReason, number>> = {
  'bad-credentials': MqttReasonCode.BAD_USER_NAME_OR_PASSWORD,
  'unknown-tenant': MqttReasonCode.BAD_USER_NAME_OR_PASSWORD,
  'tenant-mismatch': MqttReasonCode.BAD_USER_NAME_OR_PASSWORD,
  expired: MqttReasonCode.BAD_USER_NAME_OR_PASSWORD,
  plaintext: MqttReasonCode.NOT_AUTHORIZED,
  'anonymous-not-allowed': MqttReasonCode.NOT_AUTHORIZED,
  'too-many-failures': MqttReasonCode.CONNECTION_RATE_EXCEEDED,
  overloaded: MqttReasonCode.SERVER_BUSY,
  fault: MqttReasonCode.SERVER_UNAVAILABLE,
};

export type MqttAuthState = 'initial' | 'exchanging' | 'authenticated' | 'renewing' | 'failed';

export interface MqttAuthenticationOptions {
  readonly peer: AuthPeer;
  readonly authenticator: Pick<
    Authenticator,
    'authenticate' | 'plain' | 'scram' | 'certificate' | 'anonymous' | 'mechanisms' | 'sessionLifetimeMsMax'
  >;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly now?: () => number;
}

/** What another gateway says of a client that it has authenticated. */
export interface AdoptedClient {
  readonly principal: Principal;
  readonly endsAtMs: number | undefined;
  readonly authentication: Pick<MqttPropertiesOf<'connack'>, 'authenticationMethod'>;
}

/** What one packet of the client led to. */
export type MqttAuthStep =
  /** AUTH 0x18 to send. */
  | { readonly kind: 'continue'; readonly packet: AuthPacket }
  /** For CONNACK [MQTT-4.12.0-5] and for the AUTH 0x00 that ends a re-authentication; empty without an authentication method. */
  | {
      readonly kind: 'allow';
      readonly principal: Principal;
      readonly properties: Pick<MqttPropertiesOf<'connack'>, 'authenticationMethod' | 'authenticationData'>;
    }
  /** For CONNACK, or DISCONNECT after one was sent. `reason` is for the log alone. */
  | { readonly kind: 'deny'; readonly error: MqttError; readonly reason: string };

/**
 * Who a client is and how it proves it (MQTT 5 section 4.12; before MQTT 5 user name and password alone).
 *
 * ```
 * initial ── CONNECT: user name, password, token, certificate, nothing ──────────▶ authenticated ◀─┐
 *    │                                                                               │ AUTH 0x19     │
 *    └─ CONNECT with a method ──▶ exchanging ── AUTH 0x18 ..., proven ───▶ ───┘      ▼              │ proven, by the
 *                                                                         (method) renewing ─────────┘ same user
 *
 * every other step ──▶ failed: CONNACK or DISCONNECT with its reason code, then the connection ends
 * ```
 *
 * Methods are SASL mechanisms by their names. While a client renews, it acts as who it was [MQTT-4.12.1-2].
 */
export class MqttAuthentication {
  readonly #options: MqttAuthenticationOptions;
  readonly #now: () => number;
  #state: MqttAuthState = 'initial';
  #principal: Principal | undefined;
  #endsAtMs = forever;
  #method: string | undefined;
  #exchange: MechanismExchange | undefined;
  #messages = 0;
  #busy = false;
  /** Whom the client's certificate makes it: it can only be that one. */
  #certified: Principal | undefined;

  constructor(options: MqttAuthenticationOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get state(): MqttAuthState {
    return this.#state;
  }

  /** Undefined until the client is known; another object after a re-authentication. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /** When the principal ends, on the clock of `now`; infinite for most. */
  get endsAtMs(): number {
    return this.#endsAtMs;
  }

  /** When the certificate that says who the client is ends, on the clock of `now`; infinite where none does. */
  get certifiedUntilMs(): number {
    const endsAtMs = this.#certified && this.#options.peer.certificate?.expiresAtMs;
    return endsAtMs === undefined ? forever : this.#now() + endsAtMs - Date.now();
  }

  /** CONNECT. To be called once. Never rejects. */
  async begin(connect: ConnectPacket): Promise<MqttAuthStep> {
    if (this.#state !== 'initial') return this.#refuse(MqttReasonCode.PROTOCOL_ERROR, 'a second CONNECT');
    this.#state = 'exchanging';
    try {
      const certified = await this.#certificate();
      if (certified !== undefined) return certified;
      const { authenticationMethod, authenticationData } = connect.properties;
      if (authenticationMethod !== undefined)
        return await this.#start(authenticationMethod, authenticationData);
      return this.#settle(await this.#byConnect(connect));
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Instead of CONNECT: another gateway has seen the proof. `endsAtMs` in milliseconds since 1970. */
  adopt({ principal, endsAtMs, authentication }: AdoptedClient): void {
    this.#state = 'authenticated';
    this.#principal = principal;
    this.#endsAtMs = endsAtMs === undefined ? forever : this.#now() + endsAtMs - Date.now();
    this.#method = authentication.authenticationMethod;
  }

  /** AUTH, before CONNACK or after it. Never rejects. */
  async next({ reasonCode, properties }: AuthPacket): Promise<MqttAuthStep> {
    const { authenticationMethod: method, authenticationData: data } = properties;
    const renewal = this.#state === 'authenticated';
    if (this.#state === 'initial' || this.#state === 'failed' || this.#method === undefined) {
      // [MQTT-4.12.0-6]
      return this.#refuse(
        MqttReasonCode.PROTOCOL_ERROR,
        'AUTH of a client that named no authentication method',
      );
    }
    // The client has to wait for our AUTH before its next.
    if (this.#busy)
      return this.#refuse(MqttReasonCode.PROTOCOL_ERROR, 'AUTH before the one before it was answered');
    const expected = renewal ? MqttReasonCode.RE_AUTHENTICATE : MqttReasonCode.CONTINUE_AUTHENTICATION;
    if (reasonCode !== expected) {
      return this.#refuse(MqttReasonCode.PROTOCOL_ERROR, `AUTH with reason code ${reasonCode} out of turn`);
    }
    // [MQTT-4.12.0-5], [MQTT-4.12.1-1]
    if (method !== this.#method) {
      return this.#refuse(MqttReasonCode.BAD_AUTHENTICATION_METHOD, 'AUTH with another method than CONNECT');
    }
    if (renewal) this.#state = 'renewing';
    try {
      return renewal ? await this.#start(method, data) : await this.#step(data);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** @returns why the client is refused already */
  async #certificate(): Promise<MqttAuthStep | undefined> {
    const { authenticator, peer } = this.#options;
    if (peer.certificate === undefined) return undefined;
    const decision = await authenticator.certificate(peer);
    if (decision.kind === 'deny') return this.#deny(decision.reason);
    if (decision.kind === 'allow') this.#certified = decision.principal;
    return undefined;
  }

  async #byConnect({ userName, password }: ConnectPacket): Promise<AuthDecision> {
    const { authenticator, peer } = this.#options;
    if (password === undefined) {
      if (this.#certified !== undefined) return ofCertificate(this.#certified, userName);
      return userName === undefined
        ? authenticator.anonymous(peer)
        : { kind: 'deny', reason: 'bad-credentials' };
    }
    const offered = authenticator.mechanisms(peer.listener, peer.tls ?? false);
    if (!offered.includes('PLAIN')) return { kind: 'deny', reason: 'plaintext' };
    if (password.length === 0 || !isUtf8(password)) return { kind: 'deny', reason: 'bad-credentials' };
    return authenticator.plain(userName ?? '', password.toString('utf8'), peer);
  }

  async #start(method: string, data: Buffer | undefined): Promise<MqttAuthStep> {
    const { authenticator, peer } = this.#options;
    const offered: readonly string[] = authenticator.mechanisms(peer.listener, peer.tls ?? false);
    if (!offered.includes(method)) {
      // [MQTT-4.12.0-1]
      return this.#refuse(
        MqttReasonCode.BAD_AUTHENTICATION_METHOD,
        'an authentication method that is not offered',
      );
    }
    this.#method = method;
    this.#messages = 0;
    this.#exchange = startMechanism(method, authenticator, peer, true);
    return this.#step(data);
  }

  async #step(data: Buffer | undefined): Promise<MqttAuthStep> {
    if (++this.#messages > messagesMax) {
      return this.#refuse(MqttReasonCode.PROTOCOL_ERROR, `an exchange has at most ${messagesMax} packets`);
    }
    // As in SASL (RFC 4422 section 3): who begins without data is asked for it.
    if (data === undefined) return this.#continue(undefined);
    this.#busy = true;
    const step = await this.#exchange!.next(data).finally(() => {
      this.#busy = false;
    });
    if (step.kind === 'continue') return this.#continue(step.message);
    return this.#settle(step);
  }

  #continue(authenticationData: Buffer | undefined): MqttAuthStep {
    const properties = {
      authenticationMethod: this.#method!,
      ...(authenticationData !== undefined && { authenticationData }),
    };
    return {
      kind: 'continue',
      packet: { type: 'auth', reasonCode: MqttReasonCode.CONTINUE_AUTHENTICATION, properties },
    };
  }

  #settle(end: AuthDecision | Exclude<MechanismStep, { kind: 'continue' }>): MqttAuthStep {
    // A packet out of turn has ended it meanwhile.
    if (this.#state === 'failed') return this.#deny('bad-credentials');
    if (end.kind === 'not-mine') return this.#deny('bad-credentials');
    if (end.kind === 'deny') return this.#deny(end.reason);
    const { principal } = end;
    if (this.#certified !== undefined && !sameUser(this.#certified, principal)) {
      return this.#refuse(MqttReasonCode.NOT_AUTHORIZED, 'another user than that of the client certificate');
    }
    if (this.#principal !== undefined && !sameUser(this.#principal, principal)) {
      return this.#refuse(MqttReasonCode.NOT_AUTHORIZED, 're-authentication as another user');
    }
    this.#exchange = undefined;
    this.#state = 'authenticated';
    this.#principal = principal;
    this.#endsAtMs = this.#end(principal);
    if (this.#method === undefined) return { kind: 'allow', principal, properties: {} };
    const data =
      'message' in end && end.message !== undefined && end.message.length > 0 ? end.message : undefined;
    const properties = {
      authenticationMethod: this.#method,
      ...(data !== undefined && { authenticationData: data }),
    };
    return { kind: 'allow', principal, properties };
  }

  /** Only who named a method can prove again who it is: no other session ends before its identity does. */
  #end(principal: Principal): number {
    const { authenticator } = this.#options;
    const certificateMs = this.certifiedUntilMs - this.#now();
    const identityMs = Math.min((principal.expiresAtMs ?? forever) - Date.now(), certificateMs);
    const lifetimeMs = this.#method === undefined ? forever : (authenticator.sessionLifetimeMsMax ?? forever);
    const leftMs = Math.min(identityMs, lifetimeMs);
    return leftMs === forever ? forever : this.#now() + leftMs;
  }

  #deny(reason: string): MqttAuthStep {
    const code = reasonCodeOf[reason as DenyReason] ?? MqttReasonCode.BAD_USER_NAME_OR_PASSWORD;
    const isForDisconnect = this.#state === 'renewing' && code === MqttReasonCode.BAD_USER_NAME_OR_PASSWORD;
    // DISCONNECT has no word for wrong credentials [MQTT-3.14.2-1].
    return this.#refuse(isForDisconnect ? MqttReasonCode.NOT_AUTHORIZED : code, reason);
  }

  #failed(error: unknown): MqttAuthStep {
    this.#state = 'failed';
    const told = new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, 'authentication failed', { cause: error });
    return { kind: 'deny', error: told, reason: 'fault' };
  }

  #refuse(reasonCode: number, reason: string): MqttAuthStep {
    this.#state = 'failed';
    this.#exchange = undefined;
    return { kind: 'deny', error: new MqttError(reasonCode, 'authentication failed'), reason };
  }
}

/** A user name beside a certificate is its user's, however it is written. */
function ofCertificate(principal: Principal, userName: string | undefined): AuthDecision {
  const { user, tenant } = principal;
  const own = [undefined, '', user, `${tenant.name}/${user}`, `${user}@${tenant.name}`];
  return own.includes(userName) ? { kind: 'allow', principal } : { kind: 'deny', reason: 'bad-credentials' };
}

function sameUser(one: Principal, other: Principal): boolean {
  return one.user === other.user && one.tenant === other.tenant && one.anonymous === other.anonymous;
}
