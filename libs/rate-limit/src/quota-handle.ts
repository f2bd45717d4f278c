import { type TrafficKind, trafficKinds } from '#libs/tenancy';
import { Allowance, type AllowanceSource } from './allowance.js';
import type { ConnectionQuota, LimitedEntity } from './limited-entity.js';
import type { TenantQuotas } from './tenant-quotas.js';
import { Period } from './period.js';

type Allowances = Readonly<Record<TrafficKind, Allowance>>;

/** One for all: it does not change. */
const unlimited = new Allowance([], new Period(() => 0));
const nothing = allowances(() => unlimited);

/** The part of the longest wait that clients together may owe. */
const owedPart = 0.5;

/** What a handle knows of the process: the gateway's own limits, whose change is its, too. */
export interface GatewayQuotas {
  readonly version: number;
  readonly period: Period;
  /** A limit of the gateway as it holds for one tenant. */
  partOf(kind: TrafficKind, tenant: TenantQuotas): AllowanceSource | undefined;
}

/**
 * What one connection takes from: its gateway's, its tenant's, its user's and its client id's. Looked up once, and again
 * when limits change. Times are in milliseconds, at most `throttleMsMax`; 0: go on.
 */
export class QuotaHandle {
  #version = -1;
  #gatewayVersion = -1;
  #allowances = nothing;
  #used = new Map<string, LimitedEntity>();
  /** Counted as an open connection with these. */
  #connected: readonly LimitedEntity[] = [];
  #withheldAtMs: number | undefined;
  #closed = false;

  constructor(
    readonly quotas: TenantQuotas,
    private readonly gateway: GatewayQuotas,
    readonly user: string,
    public clientId: string,
  ) {}

  /** The longest wait at once. */
  get throttleMsMax(): number {
    return this.quotas.throttleMsMax;
  }

  /** Calls `look` whenever limits were changed, until what it answers is called: what is owed may be more or less then. */
  watch(look: () => void): () => void {
    return this.quotas.watch(look);
  }

  /** False: nothing that comes in is ever slowed, so nobody need count messages first. */
  get limitsIn(): boolean {
    const { bytesIn, messagesIn } = this.#look();
    return bytesIn.isLimited || messagesIn.isLimited;
  }

  get limitsOut(): boolean {
    const { bytesOut, messagesOut } = this.#look();
    return bytesOut.isLimited || messagesOut.isLimited;
  }

  /** Charges what was let in. Answers how long the client must then be slowed. */
  admitIn(bytes: number, messages: number): number {
    const { bytesIn, messagesIn } = this.#look();
    return this.#bounded(bytesIn.take(bytes), messagesIn.take(messages));
  }

  /** Charges what is given out. Answers how long nothing more is to be given. */
  admitOut(bytes: number, messages: number): number {
    const { bytesOut, messagesOut } = this.#look();
    return this.#bounded(bytesOut.take(bytes), messagesOut.take(messages));
  }

  admitRequest(): number {
    return this.#bounded(this.#look().requests.take(1), 0);
  }

  /** How long the client must be slowed for what it and others have taken. */
  owedInMs(): number {
    const { bytesIn, messagesIn } = this.#look();
    return this.#bounded(bytesIn.owedMs(), messagesIn.owedMs());
  }

  owedOutMs(): number {
    const { bytesOut, messagesOut } = this.#look();
    return this.#bounded(bytesOut.owedMs(), messagesOut.owedMs());
  }

  owedRequestMs(): number {
    return this.#bounded(this.#look().requests.owedMs(), 0);
  }

  /** The longest of all: how long it must be slowed whatever it did. */
  owedMs(): number {
    return Math.max(this.owedInMs(), this.owedOutMs(), this.owedRequestMs());
  }

  /** So much that what comes in is refused, where there is a way to say so; no client that is alone comes so far. */
  get refusesIn(): boolean {
    return this.owedInMs() > this.throttleMsMax * owedPart;
  }

