import type { AmqpComposite } from '#libs/amqp-codec';
import { asAmqpError } from '../amqp.errors.js';
import type { MessageSource, MessageTarget } from '../node.js';
import type { SenderLink } from '../sender-link.js';
import type { LinkSession } from '../session/link-session.js';
import { type ClientUnsettled, clientUnsettled } from './kept-deliveries.js';
import type { NamedLink } from './link-names.js';
import { OutcomeMemory, type UnsettledMap } from './outcome-memory.js';
import type { ReboundTransactions } from './rebound-transactions.js';
import { settledMode } from './sender-link-options.js';
import type { LinkLoss, SuspendedLink, TerminusLife } from './suspended-links.js';

type Attach = AmqpComposite<'attach'>;

/** Outcomes that a client has not seen are of what it sent before it was given its last credit. */
const windowsRemembered = 2;
/** Policies by which a client says that its target is to outlive a session. */
const lastingPolicies = ['connection-close', 'never'];

/** What outlives the session of a link. */
export type LinkRemains = SuspendedSender | SuspendedReceiver;

/** Of a client that receives: its source, with what it has not settled. */
export interface SuspendedSender {
  readonly sender: SenderLink;
  readonly transactions: ReboundTransactions;
  /** It is not resumed after all. Never rejects: often nobody waits for it. */
  release(): Promise<void>;
}

/** Of one that sends: what became of it. */
export interface SuspendedReceiver {
  readonly memory: OutcomeMemory;
  release(): Promise<void>;
}

class KeptLink implements SuspendedLink {
  constructor(
    readonly tenant: string,
    readonly life: TerminusLife,
    readonly signature: string,
    readonly remains: LinkRemains,
    /** Gives back what it takes while it is suspended. */
    readonly onEnd: () => void,
  ) {}

  async release(): Promise<void> {
    this.onEnd();
    await this.remains.release();
  }
}

/** How the link of one attach is suspended and resumed (AMQP 2.6.13, 3.5.6). */
export class LinkResumption {
  readonly unsettled: ClientUnsettled | undefined;
  /** It may be suspended: the client has said what is unsettled, or how long its terminus is to live. */
  readonly isWanted: boolean;
  /** How long its terminus lives on. */
  readonly timeoutSeconds: number;
  /** Whose link of which name this is, and the direction. */
  readonly #key: string;
  /** What must be the same for it to be the same link. */
  readonly #signature: string;
  readonly #tenant: string;
  /** `expiry-policy` of the terminus that was asked for. */
  readonly #policy: string;

  constructor(
    private readonly session: LinkSession,
    attach: Attach,
  ) {
    const { principal, containerId } = session.connection.identity;
    const { suspendedLinks } = session.connection.services;
    const { name, role, target } = attach;
    const terminus = role ? attach.source : target;
    const its = terminus?.type === 'source' || terminus?.type === 'target' ? terminus : undefined;
    this.#tenant = principal.tenant.name;
    this.#key = JSON.stringify([this.#tenant, principal.user, containerId, role, name]);
    this.#signature = signatureOf(principal.groups, its);
    this.#policy = its?.expiryPolicy ?? '';
    this.unsettled = clientUnsettled(attach);
    this.timeoutSeconds = Math.min(its?.timeout ?? 0, Math.floor(suspendedLinks.lifeMsMax / 1_000));
    const lasts = !role && lastingPolicies.includes(its?.expiryPolicy ?? '');
    const isAsked = this.unsettled !== undefined || this.timeoutSeconds > 0 || lasts;
    const keepsNothing = its?.dynamic === true || target?.type === 'coordinator';
    this.isWanted = isAsked && !keepsNothing && !(role && attach.sndSettleMode === settledMode);
  }

