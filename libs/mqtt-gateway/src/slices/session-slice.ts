import type { Buffer } from 'node:buffer';
import { type ClusterView, KeyedTurns, type SliceGround, type SliceState } from '#libs/cluster';
import { isSharedFilter, MqttReasonCode } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import { neverExpires, type OpenedSession, type OpenRequest } from '../session/session-directory.js';
import { isSystemFilter } from '../system-topics/system-topics.js';
import { ClientClaims, type ClientClaim } from './client-claims.js';
import { DueTimes } from './due-times.js';
import { InboundIntents, sessionLost } from './inbound-intents.js';
import { keepGroup, type StoreGround } from './persistent-session-store.js';
import type { WillAuthor } from './records/will-record.js';
import { SessionOpenings } from './session-openings.js';
import { SliceChanges } from './slice-changes.js';
import { SliceCheckpoints } from './slice-checkpoints.js';
import { SliceDispatch } from './slice-dispatch.js';
import { SliceJournal } from './slice-journal.js';
import { SliceReading } from './slice-reading.js';
import { SliceReplay } from './slice-replay.js';
import type { SliceSessionsParts } from './slice-parts.js';
import { SliceTable } from './slice-table.js';
import { SliceWills } from './slice-wills.js';
import type { StoredSession } from './stored-session.js';
import type { MqttWill } from '../session/session-directory.js';

/** A connection whose session ends with it asks for its client id. */
export interface ClaimRequest extends ClientClaim {
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly will: MqttWill | undefined;
  readonly author: WillAuthor;
}

/** `granted`: nobody else has the client id. `session`: there is a persistent session for it, which is to be opened. */
export type ClaimAnswer = 'granted' | 'session';

export interface SessionSliceParts extends SliceSessionsParts {
  readonly cluster: ClusterView;
  /** Counted over all slices. */
  readonly dropped: { messages: number };
  /** Closes a connection at any gateway: resolves when it is closed, or that gateway is gone. */
  kick(claim: ClientClaim, clientId: string): Promise<void>;
  /** Whether the tenant may have one more session; default: it may. */
  readonly mayOpen?: (tenant: Tenant) => boolean;
}

const tickMs = 1_000;
/** Clients whose gateway failed come back to another one: that they do is waited for before their wills are published. */
const failoverGraceMs = 3_000;

/**
 * One slice of a tenant's sessions, which this gateway holds: who has which client id, and all persistent sessions.
 *
 * ```
 *   replaying ── serve ──▶ serving ── close: another gateway holds it, or Pulsar is away ──▶ closed
 *
 *   Pulsar ─▶ SliceReading ─▶ SliceDispatch ─▶ SliceTable ◀─ PersistentSessionStore ◀─ MqttSession ◀─ client
 *                                                 │ changes
 *                                                 ▼
 *                                SliceCheckpoints, SliceJournal ─▶ the slice's log
 * ```
 * In the log is what the table says; what is answered is answered after the receipt.
 */
export class SessionSlice implements SliceState {
  readonly table: SliceTable;
  readonly dispatch: SliceDispatch;
  readonly #journal: SliceJournal;
  readonly #checkpoints: SliceCheckpoints;
  readonly #reading: SliceReading;
  readonly #intents: InboundIntents;
  readonly #wills: SliceWills;
  readonly #claims: ClientClaims;
  readonly #openings: SessionOpenings;
  readonly #turns = new KeyedTurns();
  readonly #expiring = new DueTimes<StoredSession>();
  readonly #stores: StoreGround;
  #replay: SliceReplay | undefined = new SliceReplay();
  #closed = false;

