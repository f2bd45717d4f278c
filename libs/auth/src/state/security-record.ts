import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type AuthorizationRule, authorizationRuleFault } from '../authorization-rule.js';
import { type ScramCredential, type ScramMechanism, scramMechanisms } from '../scram-credential.js';
import { scramCredentialFault } from '../scram/scram-verifier.js';
import type { StoredRule } from '../security-rules.js';

/**
 * What tenants' state consists of, as JSON with `"v": 1` under these keys:
 *
 * - `rule/<tenant>/<id>`: `{"rule": ...}`, as in the configuration;
 * - `scram/<tenant>/<mechanism>/<user>`: `{"iterations": ..., "salt": ..., "storedKey": ..., "serverKey": ...}`, in base64.
 *
 * Neither tenants nor users have a `/` in their names.
 */
export type SecurityKey =
  | { readonly kind: 'rule'; readonly tenant: string; readonly id: string }
  | {
      readonly kind: 'scram';
      readonly tenant: string;
      readonly mechanism: ScramMechanism;
      readonly user: string;
    };

const version = 1;
const idBytes = 18;

export function ruleKey(tenant: string, id: string): string {
  return `rule/${tenant}/${id}`;
}

export function scramKey(tenant: string, mechanism: ScramMechanism, user: string): string {
  return `scram/${tenant}/${mechanism}/${user}`;
}

/** Undefined for what is of no gateway of this version. */
export function parseSecurityKey(key: string): SecurityKey | undefined {
  const [kind, tenant = '', ...rest] = key.split('/');
  if (tenant === '') return undefined;
  if (kind === 'rule' && rest.length === 1) return { kind, tenant, id: rest[0]! };
  const [mechanism, user] = rest as [ScramMechanism, string];
  if (kind === 'scram' && rest.length === 2 && scramMechanisms.includes(mechanism) && user !== '') {
    return { kind, tenant, mechanism, user };
  }
  return undefined;
}

/** The one form of all rules that say the same, with the id that follows from it. */
export function storedRule(rule: AuthorizationRule): StoredRule {
  const { type, match, name } = rule.resource;
  const canonical: AuthorizationRule = {
    effect: rule.effect ?? 'allow',
    principals: [...new Set(rule.principals)].sort(),
    actions: [...new Set(rule.actions)].sort(),
    resource: { type, match, name },
    ...(rule.qos !== undefined && { qos: [...new Set(rule.qos)].sort() }),
    ...(rule.retain !== undefined && { retain: rule.retain }),
  };
  const digest = createHash('sha256').update(JSON.stringify(canonical)).digest();
  return { id: digest.subarray(0, idBytes).toString('base64url'), rule: canonical };
}

export function encodeRule({ rule }: StoredRule): Buffer {
  return Buffer.from(JSON.stringify({ v: version, rule }));
}

/** Undefined when it cannot be understood: whoever reads it must not act as if it were not there. */
export function decodeRule(value: Buffer): AuthorizationRule | undefined {
  const { rule } = parse(value) ?? {};
  if (!isObject(rule) || !isObject(rule.resource)) return undefined;
  const { effect, principals, actions, resource, qos, retain } = rule;
  if (effect !== 'allow' && effect !== 'deny') return undefined;
  if (!isTexts(principals) || !isTexts(actions) || typeof resource.name !== 'string') return undefined;
  if (qos !== undefined && !Array.isArray(qos)) return undefined;
  if (retain !== undefined && typeof retain !== 'boolean') return undefined;
  const conditions = { ...(qos !== undefined && { qos }), ...(retain !== undefined && { retain }) };
  const read = { effect, principals, actions, resource, ...conditions } as unknown as AuthorizationRule;
  return authorizationRuleFault(read) === undefined ? read : undefined;
}

export function encodeScramCredential(credential: ScramCredential): Buffer {
  const { iterations, salt, storedKey, serverKey } = credential;
  const text = (bytes: Buffer) => bytes.toString('base64');
  return Buffer.from(
    JSON.stringify({
      v: version,
      iterations,
      salt: text(salt),
      storedKey: text(storedKey),
      serverKey: text(serverKey),
    }),
  );
}

/** Undefined when it cannot be understood: nobody gets in by it. */
export function decodeScramCredential(mechanism: ScramMechanism, value: Buffer): ScramCredential | undefined {
  const { iterations, salt, storedKey, serverKey } = parse(value) ?? {};
  if (typeof iterations !== 'number' || !isTexts([salt, storedKey, serverKey])) return undefined;
  const bytes = (text: unknown) => Buffer.from(text as string, 'base64');
  const credential = {
    mechanism,
    iterations,
    salt: bytes(salt),
    storedKey: bytes(storedKey),
    serverKey: bytes(serverKey),
  };
  return scramCredentialFault(credential) === undefined ? credential : undefined;
}

function parse(value: Buffer): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(value.toString());
    return isObject(read) && read.v === version ? read : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
