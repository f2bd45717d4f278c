import type { ConnectionQuota, LimitedEntity } from './limited-entity.js';
import type { QuotaBucket } from './quota-bucket.js';
import { bucketsOf, type TenantQuotas, type TrafficBuckets } from './tenant-quotas.js';

const nothing: TrafficBuckets = { bytesIn: [], bytesOut: [], messagesIn: [], messagesOut: [], requests: [] };

/** What a handle knows of the process: the gateway's own limits, whose change is its, too. */
export interface GatewayQuotas {
  readonly entity: LimitedEntity;
  readonly version: number;
}

/**
 * What one connection takes from: its gateway's, its tenant's, its user's and its client id's. Looked up once, and again
 * when limits change. Times are in milliseconds, at most `throttleMsMax`; 0: go on.
 */
export class QuotaHandle {
  #version = -1;
  #gatewayVersion = -1;
  #buckets: TrafficBuckets = nothing;
  #used = new Map<string, LimitedEntity>();
  /** Counted as an open connection with these. */
  #connected: readonly LimitedEntity[] = [];
  #limitsIn = false;
  #limitsOut = false;
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

  /** False: nothing that comes in is ever slowed, so nobody need count messages first. */
  get limitsIn(): boolean {
    this.#look();
    return this.#limitsIn;
  }

  get limitsOut(): boolean {
    this.#look();
    return this.#limitsOut;
  }

  /** Charges what was let in. Answers how long the client must then be slowed. */
  admitIn(bytes: number, messages: number): number {
    this.#look();
    if (!this.#limitsIn) return 0;
    const { bytesIn, messagesIn } = this.#buckets;
    const nowMs = this.quotas.now();
    return this.#bounded(take(messagesIn, messages, nowMs, take(bytesIn, bytes, nowMs, 0)));
  }

  /** Charges what is given out. Answers how long nothing more is to be given. */
  admitOut(bytes: number, messages: number): number {
    this.#look();
    if (!this.#limitsOut) return 0;
    const { bytesOut, messagesOut } = this.#buckets;
    const nowMs = this.quotas.now();
    return this.#bounded(take(messagesOut, messages, nowMs, take(bytesOut, bytes, nowMs, 0)));
  }

  admitRequest(): number {
    this.#look();
    const { requests } = this.#buckets;
    return requests.length === 0 ? 0 : this.#bounded(take(requests, 1, this.quotas.now(), 0));
  }

  /** How long the client must be slowed for what it and others have taken. */
  owedInMs(): number {
    this.#look();
    if (!this.#limitsIn) return 0;
    const nowMs = this.quotas.now();
    return this.#bounded(owed(this.#buckets.messagesIn, nowMs, owed(this.#buckets.bytesIn, nowMs, 0)));
  }

  owedOutMs(): number {
    this.#look();
    if (!this.#limitsOut) return 0;
    const nowMs = this.quotas.now();
    return this.#bounded(owed(this.#buckets.messagesOut, nowMs, owed(this.#buckets.bytesOut, nowMs, 0)));
  }

  /** The longest of all: how long it must be slowed whatever it did. */
  owedMs(): number {
    return Math.max(this.owedInMs(), this.owedOutMs(), this.owedRequestMs());
  }

  owedRequestMs(): number {
    this.#look();
    const { requests } = this.#buckets;
    return requests.length === 0 ? 0 : this.#bounded(owed(requests, this.quotas.now(), 0));
  }

  /** What may be given out in a second, by the smallest limit; Infinity without one. */
  get bytesOutPerSecond(): number {
    this.#look();
    return least(this.#buckets.bytesOut);
  }

  get bytesInPerSecond(): number {
    this.#look();
    return least(this.#buckets.bytesIn);
  }

  get messagesInPerSecond(): number {
    this.#look();
    return least(this.#buckets.messagesIn);
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
    for (const each of this.#connected) each.connections--;
    this.#release(this.#used.keys());
    this.#used = new Map();
    this.#buckets = nothing;
  }

  #look(): void {
    if (this.#version === this.quotas.version && this.#gatewayVersion === this.gateway.version) return;
    this.#resolve();
  }

  #resolve(): void {
    if (this.#closed) return;
    this.#version = this.quotas.version;
    this.#gatewayVersion = this.gateway.version;
    const before = this.#used;
    // In use before the former ones are let go: what they owe stays known.
    this.#used = new Map();
    for (const [name, entity] of before) if (this.#connected.includes(entity)) this.#use(name);
    this.#buckets = bucketsOf(this.quotas, this.gateway.entity, this, (name) => this.#use(name));
    this.#release(before.keys());
    const { bytesIn, messagesIn, bytesOut, messagesOut } = this.#buckets;
    this.#limitsIn = bytesIn.length + messagesIn.length > 0;
    this.#limitsOut = bytesOut.length + messagesOut.length > 0;
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

  #bounded(waitMs: number): number {
    return Math.min(waitMs, this.quotas.throttleMsMax);
  }
}

function least(buckets: readonly QuotaBucket[]): number {
  let rate = Number.POSITIVE_INFINITY;
  for (const { perSecond, dryRun } of buckets) if (!dryRun) rate = Math.min(rate, perSecond);
  return rate;
}

function take(buckets: readonly QuotaBucket[], n: number, nowMs: number, most: number): number {
  let waitMs = most;
  for (let at = 0; at < buckets.length; at++) waitMs = Math.max(waitMs, buckets[at]!.take(n, nowMs));
  return waitMs;
}

function owed(buckets: readonly QuotaBucket[], nowMs: number, most: number): number {
  let waitMs = most;
  for (let at = 0; at < buckets.length; at++) waitMs = Math.max(waitMs, buckets[at]!.owedMs(nowMs));
  return waitMs;
}