  constructor(
    readonly ground: SliceGround,
    private readonly parts: SessionSliceParts,
  ) {
    const { tenant, clock, slice } = ground;
    const changes = new SliceChanges();
    const table = new SliceTable(changes);
    this.table = table;
    this.#journal = new SliceJournal(ground.store, changes, (error) => {
      this.close();
      ground.fail(error);
    });
    this.#checkpoints = new SliceCheckpoints(table, this.#journal, clock, parts.options.checkpointMs);
    this.dispatch = new SliceDispatch(table, parts.scope, parts.options, parts.dropped);
    this.#reading = new SliceReading(
      { ...parts, tenant, clock },
      table,
      this.#checkpoints,
      (partition, position, messages) => this.dispatch.onEntry(partition, position, messages),
    );
    const producerName = `mqtt/${parts.cluster.stateNamespace}/${tenant.name}/${slice}`;
    this.#intents = new InboundIntents(table, this.#journal, {
      ...{ clock, log: parts.log },
      retainFirst: parts.retainFirst,
      openProducers: () => parts.sequenced.open(tenant, producerName),
    });
    this.#wills = new SliceWills(table, this.#journal, { ...parts, tenant, clock });
    this.#claims = new ClientClaims(parts.cluster, clock);
    this.#stores = {
      ...{ tenant, table, journal: this.#journal, checkpoints: this.#checkpoints, reading: this.#reading },
      ...{ dispatch: this.dispatch, intents: this.#intents, shared: parts.shared, kept: new Map() },
    };
    this.#openings = new SessionOpenings(this.#stores, this.#wills, {
      ...{ clock, scope: parts.scope, instance: parts.cluster.self.instance },
      onClosed: (clientId, connectionId) => this.#claims.delete(clientId, connectionId),
      asleep: (session) => this.#asleep(session),
      awake: (session) => this.#expiring.delete(session),
      discard: (session) => this.#discard(session),
    });
  }

  get count(): number {
    return this.table.sessions.size + this.table.wills.size + this.#claims.size;
  }

  replay(key: string, value: Buffer | null): void {
    this.#replay?.take(key, value);
  }

  serve(): void {
    this.#replay?.fill(this.table);
    this.#replay = undefined;
    const now = this.ground.clock.now();
    for (const session of [...this.table.sessions.values()]) {
      // Its connection ended with the former owner, or with the way to it; nobody knows when.
      if (session.disconnectedAtMs === undefined) {
        session.disconnectedAtMs = now;
        this.table.sessionChanged(session);
      }
      for (const [filter, subscription] of session.subscriptions) {
        if (isSharedFilter(filter)) {
          keepGroup(this.#stores, session, filter);
        } else if (!isSystemFilter(filter)) {
          this.dispatch.tree.add(filter, session, subscription);
          this.#reading.restore(filter);
        }
      }
      this.#asleep(session);
    }
    this.#serveWills(now);
    this.#intents.restore();
    this.#checkpoints.touched();
    this.#tick();
  }

  /** Its clients go on where they come back; what they have got by now they do not get again. */
  async settle(): Promise<void> {
    this.#reading.close();
    this.#openings.sendAway();
    this.#checkpoints.write();
    await this.#wills.published();
    await this.#stored();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reading.close();
    this.#checkpoints.close();
    this.#journal.close();
    this.#intents.close();
    this.#wills.close();
    this.#openings.close();
    for (const groups of this.#stores.kept.values()) for (const letGo of groups.values()) letGo();
  }

  /** Opens a persistent session, made if there is none. Rejects with MqttError. */
  open(request: OpenRequest): Promise<OpenedSession> {
    const { clientId, connection, cleanStart } = request;
    return this.#turns.run(clientId, async () => {
      const { nodeId, instance } = this.parts.cluster.self;
      await this.#takeOver(clientId, { connectionId: connection.id, nodeId, instance });
      const existing = this.table.sessionOf(clientId);
      if (existing !== undefined && cleanStart) this.#discard(existing);
      const isNew = existing === undefined || cleanStart;
      if (isNew && !this.#hasRoom()) {
        this.#claims.delete(clientId, connection.id);
        throw new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'the tenant has too many sessions');
      }
      const opened = this.#openings.open(request, isNew ? undefined : existing);
      await this.#stored();
      return opened;
    });
  }

  #hasRoom(): boolean {
    const { options, mayOpen } = this.parts;
    if (this.table.sessions.size >= options.sessionsMax / sessionSlicesPerTenant) return false;
    return mayOpen?.(this.ground.tenant) ?? true;
  }

  /** For a connection whose session ends with it. Rejects with MqttError. */
  claim(request: ClaimRequest): Promise<ClaimAnswer> {
    const { clientId, connectionId, cleanStart, will, instance } = request;
    return this.#turns.run(clientId, async () => {
      const existing = this.table.sessionOf(clientId);
      if (existing !== undefined && !cleanStart) return 'session';
      await this.#takeOver(clientId, request);
      const left = this.table.sessionOf(clientId);
      if (left !== undefined) this.#discard(left);
      if (will !== undefined) {
        const { author } = request;
        this.#wills.add({
          ...{ clientId, author, will, connectionId, instance },
          ...{ session: undefined, dueAtMs: undefined },
        });
      }
      if (left !== undefined || will !== undefined) await this.#stored();
      return 'granted';
    });
  }

  /** The connection of a claim has ended; without a DISCONNECT 0x00 its will is published. Resolves when that is durable. */
  async released(clientId: string, connectionId: string, normal: boolean): Promise<void> {
    this.#claims.delete(clientId, connectionId);
    if (normal) this.#wills.discard(connectionId);
    else this.#wills.ended(connectionId, () => 0);
    await this.#stored();
  }

  /** Another gateway tells whose connections it has. @returns those whose client id somebody else has by now */
  adopt(claims: readonly (ClientClaim & { readonly clientId: string })[]): ClientClaim[] {
    return claims.filter((claim) => {
      const known = this.#claims.get(claim.clientId);
      if (known !== undefined) return known.connectionId !== claim.connectionId;
      this.#claims.set(claim.clientId, claim);
      return false;
    });
  }

  #stored(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#journal.flush((stored) => {
        if (stored && !this.#closed) resolve();
        else reject(sessionLost());
      });
    });
  }

  /** The former connection is closed before the new one is told that it is connected [MQTT-3.1.4-3]. */
  async #takeOver(clientId: string, claim: ClientClaim): Promise<void> {
    if (this.#closed) throw sessionLost();
    const before = this.#claims.get(clientId);
    this.#claims.set(clientId, claim);
    if (before === undefined || before.connectionId === claim.connectionId) return;
    if (this.#openings.takeOver(clientId)) return;
    await this.parts.kick(before, clientId);
    if (this.#closed) throw sessionLost();
  }

  #asleep(session: StoredSession): void {
    const { disconnectedAtMs, expirySeconds } = session;
    if (disconnectedAtMs === undefined || expirySeconds === neverExpires) return;
    this.#expiring.set(session, disconnectedAtMs + expirySeconds * 1_000);
  }

  #discard(session: StoredSession): void {
    const { kept } = this.#stores;
    for (const filter of session.subscriptions.keys()) {
      if (isSharedFilter(filter) || isSystemFilter(filter)) continue;
      this.dispatch.unsubscribe(session, filter);
      this.#reading.unwant(filter);
    }
    for (const letGo of kept.get(session)?.values() ?? []) letGo();
    kept.delete(session);
    this.#expiring.delete(session);
    this.#openings.forget(session);
    this.table.discard(session);
    this.#wills.sessionEnded(session.number);
    this.#checkpoints.touched();
  }

  #serveWills(now: number): void {
    for (const will of this.table.wills.values()) {
      const session = will.session === undefined ? undefined : this.table.sessions.get(will.session);
      if (will.session !== undefined && will.dueAtMs === undefined) {
        const delayMs = will.will.willDelayIntervalSeconds * 1_000;
        const leftMs = session === undefined ? 0 : session.expirySeconds * 1_000;
        will.dueAtMs = now + Math.max(failoverGraceMs, Math.min(delayMs, leftMs));
        this.table.willChanged(will);
      }
      this.#wills.restore(will);
    }
  }

  #tick(): void {
    if (this.#closed) return;
    const now = this.ground.clock.now();
    for (const session of this.#expiring.due(now))
      if (session.disconnectedAtMs !== undefined) this.#discard(session);
    this.#wills.tick();
    const gone = this.#claims.gone(() => this.#wills.instances());
    for (const { instance, connectionId } of gone.size > 0 ? [...this.#wills.pending()] : []) {
      if (gone.has(instance)) this.#wills.ended(connectionId, () => 0);
    }
    this.ground.clock.after(tickMs, () => this.#tick());
  }
}

/** Into how many parts a tenant's sessions are divided: fixed, since it says where a session's records are. */
export const sessionSlicesPerTenant = 4;