  /**
   * So much is owed that who asks is given nothing, and told to ask again; not for longer than each has to wait at most: whom
   * others share a limit with, and use it up whenever there is some, gets on, too.
   */
  withholdsOut(): boolean {
    const longestMs = this.throttleMsMax * owedPart;
    const nowMs = this.quotas.now();
    if (this.owedOutMs() <= longestMs) this.#withheldAtMs = undefined;
    else {
      this.#withheldAtMs ??= nowMs;
      if (nowMs - this.#withheldAtMs < longestMs) return true;
      this.#withheldAtMs = undefined;
    }
    return false;
  }

  /** What may be given out in a second, by the smallest limit; Infinity without one. */
  get bytesOutPerSecond(): number {
    return this.#look().bytesOut.perSecond;
  }

  get bytesInPerSecond(): number {
    return this.#look().bytesIn.perSecond;
  }

  get messagesInPerSecond(): number {
    return this.#look().messagesIn.perSecond;
  }

  /** Kafka's clients say in each request who they are. */
  identify(clientId: string): void {
    if (clientId === this.clientId) return;
    this.clientId = clientId;
    this.#version = -1;
  }

  /**
   * Counts the connection with its tenant and its client, until `close`. To be called once.
   * @returns which limit of one of them does not allow it
   */
  connect(): ConnectionQuota | undefined {
    const { rules, entity: tenant, manner } = this.quotas;
    const nowMs = this.quotas.now();
    // Without a client id it is nobody's that others could use up.
    const clientId = this.clientId === '' ? undefined : this.clientId;
    const most = rules.find('connections', this.user, clientId);
    const rate = rules.find('connectionRate', this.user, clientId);
    // Who is over a limit of its own uses up nothing of its tenant's. Each limit is asked of whom it is of alone: the same
    // entity may have another by a setting that is not this client's, or is not there any more.
    const counted = most && this.#use(most.entity);
    if (counted !== undefined) {
      counted.connectionsMax = most!.value;
      if (!counted.hasRoom(manner.dryRun)) return 'connections';
    }
    if (rate !== undefined) {
      const entity = this.#use(rate.entity);
      entity.setRate('connectionRate', rate.value, manner, nowMs);
      if (!entity.mayBeNew(nowMs)) return 'connectionRate';
    }
    const refusal = tenant.connectionRefusal(nowMs, manner.dryRun);
    if (refusal !== undefined) return refusal;
    this.#connected = counted === undefined ? [tenant] : [counted, tenant];
    for (const each of this.#connected) each.connections++;
    return undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#giveBack();
    for (const each of this.#connected) each.connections--;
    this.#release(this.#used.keys());
    this.#used = new Map();
    this.#allowances = nothing;
  }

  #look(): Allowances {
    const isCurrent = this.#version === this.quotas.version && this.#gatewayVersion === this.gateway.version;
    if (!isCurrent && !this.#closed) this.#resolve();
    return this.#allowances;
  }

  #resolve(): void {
    this.#version = this.quotas.version;
    this.#gatewayVersion = this.gateway.version;
    this.#giveBack();
    const before = this.#used;
    // In use before the former ones are let go: what they owe stays known.
    this.#used = new Map();
    for (const [name, entity] of before) if (this.#connected.includes(entity)) this.#use(name);
    this.#allowances = allowances((kind) => this.#allowance(kind));
    this.#release(before.keys());
  }

  #allowance(kind: TrafficKind): Allowance {
    const { rules, manner, entity: tenant } = this.quotas;
    const rule = rules.find(kind, this.user, this.clientId);
    const client = rule && this.#use(rule.entity);
    client?.setRate(kind, rule!.value, manner, this.quotas.now());
    const all = [client?.bucket(kind), tenant.bucket(kind), this.gateway.partOf(kind, this.quotas)];
    const sources = all.filter((source) => source !== undefined);
    return sources.length === 0 ? unlimited : new Allowance(sources, this.gateway.period);
  }

  #giveBack(): void {
    for (const kind of trafficKinds) this.#allowances[kind].giveBack();
  }

  #use(name: string): LimitedEntity {
    let entity = this.#used.get(name);
    if (entity === undefined) this.#used.set(name, (entity = this.quotas.clients.use(name)));
    return entity;
  }

  #release(names: Iterable<string>): void {
    const nowMs = this.quotas.now();
    for (const name of names) this.quotas.clients.release(name, nowMs);
  }

  #bounded(waitMs: number, otherMs: number): number {
    if (waitMs === 0 && otherMs === 0) return 0;
    return Math.min(Math.max(waitMs, otherMs), this.quotas.throttleMsMax);
  }
}

function allowances(of: (kind: TrafficKind) => Allowance): Allowances {
  return Object.fromEntries(trafficKinds.map((kind) => [kind, of(kind)])) as unknown as Allowances;
}
