import { createHash, timingSafeEqual } from 'node:crypto';
import { type AdminConfig, adminTokenOf } from '../config/admin.schema.js';

/** Who may change something by the admin HTTP: who has the token of the configuration, and nobody where it has none. */
export class AdminAccess {
  #digest: Buffer | undefined;

  /** @throws Error that says no secret, as {@link prepare} */
  constructor(private readonly config: AdminConfig) {
    this.prepare()();
  }

  get enabled(): boolean {
    return this.#digest !== undefined;
  }

  /** Reads the token again from where it is. It counts when what is returned is called. @throws Error that says no secret */
  prepare(): () => void {
    const token = adminTokenOf(this.config);
    return () => {
      this.#digest = token === undefined ? undefined : digest(token);
    };
  }

  /** @param authorization the header of the request; takes the same time whatever is wrong with it */
  allows(authorization: string | undefined): boolean {
    const shown = digest(/^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
    return this.#digest !== undefined && timingSafeEqual(shown, this.#digest);
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
