import { randomBytes } from 'node:crypto';
import type { LogAgreedState } from '#libs/cluster';
import type { Log } from '#libs/telemetry';

/** No tenant's key: what is a tenant's has a slash. */
const stateKey = 'phantom-key';
const keyBytes = 32;

/**
 * What the SCRAM salts of users that do not exist are made of. It is in the gateways' common state: a user that had
 * another salt at each gateway, or after a restart, would be one that does not exist.
 */
export class PhantomKey {
  constructor(
    private readonly values: Pick<LogAgreedState, 'get' | 'put'>,
    private readonly log: Log,
  ) {}

  /** Undefined until the gateways have one. */
  get value(): Buffer | undefined {
    const value = this.values.get(stateKey);
    return value?.length === keyBytes ? value : undefined;
  }

  /** Makes one where there is none, once the state was read. Of several gateways that do, the last one's is for all. */
  async agree(): Promise<void> {
    if (this.value !== undefined) return;
    try {
      await this.values.put(stateKey, randomBytes(keyBytes));
    } catch (error) {
      const message =
        'gateways do not agree yet on how users look that do not exist; the next start tries again';
      this.log.warn({ event: 'security.phantom-key', error }, message);
    }
  }
}
