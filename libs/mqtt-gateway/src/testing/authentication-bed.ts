import type { AuthDecision, AuthPeer, DenyReason, Principal, SaslMechanism, ScramExchange } from '#libs/auth';
import { type ConnectPacket, MqttReasonCode } from '#libs/mqtt-codec';
import {
  MqttAuthentication,
  type MqttAuthenticationOptions,
  type MqttAuthStep,
} from '../authentication/mqtt-authentication.js';

const acme = { name: 'acme' };
export const ann = {
  tenant: acme,
  user: 'ann',
  groups: [],
  anonymous: false,
  source: 'password',
} as unknown as Principal;
export const bob: Principal = { ...ann, user: 'bob' };
export const annElsewhere = { ...ann, tenant: { name: 'beta' } } as Principal;
export const anonymous: Principal = { ...ann, user: 'anonymous', anonymous: true, source: 'anonymous' };
export const allow = (principal: Principal): AuthDecision => ({ kind: 'allow', principal });
export const deny = (reason: DenyReason): AuthDecision => ({ kind: 'deny', reason });
export const bytes = (text: string) => Buffer.from(text);
export const bearer = (token: string) => bytes(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);

export interface AuthenticationSettings {
  readonly plain?: AuthDecision;
  readonly certificate?: AuthDecision;
  readonly anonymous?: AuthDecision;
  readonly token?: () => AuthDecision | Promise<AuthDecision>;
  readonly scram?: () => ScramExchange;
  readonly mechanisms?: readonly SaslMechanism[];
  readonly lifetimeMs?: number;
  readonly certificateExpiresAtMs?: number;
}

/** Two messages, as SCRAM has them; the second proves it when it is `right`. */
export function twoSteps(principal = ann): ScramExchange {
  let step = 0;
  return {
    next: async (message) => {
      if (step++ === 0) return { kind: 'continue', message: bytes(`challenge ${message.toString()}`) };
      return message.toString() === 'right'
        ? { kind: 'allow', principal, message: bytes('verified') }
        : { kind: 'deny', reason: 'bad-credentials', message: bytes('e=invalid-proof') };
    },
  };
}

export function authenticationBed(settings: AuthenticationSettings = {}) {
  const asked: string[] = [];
  const clock = { ms: 1_000 };
  const certificate = {
    subject: '',
    subjectAltName: '',
    fingerprint256: 'F',
    expiresAtMs: settings.certificateExpiresAtMs,
  };
  const peer: AuthPeer = {
    ...{ listener: 'mqtt', remoteAddress: '127.0.0.1' },
    ...(settings.certificate && { certificate: certificate as NonNullable<AuthPeer['certificate']> }),
  };
  const authenticator: MqttAuthenticationOptions['authenticator'] = {
    plain: async (username, password) => {
      asked.push(`${username}:${password}`);
      return settings.plain ?? (password === 'secret' ? allow(ann) : deny('bad-credentials'));
    },
    authenticate: async () => (settings.token ?? (() => deny('bad-credentials')))(),
    scram: () => (settings.scram ?? twoSteps)(),
    certificate: async () => settings.certificate ?? { kind: 'not-mine' },
    anonymous: () => settings.anonymous ?? deny('anonymous-not-allowed'),
    mechanisms: () => settings.mechanisms ?? ['SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN'],
    sessionLifetimeMsMax: settings.lifetimeMs,
  };
  const authentication = new MqttAuthentication({ peer, authenticator, now: () => clock.ms });
  const auth = (reasonCode: number, data?: string | Buffer, method = 'SCRAM-SHA-256') =>
    authentication.next({
      type: 'auth',
      reasonCode,
      properties: {
        authenticationMethod: method,
        ...(data !== undefined && { authenticationData: Buffer.from(data) }),
      },
    });
  const goOn = (data?: string, method?: string) => auth(MqttReasonCode.CONTINUE_AUTHENTICATION, data, method);
  const again = (data?: string | Buffer, method?: string) =>
    auth(MqttReasonCode.RE_AUTHENTICATE, data, method);
  return { authentication, asked, clock, goOn, again };
}

export function connect(rest: {
  userName?: string;
  password?: string | Buffer;
  method?: string;
  data?: string | Buffer;
}): ConnectPacket {
  const { userName, password, method, data } = rest;
  return {
    ...{ type: 'connect', protocolLevel: 5, cleanStart: true, keepAliveSeconds: 0, clientId: 'c' },
    ...(userName !== undefined && { userName }),
    ...(password !== undefined && { password: Buffer.from(password) }),
    properties: {
      ...(method !== undefined && { authenticationMethod: method }),
      ...(data !== undefined && { authenticationData: Buffer.from(data) }),
    },
  };
}

export const scram = (data?: string) =>
  connect({ method: 'SCRAM-SHA-256', ...(data !== undefined && { data }) });

export function refusal(step: MqttAuthStep): string {
  if (step.kind !== 'deny') throw new Error(`not refused: ${step.kind}`);
  return step.error.reasonName;
}
