import { MqttReasonCode } from '#libs/mqtt-codec';
import type { SliceClock } from '#libs/cluster';
import type { Log } from '#libs/telemetry';
import { ownedMessage } from '../message.js';
import { asMqttError, MqttError } from '../mqtt.errors.js';
import type { Publisher, PublishRequest } from '../publishing/publisher.js';
import type { SequencedPlace, SequencedProducers } from '../publishing/sequenced-publisher.js';
import type { StoreDone } from '../session/session-store.js';
import type { SliceJournal } from './slice-journal.js';
import type { SliceTable } from './slice-table.js';
import type { StoredSession } from './stored-session.js';

type Receiving = { readonly waiting: ((error?: MqttError) => void)[] };

const retryMs = 1_000;

export const sessionLost = () =>
  new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, 'this gateway does not hold the session any more');

/**
 * QoS 2 in, each message stored once (method A of section 4.3.3, with the packet id kept until PUBREL).
 *
 * ```
 *   PUBLISH ─▶ reserving ── place is durable ──▶ storing ── Pulsar's receipt: PUBREC ──▶ stored ── PUBREL, durable: PUBCOMP ──▶ free
 * ```
 * After a crash the broker's last sequence id says which places were stored. The others are given up before anything else
 * is reserved; their clients never got PUBREC, and publish again.
 */
export class InboundIntents {
  readonly #receiving = new Map<StoredSession, Map<number, Receiving>>();
  #producers: SequencedProducers | undefined;
  /** Of restored places it is not known yet which are stored. */
  #unknown: { readonly waiting: (() => void)[] } | undefined;
  #closed = false;

  constructor(
    private readonly table: SliceTable,
    private readonly journal: SliceJournal,
    private readonly parts: {
      readonly clock: SliceClock;
      readonly log: Log;
      /** Calls `done` when what is to be retained is: before anybody is told of the message. */
      readonly retainFirst: Publisher;
      openProducers(): SequencedProducers;
    },
  ) {}

  /** After replay. */
  restore(): void {
    const partitions = new Map<string, [StoredSession, number, SequencedPlace][]>();
    for (const session of this.table.sessions.values()) {
      for (const [packetId, place] of session.intents ?? []) {
        const places = partitions.get(place.partition) ?? [];
        places.push([session, packetId, place]);
        partitions.set(place.partition, places);
      }
    }
    if (partitions.size === 0) return;
    this.#unknown = { waiting: [] };
    const asked = [...partitions].map(([partition, places]) => this.#settle(partition, places));
    void Promise.all(asked).then(() => this.#settled());
  }

  holds(session: StoredSession, packetId: number): boolean {
    return session.intents?.has(packetId) === true || this.#receiving.get(session)?.has(packetId) === true;
  }

  receive(
    session: StoredSession,
    packetId: number,
    publish: PublishRequest,
    done: (error?: MqttError) => void,
  ): void {
    if (this.#closed || session.isGone) {
      done(sessionLost());
      return;
    }
    const receiving = this.#receiving.get(session)?.get(packetId);
    if (receiving !== undefined) {
      receiving.waiting.push(done);
      return;
    }
    if (this.#unknown === undefined && session.intents?.has(packetId)) {
      done();
      return;
    }
    const request = ownedMessage(publish);
    const begun = this.#begin(session, packetId, done);
    if (this.#unknown === undefined) this.#reserve(session, packetId, request, begun);
    else this.#unknown.waiting.push(() => this.#afterUnknown(session, packetId, request, begun));
  }

  release(session: StoredSession, packetId: number, done: StoreDone): void {
    if (this.#closed || session.isGone) {
      done(sessionLost());
      return;
    }
    const receiving = this.#receiving.get(session)?.get(packetId);
    if (receiving !== undefined) {
      // PUBREL before PUBREC: it is heard when that was due.
      receiving.waiting.push(() => this.release(session, packetId, done));
      return;
    }
    this.table.removeIntent(session, packetId);
    this.journal.flush((stored) => done(stored ? undefined : sessionLost()));
  }

  close(): void {
    this.#closed = true;
    for (const [session, receivings] of this.#receiving) {
      for (const packetId of [...receivings.keys()]) this.#end(session, packetId, sessionLost());
    }
    void this.#producers?.close();
  }

  get #sequenced(): SequencedProducers {
    this.#producers ??= this.parts.openProducers();
    return this.#producers;
  }

  #begin(session: StoredSession, packetId: number, done: (error?: MqttError) => void): Receiving {
    let ofSession = this.#receiving.get(session);
    if (ofSession === undefined) this.#receiving.set(session, (ofSession = new Map()));
    const receiving = { waiting: [done] };
    ofSession.set(packetId, receiving);
    return receiving;
  }

  #afterUnknown(session: StoredSession, packetId: number, request: PublishRequest, begun: Receiving): void {
    if (session.intents?.has(packetId)) this.#end(session, packetId);
    else this.#reserve(session, packetId, request, begun);
  }

