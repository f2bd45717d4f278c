import type { SliceClock } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { Log } from '#libs/telemetry';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import type { MqttError } from '../mqtt.errors.js';
import type { Publisher, PublishRequest } from '../publishing/publisher.js';
import type { ClientAuthorization } from '../mqtt.services.js';
import type { MqttWill } from '../session/session-directory.js';
import { publishRequestOfWill } from '../session/will.js';
import { DueTimes } from './due-times.js';
import type { WillRecord } from './records/will-record.js';
import type { SliceJournal } from './slice-journal.js';
import type { SliceTable } from './slice-table.js';
import type { StoredWill } from './stored-will.js';

export interface SliceWillsParts {
  readonly tenant: Tenant;
  /** Those that are served. */
  readonly tenants?: Pick<TenantDirectory, 'has'>;
  readonly clock: SliceClock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly authorization: Pick<ClientAuthorization, 'mayPublish'>;
}

/** Trying again does not help. */
const finalReasons = new Set<number>([
  MqttReasonCode.NOT_AUTHORIZED,
  MqttReasonCode.TOPIC_NAME_INVALID,
  MqttReasonCode.PACKET_TOO_LARGE,
  MqttReasonCode.QUOTA_EXCEEDED,
  MqttReasonCode.PAYLOAD_FORMAT_INVALID,
]);
const retryMs = 1_000;

/**
 * The wills of a slice's clients. The record is deleted after Pulsar's receipt for the message: a crash between the two
 * publishes it again, at worst.
 */
export class SliceWills {
  readonly #byConnection = new Map<string, StoredWill>();
  readonly #due = new DueTimes<StoredWill>();
  /** Those that wait for their delay. */
  readonly #bySession = new Map<number, Set<StoredWill>>();
  #closed = false;
  /** Given to Pulsar, without a receipt. */
  #publishing = 0;
  #whenPublished: (() => void)[] = [];

  constructor(
    private readonly table: SliceTable,
    private readonly journal: SliceJournal,
    private readonly parts: SliceWillsParts,
  ) {}

  /** After replay, for each: those whose connection has ended are published when they are due. */
  restore(will: StoredWill): void {
    if (will.dueAtMs === undefined) this.#byConnection.set(will.connectionId, will);
    else this.#wait(will, will.dueAtMs);
  }

  /** Of connections that have not ended. */
  pending(): Iterable<StoredWill> {
    return this.#byConnection.values();
  }

  /** The processes that have these connections. */
  instances(): Set<string> {
    return new Set([...this.#byConnection.values()].map(({ instance }) => instance));
  }

  /** To be flushed before the client hears that it is connected. */
  add(record: WillRecord): void {
    // A claim that is asked for again, as its answer was lost.
    this.discard(record.connectionId);
    // Claimed again, as the answer was lost.
    this.discard(record.connectionId);
    this.#byConnection.set(record.connectionId, this.table.setWill(record));
  }

  /** The client sent DISCONNECT 0x00. */
  discard(connectionId: string): void {
    const will = this.#byConnection.get(connectionId);
    if (will === undefined) return;
    this.#byConnection.delete(connectionId);
    this.#forget(will);
  }

  /** The connection has ended in another way. */
  ended(connectionId: string, delayMs: (will: MqttWill) => number): void {
    const will = this.#byConnection.get(connectionId);
    if (will === undefined) return;
    this.#byConnection.delete(connectionId);
    const waitMs = delayMs(will.will);
    will.dueAtMs = this.parts.clock.now() + waitMs;
    this.table.willChanged(will);
    if (waitMs <= 0) this.#publish(will);
    else this.#wait(will, will.dueAtMs);
  }

  /** The client is back before the delay has passed [MQTT-3.1.3-9]. */
  resumed(session: number): void {
    for (const will of this.#ofSession(session)) this.#forget(will);
  }

  /** The session has ended, and with it the delay. */
  sessionEnded(session: number): void {
    for (const will of this.#ofSession(session)) this.#publish(will);
  }

  tick(): void {
    for (const will of this.#due.due(this.parts.clock.now())) this.#publish(will);
  }

  close(): void {
    this.#closed = true;
    this.#publishedAll();
  }

  /** Resolves when no will is on its way to Pulsar: the next owner would publish those again. */
  async published(): Promise<void> {
    if (this.#publishing > 0) await new Promise<void>((resolve) => this.#whenPublished.push(resolve));
  }

  #ofSession(session: number): StoredWill[] {
    return [...(this.#bySession.get(session) ?? [])];
  }

  #wait(will: StoredWill, untilMs: number): void {
    this.#due.set(will, untilMs);
    if (will.session === undefined) return;
    let ofSession = this.#bySession.get(will.session);
    if (ofSession === undefined) this.#bySession.set(will.session, (ofSession = new Set()));
    ofSession.add(will);
  }

  #waitsNoMore(will: StoredWill): void {
    this.#due.delete(will);
    const ofSession = will.session === undefined ? undefined : this.#bySession.get(will.session);
    if (ofSession?.delete(will) && ofSession.size === 0) this.#bySession.delete(will.session!);
  }

  #publish(stored: StoredWill): void {
    const { tenant, tenants, publisher, authorization } = this.parts;
    const { will, author, clientId } = stored;
    this.#waitsNoMore(stored);
    if (tenants?.has(tenant) === false) {
      // It was removed, and the slice is given back: the will is published when it is there again.
      this.#due.set(stored, this.parts.clock.now() + retryMs);
      return;
    }
    const principal = { tenant, ...author };
    if (!authorization.mayPublish({ principal, clientId }, will.topic, will.qos, will.retain)) {
      this.#log(stored, 'the client may not publish its will any more');
      this.#forget(stored);
      return;
    }
    this.#publishing++;
    const request = { ...publishRequestOfWill(will, tenant, clientId), log: this.#logOf(author.user) };
    publisher.publish(request, (error) => {
      this.#published(stored, error);
      if (--this.#publishing === 0) this.#publishedAll();
    });
  }

  /** The client's connection has ended, or was another gateway's. */
  #logOf(user: string): PublishRequest['log'] {
    const { tenant, log } = this.parts;
    return {
      changed: (action, name, clientId) =>
        log.audit?.record({
          ...{ kind: 'change', outcome: 'allowed', action, protocol: 'mqtt', tenant: tenant.name, user },
          ...{ resource: { type: 'topic', name }, reason: 'will' },
          ...(clientId !== undefined && { clientId }),
        }),
    };
  }

  #publishedAll(): void {
    for (const resolve of this.#whenPublished.splice(0)) resolve();
  }

  #published(stored: StoredWill, error: MqttError | undefined): void {
    if (this.#closed) return;
    if (error === undefined || finalReasons.has(error.reasonCode)) {
      if (error !== undefined) this.#log(stored, error.message);
      this.#forget(stored);
    } else {
      this.#due.set(stored, this.parts.clock.now() + retryMs);
    }
  }

  #forget(will: StoredWill): void {
    this.#waitsNoMore(will);
    this.table.removeWill(will);
    this.journal.flush();
  }

  #log({ clientId, will }: StoredWill, reason: string): void {
    const fields = {
      event: 'mqtt-will-dropped',
      tenant: this.parts.tenant.name,
      clientId,
      topic: will.topic,
      reason,
    };
    this.parts.log.warn(fields, 'a will was not published');
  }
}
