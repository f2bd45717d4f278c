import { randomUUID } from 'node:crypto';
import { Announcements } from './announcements.js';
import { LogHearing } from './log-hearing.js';
import { type Member, type MemberListener, memberNames } from './member.js';
import { type ClusterRecord, decodeRecord, encodeRecord, keyOf, type MemberRecord } from './member-record.js';
import { type Holder, MemberTable } from './member-table.js';
import type { MembersLog } from './members-log.js';
import type { MembershipOptions, MembershipServices } from './membership-options.js';
import { NodeIdTaken } from './node-id-taken.js';

type MembershipState = 'apart' | 'listening' | 'claiming' | 'claimed' | 'joined' | 'draining' | 'left';

/** Signs of life per timeout, and the longest time between two. */
const signsPerTimeout = 5;
const heartbeatMsMax = 1_000;
const tickMsMax = 250;
/** How often a gateway that cannot reach the log tries again. */
const reopenMs = 1_000;
/** A tick that is so many times too late comes from a process that was stopped. */
const lateTicks = 4;

/**
 * This gateway among the others, by records in a log that all of them read in the same order.
 *
 * ```
 *        own hello            claim              own claim             serve()
 *        was read back        written            was read back
 *   apart ────────▶ listening ────▶ claiming ──────────────▶ claimed ────────▶ joined ─drain()▶ draining ─leave()▶ left
 *     ▲                              │    ▲ id is another's:    │                │
 *     │                              └────┘ the next, or again  │                │
 *     └────── the log ended by itself, from any state ──────────┴────────────────┘
 *                                             (a configured id that a living gateway has: NodeIdTaken)
 * ```
 * Apart from the others it is alone, and serves. Members that it knew stay while it cannot hear: silence counts only
 * while the log is heard (log-hearing.ts).
 */
export class Membership {
  readonly instance = randomUUID();
  readonly announcements = new Announcements();
  private readonly table = new MemberTable();
  private readonly changeListeners = new Set<() => void>();
  private readonly heartbeatMs: number;
  private readonly tickMs: number;
  private readonly claimed = Promise.withResolvers<void>();
  private state: MembershipState = 'apart';
  private membersLog: MembersLog | undefined;
  private nodeId: number;
  private internal: Member['internal'] = { host: '127.0.0.1', port: 0 };
  private listeners: readonly MemberListener[] = [];
  private serving = false;
  /** It was a member: who is there is known, if not for now. */
  private hasJoined = false;
  private own: Member;
  private current: readonly Member[];
  private records = new Map<number, MemberRecord>();
  private changes = 0;
  /** The log's clock is ahead of this process's by so much; unset until the own hello was read back. */
  private logClockAheadMs: number | undefined;
  private lastSignAt = 0;
  private lastTickAt: number;
  private readonly hearing: LogHearing;
  /** Who has the configured node id, as far as it was heard of when a claim was refused. */
  private refusedBy: Holder | undefined;
  private toldApart = false;

  constructor(
    private readonly options: MembershipOptions,
    private readonly services: MembershipServices,
  ) {
    this.nodeId = options.nodeId ?? 0;
    this.heartbeatMs = Math.min(heartbeatMsMax, options.memberTimeoutMs / signsPerTimeout);
    this.hearing = new LogHearing(this.heartbeatMs);
    this.tickMs = Math.min(tickMsMax, this.heartbeatMs / 2);
    this.lastTickAt = services.clock.now();
    this.own = this.asMember();
    this.current = [this.own];
    this.claimed.promise.catch(() => {});
  }

  get self(): Member {
    return this.own;
  }

  get version(): number {
    return this.changes;
  }

  /** Whether the others know this gateway. */
  get isMember(): boolean {
    return this.state === 'joined' || this.state === 'draining';
  }

  members(): readonly Member[] {
    return this.current;
  }

  /** What the internal listener of another member asks to prove. */
  secretOf(nodeId: number): string | undefined {
    return this.records.get(nodeId)?.secret;
  }

