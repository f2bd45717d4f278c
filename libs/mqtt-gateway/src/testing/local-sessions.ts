import type { Log } from '#libs/telemetry';
import { MqttSession } from '../session/mqtt-session.js';
import type {
  OpenedSession,
  OpenRequest,
  SessionClose,
  SessionDirectory,
} from '../session/session-directory.js';
import type { SessionScope } from '../session/session-scope.js';
import { type TransientParts, TransientSessionStore } from '../session/transient-session-store.js';
import type { WillPublisher } from './will-publisher.js';

export interface LocalSessionsParts extends TransientParts {
  readonly scope: SessionScope;
  readonly wills: WillPublisher;
  readonly log: Log;
}

interface Held {
  readonly session: MqttSession;
  readonly store: TransientSessionStore;
  /** The connection that it is on. */
  open: { readonly request: OpenRequest; close(how: SessionClose): void } | undefined;
  expiry: NodeJS.Timeout | undefined;
}

const timerMsMax = 0x7fffffff;

/** Sessions in memory, as one gateway would have them alone: for tests of connections. */
export class LocalSessions implements SessionDirectory {
  readonly #held = new Map<string, Held>();

  constructor(private readonly parts: LocalSessionsParts) {}

  open(request: OpenRequest): Promise<OpenedSession> {
    const { principal, clientId, cleanStart, connection } = request;
    const key = `${principal.tenant.name}/${clientId}`;
    const before = this.#held.get(key);
    if (before?.open !== undefined) {
      before.open.request.connection.takenOver();
      before.open?.close({ normal: false });
    }
    const known = this.#held.get(key);
    if (known !== undefined && cleanStart) this.#end(key, known);
    const sessionPresent = known !== undefined && !cleanStart;
    const held = sessionPresent ? known : this.#make(request);
    clearTimeout(held.expiry);
    this.#held.set(key, held);
    const close = (how: SessionClose) => {
      if (held.open?.request.connection !== connection) return;
      held.open = undefined;
      this.#closed(key, held, request, how);
    };
    held.open = { request, close };
    return Promise.resolve({ kind: 'opened', session: held.session, sessionPresent, close });
  }

  close(): Promise<void> {
    for (const [key, held] of this.#held) this.#end(key, held);
    return Promise.resolve();
  }

  #make({ principal, clientId }: OpenRequest): Held {
    const store = new TransientSessionStore(this.parts, principal.tenant);
    const session = new MqttSession({ clientId, store, scope: this.parts.scope });
    store.bind(session);
    return { session, store, open: undefined, expiry: undefined };
  }

  #closed(key: string, held: Held, request: OpenRequest, how: SessionClose): void {
    held.session.detach();
    const { will, principal, clientId } = request;
    if (!how.normal && will !== undefined) {
      this.parts.wills.publish(will, principal, clientId, (error) => {
        if (error !== undefined)
          this.parts.log.warn({ event: 'will.refused', error }, 'a will was not published');
      });
    }
    const seconds = how.sessionExpirySeconds ?? request.sessionExpirySeconds;
    if (seconds === 0) this.#end(key, held);
    else held.expiry = setTimeout(() => this.#end(key, held), Math.min(seconds * 1_000, timerMsMax)).unref();
  }

  #end(key: string, held: Held): void {
    clearTimeout(held.expiry);
    if (this.#held.get(key) === held) this.#held.delete(key);
    held.session.end();
    held.store.end();
  }
}
