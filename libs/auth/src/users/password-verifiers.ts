import {
  isScryptVerifier,
  parseScryptVerifier,
  phantomVerifier,
  PlainPasswords,
  verifyScrypt,
} from '../password-verifier.js';
import type { ScramCredential, ScramMechanism } from '../scram-credential.js';
import { isScramVerifier, parseScramVerifier, verifyScramPassword } from '../scram/scram-verifier.js';

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
      } else {
        password = isScryptVerifier(text) ? this.#scrypt(text) : this.#exact(text);
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
