import { type Producer, type PulsarClient, PulsarAdminError, singleEntry } from '#libs/pulsar';
import type { AuditEntry, AuditSink, Log } from '#libs/telemetry';

type Brokers = Pick<PulsarClient, 'createProducer'> & {
  readonly admin: Pick<PulsarClient['admin'], 'createTopic'>;
};

export interface AuditTopicOptions {
  /** `persistent://tenant/namespace/topic`. */
  readonly topic: string;
  /** Which gateway it was, beside what it says. */
  readonly gateway: () => Readonly<Record<string, unknown>>;
  readonly log: Log;
  /** Entries that wait for Pulsar; beyond, the newest are lost and counted. Default 10 000. */
  readonly waitingMax?: number;
  /** Pause after Pulsar refused. Default 2 000. */
  readonly retryMs?: number;
}

interface Numbered {
  readonly entry: AuditEntry;
  readonly number: number;
}

const tenantKey = 'pulsegate-audit';
const waitingMaxDefault = 10_000;
const retryMsDefault = 2_000;
const sendTimeoutMs = 10_000;
const onTheirWayMax = 256;
const closeMsMax = 2_000;

/**
 * Entries as JSON in a Pulsar topic, in their order; one may be there twice where Pulsar did not say that it has it. While
 * Pulsar is away they wait, and what there is no room for is counted, and told as an entry when there is room again.
 */
export class AuditTopic implements AuditSink {
  readonly #options: AuditTopicOptions;
  /** In the order in which they came, what Pulsar did not take included. */
  readonly #waiting: Numbered[] = [];
  #came = 0;
  #brokers: Brokers | undefined;
  #producer: Producer | undefined;
  #opening = false;
  #onTheirWay = 0;
  #retrying: NodeJS.Timeout | undefined;
  #closed = false;
  #told = false;
  #lostUntold = 0;
  #onEmpty: () => void = () => {};
  /** Since the start. */
  lost = 0;

  constructor(options: AuditTopicOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length + this.#onTheirWay;
  }

  write(entry: AuditEntry): void {
    if (this.#closed || this.waiting >= (this.#options.waitingMax ?? waitingMaxDefault)) {
      this.lost++;
      this.#lostUntold++;
      return;
    }
    this.#waiting.push({ entry, number: this.#came++ });
    this.#pump();
  }

  /** From here on there is a Pulsar. */
  start(brokers: Brokers): void {
    this.#brokers = brokers;
    this.#pump();
  }

  /** Waits a moment for what is on its way. */
  async close(): Promise<void> {
    if (this.waiting > 0 && this.#producer !== undefined) {
      const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
      await Promise.race([empty, new Promise((resolve) => setTimeout(resolve, closeMsMax).unref())]);
    }
    this.#closed = true;
    clearTimeout(this.#retrying);
    this.lost += this.waiting;
    await this.#producer?.close('now').catch(() => {});
  }

  #pump(): void {
    if (this.#closed || this.#retrying !== undefined || this.#brokers === undefined) return;
    if (this.#producer === undefined) {
      if (!this.#opening && this.#waiting.length > 0) void this.#open(this.#brokers);
      return;
    }
    while (this.#onTheirWay < onTheirWayMax && this.#waiting.length > 0 && this.#retrying === undefined) {
      this.#send(this.#waiting.shift()!);
    }
  }

  #send(sent: Numbered): void {
    this.#onTheirWay++;
    this.#producer!.send(this.#message(sent.entry), (error) => {
      this.#onTheirWay--;
      if (error === undefined) {
        this.#stored();
        return;
      }
      const place = this.#waiting.findIndex(({ number }) => number > sent.number);
      this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, sent);
      this.#again(error);
    });
  }

  #stored(): void {
    this.#told = false;
    if (this.#lostUntold > 0) {
      const repeated = this.#lostUntold;
      this.#lostUntold = 0;
      const reason = 'Pulsar did not take them in time';
      const lost = { kind: 'audit', outcome: 'failed', action: 'store', reason } as const;
      this.#waiting.push({ entry: { ...lost, timeMs: Date.now(), repeated }, number: this.#came++ });
    }
    if (this.waiting === 0) this.#onEmpty();
    this.#pump();
  }

  #message(entry: AuditEntry) {
    const { timeMs, ...rest } = entry;
    const value = { time: new Date(timeMs).toISOString(), ...rest, gateway: this.#options.gateway() };
    return singleEntry({
      value: Buffer.from(JSON.stringify(value)),
      eventTime: timeMs,
      ...(entry.tenant !== undefined && { key: entry.tenant }),
    });
  }

  async #open(brokers: Brokers): Promise<void> {
    const { topic } = this.#options;
    this.#opening = true;
    try {
      await brokers.admin.createTopic(topic).catch((error: unknown) => {
        // It is there; or brokers make topics by themselves, and only superusers may ask.
        if (!(error instanceof PulsarAdminError && !error.retriable)) throw error;
      });
      const producer = await brokers.createProducer({ topic, tenantKey, sendTimeoutMs });
      producer.onClosed((error) => {
        if (this.#producer === producer) this.#producer = undefined;
        this.#again(error);
      });
      this.#producer = producer;
    } catch (error) {
      this.#again(error);
    } finally {
      this.#opening = false;
    }
    this.#pump();
  }

  #again(error: unknown): void {
    if (!this.#told && !this.#closed) {
      const { topic, log } = this.#options;
      log.warn(
        { event: 'audit.topic', topic, error },
        'the audit topic is not written to; it is tried again',
      );
    }
    this.#told = true;
    this.#retrying ??= setTimeout(() => {
      this.#retrying = undefined;
      this.#pump();
    }, this.#options.retryMs ?? retryMsDefault).unref();
  }
}
