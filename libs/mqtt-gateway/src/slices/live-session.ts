import { hasExpired } from '../message.js';
import type { MqttSession } from '../session/mqtt-session.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SliceTable } from './slice-table.js';
import type { StoredSession } from './stored-session.js';

/** A persistent session with a connection: gives it what waits, as fast as it takes it. */
export class LiveSession {
  #waits = false;

  constructor(
    readonly stored: StoredSession,
    readonly session: MqttSession,
    private readonly table: SliceTable,
    private readonly scope: SessionScope,
  ) {
    // Nothing is given before the connection is attached.
    this.#whenRoom();
  }

  pump(): void {
    const { stored, table, session } = this;
    while (!this.#waits && !stored.isGone) {
      const pending = stored.waiting[0];
      if (pending === undefined) return;
      if (stored.isFarAhead) {
        this.#whenRoom();
        return;
      }
      if (hasExpired(pending.message, this.scope.nowMs())) {
        this.scope.counters.dropped.expired++;
        table.completed(pending);
      } else if (pending.checked && !session.mayReceive(pending.message.topic)) {
        table.completed(pending);
      } else {
        table.give(stored);
        if (session.deliver(pending)) continue;
        table.refused(pending);
        this.#whenRoom();
      }
    }
  }

  #whenRoom(): void {
    this.#waits = true;
    this.session.whenRoom(() => {
      this.#waits = false;
      this.pump();
    });
  }
}