  #reserve(session: StoredSession, packetId: number, request: PublishRequest, begun: Receiving): void {
    this.parts.retainFirst.publish(request, (error) => {
      if (!this.#isCurrent(session, packetId, begun)) return;
      if (error === undefined) this.#place(session, packetId, request, begun);
      else this.#end(session, packetId, error);
    });
  }

  #place(session: StoredSession, packetId: number, request: PublishRequest, begun: Receiving): void {
    this.#sequenced.reserve(request).then(
      (place) => {
        if (!this.#isCurrent(session, packetId, begun)) return;
        this.table.setIntent(session, packetId, place);
        this.journal.flush((stored) => {
          if (stored) this.#send(session, packetId, place, request, begun);
          else this.#end(session, packetId, sessionLost());
        });
      },
      (error: unknown) => {
        if (this.#isCurrent(session, packetId, begun)) this.#end(session, packetId, asMqttError(error));
      },
    );
  }

  /** Also when the session has ended meanwhile: what follows on the partition needs the place to be used or passed over. */
  #send(
    session: StoredSession,
    packetId: number,
    place: SequencedPlace,
    request: PublishRequest,
    begun: Receiving,
  ): void {
    this.#sequenced.send(place, request, (error) => {
      if (!this.#isCurrent(session, packetId, begun)) return;
      if (error === undefined) {
        this.#end(session, packetId);
        return;
      }
      // Durable before the client hears of it: then it may use the packet id for another message.
      this.table.removeIntent(session, packetId);
      this.journal.flush(() => this.#end(session, packetId, error));
    });
  }

  #isCurrent(session: StoredSession, packetId: number, begun: Receiving): boolean {
    if (this.#closed || this.#receiving.get(session)?.get(packetId) !== begun) return false;
    if (!session.isGone) return true;
    this.#end(session, packetId, sessionLost());
    return false;
  }

  #end(session: StoredSession, packetId: number, error?: MqttError): void {
    const ofSession = this.#receiving.get(session);
    const receiving = ofSession?.get(packetId);
    if (ofSession === undefined || receiving === undefined) return;
    ofSession.delete(packetId);
    if (ofSession.size === 0) this.#receiving.delete(session);
    for (const done of receiving.waiting) done(error);
  }

  async #settle(
    partition: string,
    places: readonly [StoredSession, number, SequencedPlace][],
  ): Promise<void> {
    const last = await this.#lastStored(partition);
    if (last === undefined) return;
    for (const [session, packetId, place] of places) {
      const isSame = session.intents?.get(packetId) === place;
      if (isSame && place.sequenceId > last) this.table.removeIntent(session, packetId);
    }
  }

  /** As long as it takes: nothing can be promised before. */
  async #lastStored(partition: string): Promise<number | undefined> {
    while (!this.#closed) {
      try {
        return await this.#sequenced.lastStored(partition);
      } catch (error) {
        const fields = { event: 'mqtt-last-stored-unknown', partition, error };
        this.parts.log.warn(fields, 'it is not known yet which QoS 2 messages were stored');
        await new Promise<void>((resolve) => {
          this.parts.clock.after(retryMs, resolve);
        });
      }
    }
    return undefined;
  }

  /** Given up durably before a place is given again. */
  #settled(): void {
    const { waiting = [] } = this.#unknown ?? {};
    this.journal.flush((stored) => {
      if (!stored || this.#closed) return;
      this.#unknown = undefined;
      for (const go of waiting) go();
    });
  }
}
