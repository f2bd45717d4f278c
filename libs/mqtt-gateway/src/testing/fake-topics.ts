import {
  BatchBuilder,
  type BrokerEntry,
  EntryDecodeError,
  type EntryPosition,
  type MessageCursor,
  type MessageId,
  parseEntry,
  PulsarError,
  type ReaderOptions,
  type TopicListWatchOptions,
  type TopicReader,
} from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { MqttMessage } from '../message.js';
import { isBefore } from '../reading/entry-order.js';
import type { FilterTopics, TopicReading } from '../reading/topic-reading.js';

/** All that follows from what was done so far has happened. */
export const settled = async () => {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

export const testTenant: Tenant = {
  name: 'acme',
  pulsarNamespace: 'acme/n',
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
};

export const fullName = (name: string) => `persistent://acme/n/${name}`;

/** A message as the fake mapping keeps it: the MQTT topic is the key. */
export interface FakeMessage {
  readonly topic: string;
  readonly payload: string;
}

/** A real entry, as a broker dispatches it. */
export function entryOf(position: EntryPosition, messages: readonly FakeMessage[]): BrokerEntry {
  const builder = new BatchBuilder({ capacityBytes: 1_024, payloadBytesMax: 5_000_000 });
  for (const { topic, payload } of messages) builder.append({ key: topic, value: Buffer.from(payload) });
  const { buffer, payloadStart, payloadEnd } = builder.finish('none');
  const payload = Buffer.from(buffer.subarray(payloadStart, payloadEnd));
  // MessageMetadata: producer name, sequence id, publish time, messages in the batch.
  const metadata = Buffer.from([0x0a, 1, 0x70, 0x10, 1, 0x18, 1, 0x58, messages.length]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(metadata.length);
  const frame = Buffer.concat([size, metadata, payload]);
  return parseEntry(frame, 0, frame.length, position);
}

interface StoredEntry extends EntryPosition {
  readonly messages: readonly FakeMessage[];
}

export class FakeTopic {
  entries: StoredEntry[] = [];
  readers: FakeReader[] = [];
  opened = 0;
  /** Stored, but not dispatched. */
  slow = false;
  private ledgerId = 1;
  private nextEntry = 0;

  add(...messages: FakeMessage[]): EntryPosition {
    const position = { ledgerId: this.ledgerId, entryId: this.nextEntry++ };
    this.entries.push({ ...position, messages });
    this.dispatch();
    return position;
  }

  newLedger(): void {
    this.ledgerId++;
    this.nextEntry = 0;
  }

  trim(count: number): void {
    this.entries.splice(0, count);
  }

  dispatch(): void {
    if (this.slow) return;
    for (const reader of [...this.readers]) reader.dispatch();
  }

  get last(): EntryPosition {
    const { ledgerId, entryId } = this.entries.at(-1) ?? { ledgerId: this.ledgerId, entryId: -1 };
    return { ledgerId, entryId };
  }
}

class FakeReader {
  attached = true;
  closed = false;
  paused: boolean;
  private after: EntryPosition;
  private waiters: { at: EntryPosition; resolve(): void }[] = [];

  constructor(
    private readonly topic: FakeTopic,
    private readonly options: ReaderOptions,
  ) {
    const { start } = options;
    this.paused = options.paused ?? false;
    if (start === 'earliest') this.after = { ledgerId: -1, entryId: -1 };
    else if (start === 'latest') this.after = topic.last;
    else if ('ledgerId' in start) this.after = { ledgerId: start.ledgerId, entryId: start.entryId - 1 };
    else throw new Error('by time: not faked');
  }

  get position(): EntryPosition {
    return this.after;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    setImmediate(() => this.dispatch());
  }

  lastMessageId(): Promise<MessageId> {
    return Promise.resolve(this.topic.last as unknown as MessageId);
  }

  async reachEnd(): Promise<void> {
    const at = this.topic.last;
    if (this.topic.entries.length === 0 || !isBefore(this.after, at)) return;
    await new Promise<void>((resolve) => this.waiters.push({ at, resolve }));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.topic.readers = this.topic.readers.filter((each) => each !== this);
  }

  fail(error: PulsarError): void {
    void this.close();
    this.options.onClosed?.(error);
  }

  dispatch(): void {
    if (this.topic.slow) return;
    for (const entry of [...this.topic.entries]) {
      if (this.closed || this.paused) return;
      if (!isBefore(this.after, entry)) continue;
      const { ledgerId, entryId } = entry;
      this.after = { ledgerId, entryId };
      this.options.onEntry(entryOf(this.after, entry.messages));
      this.waiters = this.waiters.filter((waiter) => {
        if (isBefore(this.after, waiter.at)) return true;
        waiter.resolve();
        return false;
      });
    }
  }
}

/** Topics of one namespace, and what of the Pulsar client reading needs. */
export class FakePulsar {
  readonly topics = new Map<string, FakeTopic>();
  refuses: PulsarError | undefined;
  watchers = true;
  watched: TopicListWatchOptions | undefined;

  make(name: string): FakeTopic {
    const topic = new FakeTopic();
    this.topics.set(fullName(name), topic);
    this.watched?.onChange([fullName(name)], []);
    return topic;
  }

  delete(name: string): void {
    const topic = this.topics.get(fullName(name));
    this.topics.delete(fullName(name));
    for (const reader of topic?.readers ?? []) reader.fail(new PulsarError('TopicNotFound', name));
    this.watched?.onChange([], [fullName(name)]);
  }

  async createReader(options: ReaderOptions): Promise<TopicReader> {
    await Promise.resolve();
    if (this.refuses !== undefined) throw this.refuses;
    const topic = this.topics.get(options.topic);
    if (topic === undefined) throw new PulsarError('TopicNotFound', options.topic);
    topic.opened++;
    const reader = new FakeReader(topic, options);
    topic.readers.push(reader);
    setImmediate(() => reader.dispatch());
    return reader as unknown as TopicReader;
  }

  async watchTopics(options: TopicListWatchOptions): Promise<{ close(): void }> {
    await Promise.resolve();
    if (this.refuses !== undefined) throw this.refuses;
    if (!this.watchers) throw new PulsarError('NotAllowedError', 'no watchers');
    this.watched = options;
    options.onTopics([...this.topics.keys()]);
    return {
      close: () => {
        this.watched = undefined;
      },
    };
  }

  topicsOfNamespace(): Promise<string[]> {
    return Promise.resolve([...this.topics.keys()]);
  }
}

/** First level = Pulsar topic, as the default rule; a message without a key is damaged. */
export class FakeReading implements TopicReading {
  readonly ofMqtt = new Set<string>();
  /** Listed, and not there yet. */
  readonly absent = new Set<string>();
  /** Whose a topic is, is answered after this. */
  answers: Promise<void> = Promise.resolve();
  asked = 0;
  decoded = 0;
  private listener: ((tenant: string, name: string) => void) | undefined;

  topicsOf(_tenant: Tenant, filter: string): FilterTopics {
    const [first = ''] = filter.split('/');
    return first === '+' || first === '#' ? { names: [], all: true } : { names: [first], all: false };
  }

  isOfMqtt(_tenant: Tenant, name: string): Promise<boolean> {
    this.asked++;
    if (this.absent.has(name)) return Promise.reject(new PulsarError('TopicNotFound', name));
    return this.answers.then(() => this.ofMqtt.has(name));
  }

  onBecameMqtt(listener: (tenant: string, name: string) => void): () => void {
    this.listener = listener;
    return () => {
      this.listener = undefined;
    };
  }

  becomes(name: string): void {
    this.ofMqtt.add(name);
    this.listener?.(testTenant.name, name);
  }

  fromPulsar(_tenant: Tenant, _name: string, cursor: MessageCursor): MqttMessage | undefined {
    this.decoded++;
    const { key, value } = cursor;
    if (key === 'damaged') throw new EntryDecodeError('malformed', 'it says so');
    if (key === 'foreign' || key === null || value === null) return undefined;
    return {
      topic: key,
      payload: value,
      qos: 1,
      retain: key.endsWith('/kept'),
      properties: {},
      expiresAtMs: undefined,
      publisherId: key.endsWith('/own') ? 'own' : undefined,
    };
  }
}