  onChange(listener: () => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  /** Tells the others; what cannot be told now is told when the log is open. */
  announce(name: string, payload: string): void {
    this.announcements.wait(this.announcements.record(this.instance, this.nodeId, name, payload));
    this.tellAnnouncements();
  }

  /** Goes for a node id, for as long as the process runs. `internal`: where other gateways connect. */
  start(internal: Member['internal']): void {
    this.internal = internal;
    this.tick();
    void this.connect();
  }

  /** Resolves when it has a node id: not while Pulsar is away. @throws NodeIdTaken */
  whenClaimed(): Promise<void> {
    return this.claimed.promise;
  }

  /** The listeners are open: from here on, or from when it has its node id, it is a member. */
  serve(listeners: readonly MemberListener[]): void {
    this.listeners = listeners;
    this.serving = true;
    if (this.state === 'claimed') this.join();
    this.changed();
  }

  /** Keys move to others; resolves when they know. */
  async drain(): Promise<void> {
    if (this.state !== 'joined') return;
    this.state = 'draining';
    this.changed();
    await this.sign();
  }

  /** Says farewell. */
  async leave(): Promise<void> {
    const isKnown = this.isMember || this.state === 'claimed' || this.state === 'claiming';
    this.state = 'left';
    if (isKnown) await this.sign();
    await this.membersLog?.close();
  }

  private get hasLeft(): boolean {
    return this.state === 'left';
  }

  private async connect(): Promise<void> {
    if (this.hasLeft) return;
    const retry = () => this.services.clock.after(reopenMs, () => void this.connect());
    if (!this.services.mayOpen()) {
      retry();
      return;
    }
    let opened: MembersLog;
    try {
      opened = await this.services.openLog({
        onRecord: (value, timestampMs) => this.onRecord(value, timestampMs),
        onClosed: (reason) => this.onClosed(reason, retry),
      });
    } catch (error) {
      this.tellApart(error instanceof Error ? error.message : String(error));
      retry();
      return;
    }
    if (this.hasLeft) {
      await opened.close();
      return;
    }
    this.membersLog = opened;
    this.toldApart = false;
    this.append({ kind: 'hello', instance: this.instance });
    this.tellAnnouncements();
  }

  private onClosed(reason: string, retry: () => void): void {
    this.membersLog = undefined;
    this.logClockAheadMs = undefined;
    if (this.hasLeft) return;
    this.state = 'apart';
    this.tellApart(reason);
    retry();
  }

  private onRecord(value: Buffer, timestampMs: number): void {
    const record = decodeRecord(value);
    if (record === undefined || this.hasLeft) return;
    const isOwn = record.instance === this.instance;
    const isPresent = this.logClockAheadMs !== undefined;
    // Others may need a moment longer to reach a log that is back: their time begins again.
    if (isOwn && this.hearing.own(this.services.clock.now())) this.table.renew(this.services.clock.now());
    if (record.kind === 'hello') {
      if (isOwn && !isPresent) this.onOwnHello(timestampMs);
    } else if (record.kind === 'announcement') {
      if (!isOwn && isPresent) this.announcements.deliver(record);
    } else this.onMember(record, timestampMs);
  }

  /** All that was written before this was read: from here on the log is the present. */
  private onOwnHello(timestampMs: number): void {
    const now = this.services.clock.now();
    this.logClockAheadMs = timestampMs - now;
    this.table.age(timestampMs, now);
    this.state = 'listening';
    this.claim();
  }

  private onMember(record: MemberRecord, timestampMs: number): void {
    const counts = this.table.apply(record, timestampMs, this.services.clock.now());
    if (this.logClockAheadMs === undefined) return;
    if (this.state === 'claiming' && record.instance === this.instance && record.nodeId === this.nodeId) {
      if (counts) this.onClaimed();
      else this.onRefused();
    } else if (this.state !== 'claiming' && !this.holdsOwnId()) this.onLost();
    if (counts) this.changed();
  }

  private onClaimed(): void {
    this.state = 'claimed';
    this.refusedBy = undefined;
    this.claimed.resolve();
    if (this.serving) this.join();
  }

  private join(): void {
    const { nodeId, instance } = this;
    this.state = 'joined';
    this.hasJoined = true;
    void this.sign();
    this.services.log.info({ event: 'cluster.joined', nodeId, instance }, 'gateway is a member');
  }

  /** Somebody else was first, or still has the id: one that gives a sign of life lives, else its time runs out. */
  private onRefused(): void {
    const holder = this.table.holder(this.nodeId)!;
    if (this.options.nodeId === undefined) this.claim();
    else if (
      this.refusedBy?.record.instance === holder.record.instance &&
      holder.timestampMs > this.refusedBy.timestampMs
    ) {
      this.fail(holder);
    } else {
      this.refusedBy ??= holder;
      this.services.clock.after(this.tickMs, () => {
        if (this.state === 'claiming') this.claim();
      });
    }
  }

  /** This process was silent for so long that another gateway has its id. */
  private onLost(): void {
    const holder = this.table.holder(this.nodeId)!;
    if (this.options.nodeId !== undefined) {
      this.fail(holder);
      return;
    }
    this.services.log.warn(
      { event: 'cluster.id-lost', nodeId: this.nodeId },
      'this gateway was silent for so long that another one has its node id',
    );
    this.claim();
  }

  private fail({ record }: Holder): void {
    const error = new NodeIdTaken(record);
    this.state = 'left';
    this.claimed.reject(error);
    this.services.onFatal(error);
  }

  private claim(): void {
    const { table, options } = this;
    const logNowMs = this.services.clock.now() + (this.logClockAheadMs ?? 0);
    const isFree = (holder: Holder) => this.isOwn(holder) || this.isReplaced(holder);
    const held = table.holder(this.nodeId);
    const keeps = this.hasJoined && (held === undefined || isFree(held));
    this.nodeId = options.nodeId ?? (keeps ? this.nodeId : table.lowestFree(logNowMs, isFree));
    this.state = 'claiming';
    const holder = table.holder(this.nodeId);
    const replaced = holder !== undefined && !this.isOwn(holder) && this.isReplaced(holder);
    this.append(this.ownRecord('claim', replaced ? holder.record.instance : undefined));
  }

  private isOwn({ record }: Holder): boolean {
    return record.instance === this.instance;
  }

  private holdsOwnId(): boolean {
    const holder = this.table.holder(this.nodeId);
    return holder !== undefined && this.isOwn(holder);
  }

  /** It had the port that this gateway opens: two processes of a machine cannot. */
  private isReplaced({ record }: Holder): boolean {
    const { machine, bound } = this.options;
    return record.machine === machine && record.bound.some((address) => bound.includes(address));
  }

  private tick(): void {
    if (this.hasLeft) return;
    const now = this.services.clock.now();
    const elapsedMs = now - this.lastTickAt;
    this.lastTickAt = now;
    const hasId = this.isMember || this.state === 'claimed';
    const deaf = this.hearing.isDeaf(now, this.membersLog?.attached === true, hasId);
    // A process that was stopped could not listen either.
    if (deaf || elapsedMs > lateTicks * this.tickMs) this.table.forgive(elapsedMs);
    if (hasId && now - this.lastSignAt >= this.heartbeatMs) void this.sign();
    this.tellAnnouncements();
    this.changed();
    this.services.clock.after(this.tickMs, () => this.tick());
  }

  /** A sign of life with all that the others need to know. Resolves when it is stored, or cannot be. */
  private sign(): Promise<void> {
    this.lastSignAt = this.services.clock.now();
    const { state } = this;
    const told = state === 'draining' || state === 'left' ? state : state === 'joined' ? 'live' : 'claim';
    return new Promise((resolve) => {
      if (this.membersLog === undefined) resolve();
      else this.append(this.ownRecord(told), resolve);
    });
  }

  private ownRecord(state: MemberRecord['state'], replaces?: string): MemberRecord {
    const { machine, bound, secret, memberTimeoutMs: timeoutMs } = this.options;
    const { nodeId, instance, listeners, internal } = this;
    const place = { machine, bound, listeners, internal, timeoutMs };
    return { kind: 'member', nodeId, instance, state, ...place, replaces, secret };
  }

  private tellAnnouncements(): void {
    const { membersLog } = this;
    if (membersLog === undefined) return;
    this.announcements.flush((record, done) => membersLog.append(keyOf(record), encodeRecord(record), done));
  }

  private append(record: ClusterRecord, done?: () => void): void {
    this.membersLog?.append(keyOf(record), encodeRecord(record), () => done?.());
  }

  private asMember(): Member {
    const { nodeId, instance, listeners, internal } = this;
    const state = this.state === 'draining' || this.state === 'left' ? 'draining' : 'live';
    return { nodeId, instance, state, listeners, internal };
  }

  /** Looks who is there now, and tells if that is not who was there before. */
  private changed(): void {
    const alive = this.hasJoined ? this.table.alive(this.services.clock.now()) : [];
    const others = alive.filter(({ instance }) => instance !== this.instance);
    const own = this.asMember();
    const members = [...others.map(toMember), own].sort((a, b) => a.nodeId - b.nodeId);
    if (JSON.stringify(members) === JSON.stringify(this.current)) return;
    this.records = new Map(others.map((record) => [record.nodeId, record]));
    this.tellMembers(members);
    this.own = own;
    this.current = members;
    this.changes++;
    for (const listener of [...this.changeListeners]) listener();
  }

  private tellMembers(members: readonly Member[]): void {
    if (memberNames(members) === memberNames(this.current)) return;
    const fields = { event: 'cluster.members', members: memberNames(members), count: members.length };
    this.services.log.info(fields, 'the gateways that are there have changed');
  }

  private tellApart(reason: string): void {
    if (this.toldApart) return;
    this.toldApart = true;
    this.services.log.warn(
      { event: 'cluster.apart', reason },
      'other gateways cannot be heard of; those that were known are taken as they were',
    );
  }
}

function toMember({ nodeId, instance, state, listeners, internal }: MemberRecord): Member {
  return { nodeId, instance, state: state === 'draining' ? state : 'live', listeners, internal };
}
