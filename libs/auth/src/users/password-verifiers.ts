import {
  isScryptVerifier,
  parseScryptVerifier,
  phantomVerifier,
  PlainPasswords,
  verifyScrypt,
} from '../password-verifier.js';
import type { ScramCredential, ScramMechanism } from '../scram-credential.js';
import { isScramVerifier, parseScramVerifier, verifyScramPassword } from '../scram/scram-verifier.js';

/** What other programs make of passwords, and our own verifiers in other letters. */
const foreignVerifier =
  /^\s*(?:\$?(?:scrypt|scram-sha-\d+)[$:]|\$(?:2[abxy]?|argon2i?d?|pbkdf2[\w-]*|[156y])\$)/i;

/** Says whether a password is the right one. */
export interface PasswordVerifier {
  verify(password: string): Promise<boolean>;
  /** Takes milliseconds of a thread: not to be run without a limit. */
  readonly slow: boolean;
}

/** What a user proves itself with. */
export interface ReadVerifiers {
  readonly password: PasswordVerifier | undefined;
  readonly scram: ReadonlyMap<ScramMechanism, ScramCredential>;
}

/** Why a configured text is neither a password nor a verifier, or undefined. Repeats nothing of it. */
export function passwordFault(text: string): string | undefined {
  try {
    new PasswordVerifiers().read([text], new Map());
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads what configurations and users files say of passwords. */
export class PasswordVerifiers {
  readonly #plain = new PlainPasswords();
  #phantom: PasswordVerifier | undefined;

  /** As slow as the first slow verifier that was read; undefined as long as there is none. */
  get phantom(): PasswordVerifier | undefined {
    return this.#phantom;
  }

  /**
   * @param scram credentials that are read already
   * @throws Error that says what is wrong with a verifier, without repeating it
   */
  read(texts: readonly string[], scram: ReadonlyMap<ScramMechanism, ScramCredential>): ReadVerifiers {
    const credentials = new Map(scram);
    let password: PasswordVerifier | undefined;
    for (const text of texts) {
      if (isScramVerifier(text)) {
        const credential = parseScramVerifier(text);
        if (credentials.has(credential.mechanism))
          throw new Error(`there are two ${credential.mechanism} verifiers`);
        credentials.set(credential.mechanism, credential);
      } else if (password !== undefined) {
        throw new Error('there are two passwords');
      } else if (isScryptVerifier(text)) {
        password = this.#scrypt(text);
      } else if (foreignVerifier.test(text)) {
        // As a password it would let in whoever has seen it, in the file where nothing secret is meant to be.
        throw new Error('a verifier starts with scrypt$, scram-sha-256$ or scram-sha-512$, in these letters');
      } else {
        password = this.#exact(text);
      }
    }
    return { password: password ?? this.#salted(credentials), scram: credentials };
  }

  #scrypt(text: string): PasswordVerifier {
    const verifier = parseScryptVerifier(text);
    const phantom = phantomVerifier(verifier);
    this.#phantom ??= {
      slow: true,
      verify: async (password) => (await verifyScrypt(password, phantom)) && false,
    };
    return { slow: true, verify: (password) => verifyScrypt(password, verifier) };
  }

  #exact(text: string): PasswordVerifier {
    const digest = this.#plain.digest(text);
    return { slow: false, verify: async (password) => this.#plain.verify(password, digest) };
  }

  /** PLAIN of a user that has SCRAM verifiers only. */
  #salted(credentials: ReadonlyMap<ScramMechanism, ScramCredential>): PasswordVerifier | undefined {
    const [credential] = credentials.values();
    if (credential === undefined) return undefined;
    this.#phantom ??= {
      slow: true,
      verify: async (password) => (await verifyScramPassword(password, credential)) && false,
    };
    return { slow: true, verify: (password) => verifyScramPassword(password, credential) };
  }
}
