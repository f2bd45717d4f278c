import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DenyReason, Principal } from '../principal.js';
import type { ScramCredential, ScramMechanism } from '../scram-credential.js';
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-message.js';
import { scramHash } from './scram-verifier.js';

export type ScramStep =
  | { readonly kind: 'continue'; readonly message: Buffer }
  | { readonly kind: 'allow'; readonly principal: Principal; readonly message: Buffer }
  | { readonly kind: 'deny'; readonly reason: DenyReason; readonly message?: Buffer };

/** The server's side of one SCRAM conversation (RFC 5802, RFC 7677). */
export interface ScramExchange {
  /** One message of the client. Never rejects. After `allow` or `deny` it is over, and every further message is denied. */
  next(message: Buffer): Promise<ScramStep>;
}

/** Whom a user name stands for. Who does not exist has a phantom credential, and the reason why it will be refused. */
export interface ScramAccount {
  readonly credential: ScramCredential;
  readonly identity: Principal | DenyReason;
}

/** What the conversation is not about: who there is, and what a refusal costs. */
export interface ScramJudge {
  account(username: string): ScramAccount;
  /** The end, either way: counts and delays refusals. `proven` is false when the proof was wrong. */
  settle(account: ScramAccount | undefined, proven: boolean): Promise<Principal | DenyReason>;
  fault(error: unknown): Promise<DenyReason>;
}

const serverNonceBytes = 18;
/** The same for a wrong proof and a user that does not exist. */
const invalidProof = Buffer.from('e=invalid-proof');

/**
 * ```
 * initial ──client-first──▶ challenged ──client-final, proven──▶ over (allow)
 *    │                          │
 *    └──────────────────────────┴── anything else ─────────────▶ over (deny)
 * ```
 */
export class ScramConversation implements ScramExchange {
  #state: 'initial' | 'challenged' | 'over' = 'initial';
  #first: ClientFirst | undefined;
  #account: ScramAccount | undefined;
  #nonce = '';
  #serverFirst = '';

  constructor(
    private readonly mechanism: ScramMechanism,
    private readonly judge: ScramJudge,
  ) {}

  async next(message: Buffer): Promise<ScramStep> {
    const state = this.#state;
    // Set before anything is awaited: a second message at the same time meets the end.
    this.#state = 'over';
    try {
      if (state === 'initial') return await this.#challenge(message);
      if (state === 'challenged') return await this.#verify(message);
      return { kind: 'deny', reason: 'bad-credentials' };
    } catch (error) {
      return { kind: 'deny', reason: await this.judge.fault(error) };
    }
  }

  async #challenge(message: Buffer): Promise<ScramStep> {
    const first = parseClientFirst(message);
    if (typeof first === 'string') return this.#refused(undefined);
    // Nobody acts for another (CVE-2017-12610).
    const { authorizationId } = first;
    if (authorizationId !== undefined && authorizationId !== '' && authorizationId !== first.username) {
      return this.#refused(undefined);
    }
    this.#first = first;
    this.#account = this.judge.account(first.username);
    this.#nonce = first.nonce + randomBytes(serverNonceBytes).toString('base64');
    const { salt, iterations } = this.#account.credential;
    this.#serverFirst = `r=${this.#nonce},s=${salt.toString('base64')},i=${iterations}`;
    this.#state = 'challenged';
    return { kind: 'continue', message: Buffer.from(this.#serverFirst) };
  }

  async #verify(message: Buffer): Promise<ScramStep> {
    const account = this.#account!;
    const first = this.#first!;
    const final = parseClientFinal(message);
    if (typeof final === 'string') return this.#refused(account);
    // The whole nonce, ours included: else a recorded conversation could be played again (CVE-2024-56128).
    if (final.nonce !== this.#nonce) return this.#refused(account);
    if (!final.channelBinding.equals(Buffer.from(first.gs2Header))) return this.#refused(account);
    const signed = `${first.bare},${this.#serverFirst},${final.withoutProof}`;
    const { name, bytes } = scramHash[this.mechanism];
    const { storedKey, serverKey } = account.credential;
    if (final.proof.length !== bytes) return this.#refused(account);
    const clientKey = createHmac(name, storedKey).update(signed).digest();
    for (let at = 0; at < bytes; at++) clientKey[at] = clientKey[at]! ^ final.proof[at]!;
    const proven = timingSafeEqual(createHash(name).update(clientKey).digest(), storedKey);
    if (!proven) return this.#refused(account);
    const settled = await this.judge.settle(account, true);
    if (typeof settled === 'string') return { kind: 'deny', reason: settled, message: invalidProof };
    const signature = createHmac(name, serverKey).update(signed).digest('base64');
    return { kind: 'allow', principal: settled, message: Buffer.from(`v=${signature}`) };
  }

  async #refused(account: ScramAccount | undefined): Promise<ScramStep> {
    const settled = await this.judge.settle(account, false);
    const reason = typeof settled === 'string' ? settled : 'bad-credentials';
    return { kind: 'deny', reason, ...(account && { message: invalidProof }) };
  }
}
