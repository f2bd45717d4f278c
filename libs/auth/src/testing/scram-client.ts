import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { ScramMechanism } from '../scram-credential.js';
import type { ScramExchange, ScramStep } from '../scram/scram-exchange.js';

/** The client's side, as RFC 5802 has it; each part can be replaced by something hostile. */
export interface ScramClientOptions {
  readonly username: string;
  readonly password: string;
  readonly mechanism?: ScramMechanism;
  readonly gs2Header?: string;
  readonly nonce?: string;
  /** Behind the nonce of the first message. */
  readonly extensions?: string;
  readonly final?: (parts: { binding: string; nonce: string; proof: string }) => string;
}

export interface ScramOutcome {
  readonly challenge:
    | { readonly nonce: string; readonly salt: string; readonly iterations: number }
    | undefined;
  readonly last: ScramStep;
  /** Whether the server proved that it knows the password, too. */
  readonly serverVerified: boolean;
}

const hashes = { 'SCRAM-SHA-256': ['sha256', 32], 'SCRAM-SHA-512': ['sha512', 64] } as const;

export function escapedName(username: string): string {
  return username.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** Has the whole conversation, as far as the server goes on with it. */
export async function converse(exchange: ScramExchange, options: ScramClientOptions): Promise<ScramOutcome> {
  const { username, password, mechanism = 'SCRAM-SHA-256', gs2Header = 'n,,' } = options;
  const [hash, bytes] = hashes[mechanism];
  const nonce = options.nonce ?? randomBytes(18).toString('base64');
  const bare = `n=${escapedName(username)},r=${nonce}${options.extensions ?? ''}`;
  const first = await exchange.next(Buffer.from(gs2Header + bare));
  if (first.kind !== 'continue') return { challenge: undefined, last: first, serverVerified: false };
  const serverFirst = first.message.toString();
  const fields = Object.fromEntries(serverFirst.split(',').map((field) => [field[0], field.slice(2)]));
  const challenge = { nonce: fields.r!, salt: fields.s!, iterations: Number(fields.i) };
  const salted = pbkdf2Sync(
    password,
    Buffer.from(challenge.salt, 'base64'),
    challenge.iterations,
    bytes,
    hash,
  );
  const clientKey = createHmac(hash, salted).update('Client Key').digest();
  const storedKey = createHash(hash).update(clientKey).digest();
  const binding = Buffer.from(gs2Header).toString('base64');
  const withoutProof = `c=${binding},r=${challenge.nonce}`;
  const signed = `${bare},${serverFirst},${withoutProof}`;
  const signature = createHmac(hash, storedKey).update(signed).digest();
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!)).toString('base64');
  const message = options.final?.({ binding, nonce: challenge.nonce, proof }) ?? `${withoutProof},p=${proof}`;
  const last = await exchange.next(Buffer.from(message));
  const serverKey = createHmac(hash, salted).update('Server Key').digest();
  const expected = `v=${createHmac(hash, serverKey).update(signed).digest('base64')}`;
  return { challenge, last, serverVerified: last.kind === 'allow' && last.message.toString() === expected };
}
