import type { FailureLimit } from '../failure-limit.js';
import type { AuthPeer, DenyReason, Principal } from '../principal.js';
import type { TenantBinder } from '../tenant-binder.js';
import type { ScramMechanism } from '../scram-credential.js';
import { type ClaimedUser, claimedUser, userNameCharsMax } from '../user-name.js';
import type { KnownUsers } from '../users/known-users.js';
import { VerificationCache } from '../verification-cache.js';
import { phantomCredential } from './phantom-credential.js';
import type { ScramAccount } from './scram-exchange.js';

export interface ScramAccountsParts {
  readonly binder: TenantBinder;
  readonly users: KnownUsers;
  readonly failures: FailureLimit;
  readonly now: () => number;
  readonly phantomKey: () => Buffer;
}

const entriesMax = 10_000;
/** As long as a right password is remembered. */
const provenMs = 300_000;

/** Whom user names stand for in SCRAM. */
export class ScramAccounts {
  readonly #parts: ScramAccountsParts;
  // Who proved itself from which address a short time ago.
  readonly #proven: VerificationCache<boolean>;

  constructor(parts: ScramAccountsParts) {
    this.#parts = parts;
    this.#proven = new VerificationCache(entriesMax, parts.now);
  }

  /** @throws Error while it cannot be known who there is */
  account(username: string, mechanism: ScramMechanism, peer: AuthPeer): ScramAccount {
    const { binder, users } = this.#parts;
    const claimed = claimedUser(username);
    const { tenant, deny } = binder.bind(peer, { userName: claimed.tenant });
    const known =
      tenant && username.length <= 2 * userNameCharsMax ? users.find(tenant, claimed.user) : undefined;
    const credential = known?.scram.get(mechanism);
    // As the user's name would be found: `alice` and `acme/alice` are one, whether or not there is one.
    const name = tenant === undefined ? this.#refusedName(claimed, peer) : `${tenant.name}/${claimed.user}`;
    // Made for those who exist, too: both take the same time.
    const phantom = phantomCredential(this.#parts.phantomKey(), name, mechanism, users.usualShape(mechanism));
    if (known !== undefined && credential !== undefined) return { credential, identity: known.byScram };
    return { credential: phantom, identity: deny ?? 'bad-credentials' };
  }

  /**
   * A tenant that does not exist is spelled as one that does: else the salts of `acme/alice` and `alice@acme`, or of two
   * listeners, would tell which tenants there are.
   */
  #refusedName({ tenant = '', user }: ClaimedUser, peer: AuthPeer): string {
    const place = this.#parts.binder.ofPlace(peer);
    return place === undefined ? `${tenant}/${user}` : `${place.name}//${tenant}/${user}`;
  }

  /** What comes of a conversation that ended in a right or wrong proof. */
  settle({ credential, identity }: ScramAccount, proven: boolean, address: string): Principal | DenyReason {
    const { failures, users } = this.#parts;
    if (typeof identity === 'string') return failures.exhausted(address) ? 'too-many-failures' : identity;
    const key = this.#proven.key(
      address,
      identity.tenant.name,
      identity.user,
      credential.storedKey.toString('base64'),
    );
    // Who was right before gets in even where others at the same address (behind one NAT) guess passwords.
    if (failures.exhausted(address) && !(proven && this.#proven.get(key))) return 'too-many-failures';
    // Asked again: the user may have been removed or given another password meanwhile.
    if (!proven || users.find(identity.tenant, identity.user)?.byScram !== identity) return 'bad-credentials';
    this.#proven.set(key, true, provenMs);
    return identity;
  }
}
