import { Buffer } from 'node:buffer';
import { aloneCluster, ManualClock, type SliceLog } from '#libs/cluster';
import type { MqttQos } from '#libs/mqtt-codec';
import { type EntryPosition, type KeyedRecord, PulsarError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import { mqttOptionsSchema } from '../mqtt.options.js';
import type { MqttMessage } from '../message.js';
import type { PublishDone, PublishRequest } from '../publishing/publisher.js';
import type { SequencedPlace, SequencedProducers } from '../publishing/sequenced-publisher.js';
import type { Feed, FeedListener, FeedStart } from '../reading/feed.js';
import type { MatchedTopics, TopicFollower } from '../reading/matched-topics.js';
import type { ConnectedClient, OpenedSession, OpenRequest } from '../session/session-directory.js';
import { SessionSlice, type SessionSliceParts } from '../slices/session-slice.js';
import { FakeSink, fakeScope } from './session-bed.js';
import { testTenant } from './fake-topics.js';

export const partition = 'persistent://acme/n/t';

/** A QoS 2 PUBLISH. */
export function requestOf(payload: string): PublishRequest {
  return {
    ...{
      tenant: testTenant,
      clientId: 'd',
      topic: 't/in',
      payload: Buffer.from(payload),
      qos: 2,
      retain: false,
    },
    ...{ properties: {}, messageExpiryIntervalSeconds: undefined },
  };
}

/** The one Pulsar partition that all filters match: an entry per message. */
class FakeFeeds {
  readonly messages: MqttMessage[] = [];
  /** Partitions that filters match too, and that cannot be read. */
  broken: readonly string[] = [];
  readonly #feeds = new Set<FakeFeed>();

  publish(message: MqttMessage): void {
    this.messages.push(message);
    for (const feed of this.#feeds) feed.dispatch();
  }

  async open(_tenant: unknown, name: string, from: FeedStart, listener: FeedListener): Promise<Feed> {
    await Promise.resolve();
    if (this.broken.includes(name)) throw new PulsarError('PersistenceError', 'no ledger');
    const last = this.messages.length - 1;
    const after = from === 'latest' ? last : from === 'earliest' ? -1 : from.after.entryId;
    const feed = new FakeFeed(name, this.messages, after, listener, () => this.#feeds.delete(feed));
    this.#feeds.add(feed);
    setImmediate(() => feed.dispatch());
    return feed;
  }
}

class FakeFeed implements Feed {
  #isPaused = false;
  #closed = false;

  constructor(
    readonly partition: string,
    private readonly messages: readonly MqttMessage[],
    private after: number,
    private readonly listener: FeedListener,
    private readonly onClosed: () => void,
  ) {}

  get position(): EntryPosition {
    return { ledgerId: 1, entryId: this.after };
  }

  dispatch(): void {
    while (!this.#closed && !this.#isPaused && this.after < this.messages.length - 1) {
      this.after++;
      this.#isPaused = !this.listener.onEntry(this.position, [this.messages[this.after]]);
    }
  }

  resume(): void {
    this.#isPaused = false;
    setImmediate(() => this.dispatch());
  }

  close(): void {
    this.#closed = true;
    this.onClosed();
  }
}

/** What a broker remembers of the one name that slices publish by, and what it has stored. */
class FakeSequencedBroker {
  readonly stored: string[] = [];
  last = -1;
  /** What it says to all that is sent. */
  refusal: MqttError | undefined;
  #owner: object | undefined;

  open(): SequencedProducers {
    const owner = {};
    this.#owner = owner;
    let reserved = -1;
    const sent: { readonly sequenceId: number; readonly text: string; readonly done: PublishDone }[] = [];
    const isClosed = () => this.#owner !== owner;
    const closed = () => new MqttError(MqttReasonCode.SERVER_SHUTTING_DOWN, 'closed');
    return {
      reserve: async () => {
        await Promise.resolve();
        if (isClosed()) throw closed();
        reserved = Math.max(reserved, this.last) + 1;
        return { partition, sequenceId: reserved };
      },
      send: ({ sequenceId }: SequencedPlace, { payload }: PublishRequest, done: PublishDone) => {
        sent.push({ sequenceId, text: payload.toString(), done });
        setImmediate(() => {
          const next = sent.shift();
          if (next === undefined) return;
          if (this.refusal !== undefined) {
            next.done(this.refusal);
            return;
          }
          this.#store(next.sequenceId, next.text);
          next.done(undefined);
        });
      },
      lastStored: async () => {
        await Promise.resolve();
        if (isClosed()) throw closed();
        return this.last;
      },
      close: async () => {
        if (this.#owner === owner) this.#owner = undefined;
        // Of what is on its way some is stored, and nobody hears of it.
        const stored = sent.splice(0, Math.ceil(sent.length / 2));
        for (const { sequenceId, text } of stored) this.#store(sequenceId, text);
        for (const { done } of [...stored, ...sent.splice(0)]) done(closed());
      },
    };
  }

  /** Pulsar's deduplication: what has no higher id than the last was stored before, as far as it knows. */
  #store(sequenceId: number, text: string): void {
    if (sequenceId <= this.last) return;
    this.last = sequenceId;
    this.stored.push(text);
  }
}

/** A log whose receipts can be held, and whose end can get lost with its writer. */
class CrashingLog {
  entries: (readonly KeyedRecord[])[] = [];
  #unconfirmed: ((error: PulsarError | undefined) => void)[] = [];
  #isHeld = false;

  writer(): SliceLog {
    this.#unconfirmed = [];
    this.#isHeld = false;
    const unconfirmed = this.#unconfirmed;
    return {
      append: (records, done) => {
        this.entries.push(records);
        unconfirmed.push(done);
        if (!this.#isHeld) setImmediate(() => this.#confirm(unconfirmed));
      },
    };
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#confirm(this.#unconfirmed);
  }

  /** @param lost of what was not confirmed: nobody knows whether it was stored */
  crash(lost: number): void {
    this.entries.length -= Math.min(lost, this.#unconfirmed.length);
    this.#unconfirmed = [];
  }

  records(compacted: boolean): KeyedRecord[] {
    const all = this.entries.flat();
    if (!compacted) return all;
    const last = new Map(all.map(({ key }, index) => [key, index]));
    return all.filter(({ key, value }, index) => last.get(key) === index && value !== null);
  }

  #confirm(unconfirmed: ((error: PulsarError | undefined) => void)[]): void {
    if (unconfirmed !== this.#unconfirmed || this.#isHeld) return;
    for (const done of unconfirmed.splice(0)) done(undefined);
  }
}

/** A connection as its session's owner sees it. */
export class BedConnection implements ConnectedClient {
  readonly sink = new FakeSink();
  isTakenOver = false;
  readonly losses: MqttError[] = [];
  opened: OpenedSession | undefined;

  constructor(readonly id: string) {}

  takenOver(): void {
    this.isTakenOver = true;
  }

  lost(error: MqttError): void {
    this.losses.push(error);
  }
}

/** A slice of sessions, its log, and what there is of Pulsar for it; can fail and go on at another gateway. */
export class SliceBed {
  readonly clock = new ManualClock();
  readonly feeds = new FakeFeeds();
  readonly broker = new FakeSequencedBroker();
  readonly log = new CrashingLog();
  /** Wills. */
  readonly published: PublishRequest[] = [];
  /** Where their receipts wait, if there is one. */
  receipts: PublishDone[] | undefined;
  readonly kicked: string[] = [];
  readonly dropped = { messages: 0 };
  slice: SessionSlice;
  #connections = 0;
  #gateways = 0;

  constructor(private readonly settings: object = {}) {
    this.slice = this.#serve([]);
  }

  /** All that follows from what was done so far has happened. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  message(payload: string, qos: MqttQos, fields: Partial<MqttMessage> = {}): void {
    this.feeds.publish({
      ...{ topic: 't/a', payload: Buffer.from(payload), qos, retain: false, properties: {} },
      ...{ expiresAtMs: undefined, publisherId: undefined, ...fields },
    });
  }

  async open(clientId: string, fields: Partial<OpenRequest> = {}): Promise<BedConnection> {
    const connection = new BedConnection(`c${++this.#connections}`);
    connection.opened = await this.slice.open({
      principal: { tenant: testTenant, user: 'u', groups: [], anonymous: false, source: 'password' },
      ...{ clientId, assigned: false, cleanStart: false, sessionExpirySeconds: 3_600, level: 5 },
      ...{ will: undefined, connection, spliced: false, ...fields },
    });
    connection.opened.session.attach(connection.sink);
    return connection;
  }

  async subscribe({ opened }: BedConnection, filter: string, qos: MqttQos = 2): Promise<void> {
    const rest = { noLocal: false, retainAsPublished: false, retainHandling: 0, checked: false } as const;
    await new Promise<void>((resolve, reject) => {
      opened!.session.store.subscribe({ filter, qos, identifier: undefined, ...rest }, (error) =>
        error === undefined ? resolve() : reject(error),
      );
    });
  }

  /** The gateway dies; another one reads the log. @param lost entries that were not confirmed and never stored */
  async failOver({ lost = 0, compacted = false } = {}): Promise<void> {
    this.slice.close();
    this.log.crash(lost);
    this.slice = this.#serve(this.log.records(compacted));
    await this.settled();
  }

  #serve(records: readonly KeyedRecord[]): SessionSlice {
    const store = this.log.writer();
    const parts: Partial<SessionSliceParts> = {
      cluster: aloneCluster({ instance: `gateway-${++this.#gateways}` }),
      dropped: this.dropped,
      kick: async ({ connectionId }) => {
        this.kicked.push(connectionId);
      },
      options: mqttOptionsSchema.parse(this.settings),
      scope: fakeScope({ nowMs: () => this.clock.now() }),
      log: silentLog,
      feeds: this.feeds,
      topics: topicsOf(this.feeds) as unknown as MatchedTopics,
      reading: {
        topicsOf: () => ({ names: ['t'], all: false }),
        isOfMqtt: async () => true,
        onBecameMqtt: () => () => {},
        fromPulsar: () => undefined,
      },
      shared: { join: (_t, _s, _f, done) => done(), leave: () => true, drop() {}, keep: () => () => {} },
      sequenced: this.broker,
      publisher: {
        publish: (request, done) => {
          this.published.push(request);
          if (this.receipts === undefined) done(undefined);
          else this.receipts.push(done);
          return undefined;
        },
      },
      retainFirst: {
        publish: (_request, done) => {
          done(undefined);
          return undefined;
        },
      },
      authorization: { mayPublish: () => true },
    };
    const ground = { tenant: testTenant, slice: 0, clock: this.clock, store, fail() {} };
    const slice = new SessionSlice(ground, parts as SessionSliceParts);
    for (const { key, value } of records) slice.replay(key, value);
    slice.serve();
    return slice;
  }
}

const topicsOf = ({ broken }: FakeFeeds) => ({
  follow: async (_tenant: unknown, _filter: string, follower: TopicFollower) => {
    await Promise.resolve();
    const partitions = new Set([partition, ...broken]);
    for (const each of partitions) follower.onAdded(each, false);
    return { partitions, close() {} };
  },
});