  /** Another connection may have it: one that broke off without anybody knowing. */
  async claim(link: NamedLink): Promise<void> {
    if (this.isWanted) await this.session.connection.services.resumableLinks.claim(this.#key, link);
  }

  releaseName(link: NamedLink): void {
    if (this.isWanted) this.session.connection.services.resumableLinks.release(this.#key, link);
  }

  /** What this attach resumes. Any other link of its name that is suspended ends. */
  async take(): Promise<LinkRemains | undefined> {
    const { suspendedLinks } = this.session.connection.services;
    if (suspendedLinks.size === 0) return undefined;
    const kept = suspendedLinks.take(this.#key) as KeptLink | undefined;
    if (kept === undefined) return undefined;
    if (this.isWanted && this.unsettled !== undefined && kept.signature === this.#signature) {
      kept.onEnd();
      return kept.remains;
    }
    await kept.release();
    return undefined;
  }

  /** The terminus that the client is told, with the life that it has. */
  lasting<T extends MessageSource['terminus'] | MessageTarget['terminus']>(terminus: T): T {
    if (this.timeoutSeconds === 0 || !this.isWanted || terminus.type === 'coordinator') return terminus;
    return { ...terminus, timeout: this.timeoutSeconds };
  }

  /** What the client is told to be unsettled, if it wants to know. @param memory of what it sent */
  told(memory: OutcomeMemory | undefined): UnsettledMap | undefined {
    if (this.unsettled === undefined) return undefined;
    return memory?.compare(this.unsettled.states, this.unsettled.isIncomplete) ?? [];
  }

  newMemory(): OutcomeMemory | undefined {
    if (!this.isWanted) return undefined;
    const { suspendedLinks, options } = this.session.connection.services;
    const outcomesMax = windowsRemembered * options.linkCreditMessages;
    return new OutcomeMemory(this.#tenant, suspendedLinks.deliveries, outcomesMax);
  }

  /** True: it stays, with what it has not settled. */
  suspendSender(
    sender: SenderLink,
    transactions: ReboundTransactions | undefined,
    isSessionOver: boolean,
  ): boolean {
    if (transactions === undefined) return false;
    const { suspendedLinks } = this.session.connection.services;
    const { deliveries } = suspendedLinks;
    const { unsettled } = sender;
    if (!deliveries.take(this.#tenant, unsettled)) return false;
    const give = () => deliveries.give(this.#tenant, unsettled);
    const release = () =>
      sender.close(false).catch((error: unknown) => this.session.note(asAmqpError(error)));
    const kept = this.#kept(sender.source.terminus.expiryPolicy, { sender, transactions, release }, give);
    if (!this.#suspend(kept, isSessionOver)) {
      give();
      return false;
    }
    sender.suspend(() => void suspendedLinks.take(this.#key)?.release());
    return true;
  }

  suspendReceiver(memory: OutcomeMemory, isSessionOver: boolean): void {
    const release = async () => memory.clear();
    const kept = this.#kept(this.#policy, { memory, release }, () => {});
    if (!this.#suspend(kept, isSessionOver)) memory.clear();
  }

  #kept(policy: string, remains: LinkRemains, onEnd: () => void): KeptLink {
    const life: TerminusLife = { policy, timeoutMs: this.timeoutSeconds * 1_000 };
    return new KeptLink(this.#tenant, life, this.#signature, remains, onEnd);
  }

  #suspend(kept: KeptLink, isSessionOver: boolean): boolean {
    const { connection, links } = this.session;
    let loss: LinkLoss = isSessionOver ? 'session-end' : 'link-detach';
    if (connection.isClosed) loss = 'connection-close';
    return connection.services.suspendedLinks.add(this.#key, kept, loss, this.session, links.left);
  }
}

/** A source goes on as it was opened: who asks for other messages, or in another way, has another link. */
function signatureOf(
  groups: readonly string[],
  terminus: AmqpComposite<'source'> | AmqpComposite<'target'> | undefined,
): string {
  const { address, capabilities, durable } = terminus ?? {};
  const read = terminus?.type === 'source' ? [terminus.distributionMode, terminus.filter] : [];
  return JSON.stringify([groups, address, capabilities, durable, ...read], (_, value: unknown) => {
    if (value instanceof Map) return [...value];
    return typeof value === 'bigint' ? value.toString() : value;
  });
}
