import type { SliceClock } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import { MqttSession } from '../session/mqtt-session.js';
import type {
  ConnectedClient,
  MqttWill,
  OpenedSession,
  OpenRequest,
  SessionClose,
} from '../session/session-directory.js';
import type { RestoredInFlight } from '../session/outbound-window.js';
import type { SessionScope } from '../session/session-scope.js';
import { LiveSession } from './live-session.js';
import { PersistentSessionStore, type StoreGround } from './persistent-session-store.js';
import type { SliceWills } from './slice-wills.js';
import type { StoredSession } from './stored-session.js';

export interface SessionOpeningsParts {
  readonly clock: SliceClock;
  readonly scope: SessionScope;
  /** This process. */
  readonly instance: string;
  onClosed(clientId: string, connectionId: string): void;
  /** Its time runs. */
  asleep(session: StoredSession): void;
  awake(session: StoredSession): void;
  discard(session: StoredSession): void;
}

interface Opening {
  readonly stored: StoredSession;
  readonly store: PersistentSessionStore;
  readonly session: MqttSession;
  readonly client: ConnectedClient;
}

const moved = new MqttError(MqttReasonCode.SERVER_SHUTTING_DOWN, 'another gateway has the session');

/** The persistent sessions of a slice that have connections. */
export class SessionOpenings {
  readonly #byClientId = new Map<string, Opening>();
  /** Asleep, but with messages in flight that the table does not know. */
  readonly #unforgotten = new Map<StoredSession, Opening>();
  #closed = false;

  constructor(
    private readonly ground: StoreGround,
    private readonly wills: SliceWills,
    private readonly parts: SessionOpeningsParts,
  ) {}

  get size(): number {
    return this.#byClientId.size;
  }

  /** To be flushed before the client is told. @param existing the session to go on with */
  open(request: OpenRequest, existing: StoredSession | undefined): OpenedSession {
    const { table } = this.ground;
    const { clientId, sessionExpirySeconds: expirySeconds, level, connection } = request;
    const record = { level, expirySeconds, disconnectedAtMs: undefined };
    const stored = existing ?? table.createSession(clientId, record);
    if (existing !== undefined) {
      Object.assign(existing, record);
      table.sessionChanged(existing);
      this.parts.awake(existing);
      this.wills.resumed(existing.number);
    }
    const opening = this.#openingOf(stored, connection);
    this.#byClientId.set(clientId, opening);
    this.#leaveWill(request, stored);
    const { session, store } = opening;
    this.ground.dispatch.live.set(stored, new LiveSession(stored, session, table, this.parts.scope));
    store.joinGroups(session);
    return {
      kind: 'opened',
      session,
      sessionPresent: existing !== undefined,
      close: (how) => this.#close(opening, how),
    };
  }

  /** False: it has no connection here. */
  takeOver(clientId: string): boolean {
    const opening = this.#byClientId.get(clientId);
    if (opening === undefined) return false;
    this.#close(opening, { normal: false });
    opening.client.takenOver();
    return true;
  }

  /** The session is discarded. */
  forget(stored: StoredSession): void {
    this.#unforgotten.get(stored)?.session.end();
    this.#unforgotten.delete(stored);
    const opening = this.#byClientId.get(stored.clientId);
    if (opening?.stored === stored) this.#detach(opening);
  }

  /** Another gateway is to have them. */
  sendAway(): void {
    for (const opening of [...this.#byClientId.values()]) {
      this.#close(opening, { normal: false, shutdown: true });
      opening.client.lost(moved);
    }
  }

  close(): void {
    this.#closed = true;
    for (const opening of [...this.#byClientId.values()]) {
      this.#detach(opening);
      opening.session.end();
      opening.client.lost(moved);
    }
    for (const { session } of this.#unforgotten.values()) session.end();
    this.#unforgotten.clear();
  }

  #openingOf(stored: StoredSession, client: ConnectedClient): Opening {
    const before = this.#unforgotten.get(stored);
    this.#unforgotten.delete(stored);
    if (before !== undefined) return { ...before, client };
    const store = new PersistentSessionStore(this.ground, stored);
    const inFlight: RestoredInFlight[] = [...(stored.inFlight ?? [])].map(([packetId, pending]) =>
      pending.received
        ? { packetId, state: 'received', ref: pending.ref }
        : { packetId, state: 'sent', delivery: pending },
    );
    for (const packetId of stored.foreign ?? []) inFlight.push({ packetId, state: 'received' });
    const session = new MqttSession({ clientId: stored.clientId, store, scope: this.parts.scope, inFlight });
    return { stored, store, session, client };
  }

  #leaveWill({ will, clientId, principal, connection }: OpenRequest, { number }: StoredSession): void {
    if (will === undefined) return;
    const { user, groups, anonymous, source } = principal;
    this.wills.add({
      ...{ clientId, will, author: { user, groups, anonymous, source } },
      ...{ connectionId: connection.id, instance: this.parts.instance, session: number, dueAtMs: undefined },
    });
  }

  #detach(opening: Opening): void {
    const { stored, store, session, client } = opening;
    this.#byClientId.delete(stored.clientId);
    this.ground.dispatch.live.delete(stored);
    this.parts.onClosed(stored.clientId, client.id);
    session.detach();
    store.leaveGroups();
    if (!stored.isGone) this.ground.table.takeBack(stored);
  }

  #close(opening: Opening, { normal, sessionExpirySeconds, shutdown }: SessionClose): void {
    const { stored, session, client } = opening;
    if (this.#closed || this.#byClientId.get(stored.clientId) !== opening) return;
    this.#detach(opening);
    if (sessionExpirySeconds !== undefined) stored.expirySeconds = sessionExpirySeconds;
    if (normal) this.wills.discard(client.id);
    else this.wills.ended(client.id, (will) => willDelayMs(will, stored.expirySeconds, shutdown === true));
    if (stored.expirySeconds === 0) {
      this.parts.discard(stored);
      session.end();
    } else {
      stored.disconnectedAtMs = this.parts.clock.now();
      this.ground.table.sessionChanged(stored);
      this.parts.asleep(stored);
      if (session.inFlight > (stored.inFlight?.size ?? 0)) this.#unforgotten.set(stored, opening);
    }
    this.ground.journal.flush();
  }
}

/** After a stop of the gateway the client is expected at another one soon: its will waits for that. */
const shutdownGraceMs = 3_000;

/** [MQTT-3.1.3-9] */
function willDelayMs(
  { willDelayIntervalSeconds }: MqttWill,
  expirySeconds: number,
  shutdown: boolean,
): number {
  const delayMs = Math.min(willDelayIntervalSeconds, expirySeconds) * 1_000;
  return shutdown && expirySeconds > 0 ? Math.max(shutdownGraceMs, delayMs) : delayMs;
}
