import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { type ScramCredential, type ScramMechanism, scramIterations } from '../scram-credential.js';

/** node:crypto's name of the mechanism's hash, and the bytes of its digests. */
export const scramHash: Readonly<Record<ScramMechanism, { readonly name: string; readonly bytes: number }>> =
  {
    'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
    'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
  };

const schemes: Readonly<Record<string, ScramMechanism>> = {
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
};
const saltBytes = 16;
const saltBytesMax = 1_024;

/** Whether a configured password is a SCRAM verifier, and not the password itself. */
export function isScramVerifier(text: string): boolean {
  return Object.keys(schemes).some((scheme) => text.startsWith(`${scheme}$`));
}

/** Reads `scram-sha-256$iterations$salt$storedKey$serverKey`. @throws Error that says what is wrong, without repeating it */
export function parseScramVerifier(text: string): ScramCredential {
  const [scheme = '', ...fields] = text.split('$');
  const mechanism = schemes[scheme];
  if (mechanism === undefined || fields.length !== 4) {
    throw new Error(
      'a SCRAM verifier is scram-sha-256$iterations$salt$storedKey$serverKey (or scram-sha-512)',
    );
  }
  const iterations = /^\d{1,6}$/.test(fields[0]!) ? Number(fields[0]) : 0;
  const [salt, storedKey, serverKey] = fields.slice(1).map((field) => Buffer.from(field, 'base64'));
  const credential = { mechanism, iterations, salt: salt!, storedKey: storedKey!, serverKey: serverKey! };
  const fault = scramCredentialFault(credential);
  if (fault !== undefined) throw new Error(`of a SCRAM verifier ${fault}`);
  return credential;
}

/** Why a credential cannot be kept, or undefined. Says no secret. */
export function scramCredentialFault(credential: ScramCredential): string | undefined {
  const { mechanism, iterations, salt, storedKey, serverKey } = credential;
  const bytes = scramHash[mechanism]?.bytes;
  if (bytes === undefined) return 'the mechanism is unknown';
  const { min, max } = scramIterations;
  if (!Number.isInteger(iterations) || iterations < min || iterations > max) {
    return `the iterations are ${min} to ${max}`;
  }
  if (salt.length === 0 || salt.length > saltBytesMax) return `a salt has 1 to ${saltBytesMax} bytes`;
  if (storedKey.length !== bytes || serverKey.length !== bytes) return `the keys have ${bytes} bytes`;
  return undefined;
}

export function formatScramVerifier({
  mechanism,
  iterations,
  salt,
  storedKey,
  serverKey,
}: ScramCredential): string {
  const keys = [salt, storedKey, serverKey].map((bytes) => bytes.toString('base64'));
  return [mechanism.toLowerCase(), iterations, ...keys].join('$');
}

/** Makes a password's credential, with a salt of its own. */
export async function scramCredential(
  password: string,
  mechanism: ScramMechanism,
  iterations: number = scramIterations.max,
): Promise<ScramCredential> {
  const salt = randomBytes(saltBytes);
  return credentialOf(await saltedPassword(password, { mechanism, iterations, salt }), {
    mechanism,
    iterations,
    salt,
  });
}

/** The credential of a password that the client salted itself (Kafka's AlterUserScramCredentials, KIP-554). */
export function credentialOf(
  salted: Buffer,
  { mechanism, iterations, salt }: Pick<ScramCredential, 'mechanism' | 'iterations' | 'salt'>,
): ScramCredential {
  const { name } = scramHash[mechanism];
  const clientKey = createHmac(name, salted).update('Client Key').digest();
  return {
    mechanism,
    iterations,
    salt,
    storedKey: createHash(name).update(clientKey).digest(),
    serverKey: createHmac(name, salted).update('Server Key').digest(),
  };
}

/** Whether a password is the one that a credential was made of, in a time that does not depend on either. */
export async function verifyScramPassword(password: string, credential: ScramCredential): Promise<boolean> {
  const derived = credentialOf(await saltedPassword(password, credential), credential);
  return timingSafeEqual(derived.storedKey, credential.storedKey);
}

/** RFC 5802's Hi. Like Kafka, without SASLprep: the password is its UTF-8 bytes. */
function saltedPassword(
  password: string,
  { mechanism, iterations, salt }: Pick<ScramCredential, 'mechanism' | 'iterations' | 'salt'>,
): Promise<Buffer> {
  const { name, bytes } = scramHash[mechanism];
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, bytes, name, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
