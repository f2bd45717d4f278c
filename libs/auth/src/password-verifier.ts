import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** The fields of `scrypt$N$r$p$salt$hash`, salt and hash in base64 (with or without padding). */
export interface ScryptVerifier {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const scheme = 'scrypt';
/** OWASP's recommendation (2024) that stays near 50 ms: N = 2^14, r = 8, p = 5 would be 250 ms. */
const defaults = { cost: 16_384, blockSize: 8, parallelization: 1, saltBytes: 16, hashBytes: 32 };
/** Most memory that one verification may take; scrypt takes 128 * N * r bytes. */
const memoryBytesMax = 67_108_864;
/** Most work: N * r * p. The defaults are 131,072. */
const workMax = 2_097_152;

/** Longest password that is looked at; a longer one is wrong. */
export const passwordBytesMax = 1_024;

/** Whether a configured password is a verifier, and not the password itself. */
export function isScryptVerifier(text: string): boolean {
  return text.startsWith(`${scheme}$`);
}

/** @throws Error that says what is wrong with it, without repeating it */
export function parseScryptVerifier(text: string): ScryptVerifier {
  const [name, ...fields] = text.split('$');
  if (name !== scheme || fields.length !== 5) throw new Error('a verifier is scrypt$N$r$p$salt$hash');
  const [cost, blockSize, parallelization] = fields
    .slice(0, 3)
    .map((field) => (/^\d{1,8}$/.test(field) ? Number(field) : 0)) as [number, number, number];
  if (cost < 2 || (cost & (cost - 1)) !== 0) throw new Error("a scrypt verifier's N is a power of 2");
  if (blockSize < 1 || parallelization < 1) throw new Error("a scrypt verifier's r and p are at least 1");
  if (128 * cost * blockSize > memoryBytesMax || cost * blockSize * parallelization > workMax) {
    throw new Error('a scrypt verifier of this N, r and p takes too much memory or time');
  }
  const salt = Buffer.from(fields[3]!, 'base64');
  const hash = Buffer.from(fields[4]!, 'base64');
  if (salt.length < 8) throw new Error("a scrypt verifier's salt has at least 8 bytes");
  if (hash.length < 16 || hash.length > 64) throw new Error("a scrypt verifier's hash has 16 to 64 bytes");
  return { cost, blockSize, parallelization, salt, hash };
}

/** Makes the verifier of a password: `scrypt$16384$8$1$<salt>$<hash>`. */
export async function scryptVerifier(password: string): Promise<string> {
  const salt = randomBytes(defaults.saltBytes);
  const hash = await derive(password, { ...defaults, salt, hash: Buffer.alloc(defaults.hashBytes) });
  const { cost, blockSize, parallelization } = defaults;
  return [scheme, cost, blockSize, parallelization, salt.toString('base64'), hash.toString('base64')].join(
    '$',
  );
}

/** A verifier that no password has, for users that do not exist: they take as long as the others. */
export function phantomVerifier(like: ScryptVerifier | undefined): ScryptVerifier {
  const { cost, blockSize, parallelization } = like ?? defaults;
  return { cost, blockSize, parallelization, salt: randomBytes(defaults.saltBytes), hash: randomBytes(64) };
}

export async function verifyScrypt(password: string, verifier: ScryptVerifier): Promise<boolean> {
  // HMAC fills its key up with zero bytes (RFC 2104), so a password and the same with zeros behind it have one hash.
  if (password.includes('\0')) return false;
  return timingSafeEqual(await derive(password, verifier), verifier.hash);
}

/** Compares plain passwords, equal in time whatever their lengths are. */
export class PlainPasswords {
  readonly #key = randomBytes(32);

  /** What is kept instead of the password: a digest that is worth nothing outside this process. */
  digest(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password).digest();
  }

  verify(password: string, digest: Buffer): boolean {
    return timingSafeEqual(this.digest(password), digest);
  }
}

function derive(password: string, verifier: ScryptVerifier): Promise<Buffer> {
  const { cost, blockSize, parallelization, salt, hash } = verifier;
  const options = { cost, blockSize, parallelization, maxmem: memoryBytesMax + 1_048_576 };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
