import { partitionTopicName } from '#libs/pulsar';
import type { StartedQueueWork } from '../keepers/kept-queue-work.js';
import { queueTopic } from '../queues/queue-topic.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { HeadReader } from './head-reader.js';
import { HeadSchedule } from './head-schedule.js';
import { HeadSweep } from './head-sweep.js';
import type { HeadsServices } from './heads-services.js';
import { OldestReady } from './oldest-ready.js';
import { ReadyLength } from './ready-length.js';

/** Messages of a queue are counted no more often. */
const countEveryMs = 200;
/** After something was stored: what was published with it has its receipts, too. */
const countAfterMs = 10;
const retryMs = 1_000;

/**
 * Looks after the head of one queue: what has ended there goes, and what is too many. It does one thing at a time.
 *
 *     waiting ── something ends, or was stored ──▶ in turn ──▶ counting ──▶ sweeping ──▶ waiting
 */
export class QueueHead implements StartedQueueWork {
  private readonly length: ReadyLength;
  private readonly schedule: HeadSchedule;
  private readonly oldest: OldestReady;
  private readonly isLimited: boolean;
  private countAtMs: number;
  private countedMs = -Infinity;
  private overheadBytes = 0;
  private isExpiring = false;
  private isClosed = false;
  private isBusy = false;
  private sweep: HeadSweep | undefined;
  private timer: NodeJS.Timeout | undefined;
  private timerMs = Infinity;
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly services: HeadsServices,
    private readonly topology: VhostTopology,
    private readonly queue: Queue,
    private readonly onClosed: () => void,
  ) {
    const { settings } = queue;
    const nowMs = services.now();
    this.length = new ReadyLength(settings.maxLength, settings.maxLengthBytes);
    this.isLimited = settings.maxLength !== undefined || settings.maxLengthBytes !== undefined;
    this.schedule = new HeadSchedule(settings, () => this.isExpiring, services.idleMs, nowMs);
    this.oldest = new OldestReady(services, topology.scope.tenant.name, queue);
    this.countAtMs = this.isLimited ? nowMs : Infinity;
    this.plan();
  }

  /** x-overflow `reject-publish`: publishers are refused. */
  get isFull(): boolean {
    const { overflow } = this.queue.settings;
    if (!this.isLimited || overflow === 'drop-head' || !this.length.isFull) return false;
    // Whoever asks wants to know when there is room again.
    this.countBy(this.countedMs + countEveryMs);
    return true;
  }

  /** Messages that end by themselves may be in it. */
  expiring(): void {
    if (this.isExpiring) return;
    this.isExpiring = true;
    this.schedule.expiring(this.services.now());
    this.plan();
  }

  /** A message of this process is on its way. */
  storing(bytes: number): void {
    this.length.storing(bytes);
  }

  /** Pulsar has it, or will not have it. */
  settled(bytes: number, isStored: boolean, endsInMs: number | undefined): void {
    this.length.stored(bytes, isStored);
    if (isStored) this.stored(endsInMs);
  }

  /**
   * Something was stored, here or at another gateway.
   *
   * @param endsInMs undefined: never
   */
  stored(endsInMs: number | undefined): void {
    const nowMs = this.services.now();
    this.isExpiring ||= endsInMs !== undefined && this.queue.settings.messageTtlMs === undefined;
    this.schedule.stored(nowMs, endsInMs);
    if (this.isLimited) this.countBy(Math.max(nowMs + countAfterMs, this.countedMs + countEveryMs));
    this.plan();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.timer);
    this.sweep?.stop();
    this.onClosed();
  }

  /** Resolves when it does nothing any more. */
  async ended(): Promise<void> {
    await this.working;
  }

  private countBy(timeMs: number): void {
    if (timeMs >= this.countAtMs) return;
    this.countAtMs = timeMs;
    this.plan();
  }

  private plan(): void {
    const atMs = Math.min(this.countAtMs, this.schedule.lookAtMs);
    if (this.isClosed || this.isBusy || atMs >= this.timerMs || atMs === Infinity) return;
    clearTimeout(this.timer);
    this.timerMs = atMs;
    const waitMs = Math.min(timerMsMax, Math.max(0, atMs - this.services.now()));
    this.timer = setTimeout(() => {
      this.timerMs = Infinity;
      this.working = this.work();
    }, waitMs).unref();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    try {
      await this.services.slots.run(this.topology.scope.tenant.name, () => this.turn());
    } catch (error) {
      const nowMs = this.services.now();
      this.schedule.failed(nowMs);
      if (this.isLimited) this.countAtMs = nowMs + retryMs;
      if (!this.isClosed) {
        const fields = { event: 'amqp091-queue-head', queue: this.queue.name, error };
        this.services.log.debug(fields, 'the head of a queue could not be looked after; it is tried again');
      }
    }
    this.isBusy = false;
    this.plan();
  }

  private async turn(): Promise<void> {
    if (this.isClosed) return;
    const { services, schedule } = this;
    const excess = this.countAtMs <= services.now() ? await this.count() : 0;
    if (excess === 0 && schedule.lookAtMs > services.now()) return;
    await this.clear(excess);
  }

  /** Resolves to how many of the oldest are too many. */
  private async count(): Promise<number> {
    const { services, topology, queue, length } = this;
    this.countedMs = services.now();
    this.countAtMs = this.countedMs + services.idleMs();
    length.countingBegins();
    const { messages, bytes } = await services.queues.ready(topology.scope, queue);
    if (queue.settings.maxLengthBytes !== undefined && messages > 0 && this.overheadBytes === 0) {
      await this.clear(0);
    }
    length.counted(messages, Math.max(0, bytes - messages * this.overheadBytes));
    return queue.settings.overflow === 'drop-head' ? length.excess : 0;
  }

  private async clear(excess: number): Promise<void> {
    const { services, topology, queue, schedule } = this;
    // Not made where it is not there: the queue is not quite declared yet, or just deleted.
    const topic = queueTopic(topology.scope, queue.name);
    const partitions = await services.pulsar.partitions(topic);
    let left = excess;
    let endsAtMs: number | undefined;
    let isEmpty = true;
    for (let at = 0; at < Math.max(1, partitions) && !this.isClosed; at++) {
      const state = await this.clearOne(partitions === 0 ? topic : partitionTopicName(topic, at), left);
      left = state.excess;
      isEmpty &&= state.isEmpty;
      if (state.endsAtMs !== undefined) endsAtMs = Math.min(endsAtMs ?? Infinity, state.endsAtMs);
    }
    const isByItself =
      endsAtMs !== undefined && endsAtMs < Infinity && queue.settings.messageTtlMs === undefined;
    this.isExpiring ||= isByItself;
    schedule.looked(services.now(), endsAtMs, isEmpty);
    // They may have been given to consumers meanwhile.
    if (left > 0) this.countAtMs = services.now() + countEveryMs;
  }

  private async clearOne(topic: string, excess: number) {
    const { services, topology, queue } = this;
    if (excess === 0) {
      const oldest = await this.oldest.look(topic);
      this.overheadBytes ||= this.oldest.overheadBytes;
      const isDue = oldest.endsAtMs !== undefined && oldest.endsAtMs <= services.now();
      if (!isDue) return { ...oldest, excess };
    }
    const reader = await HeadReader.open({
      ...{ pulsar: services.pulsar, tenantKey: topology.scope.tenant.name, queue, topic },
      onUnreadable: () => {
        services.counters.messagesUnreadable++;
      },
    });
    try {
      this.sweep = new HeadSweep(services, topology, queue, topic);
      if (this.isClosed) this.sweep.stop();
      const state = await this.sweep.run(reader, excess);
      this.overheadBytes = reader.overheadBytes || this.overheadBytes;
      return { ...state, isEmpty: state.endsAtMs === undefined && (await reader.isEmpty()) };
    } finally {
      this.sweep = undefined;
      await reader.close();
    }
  }
}

/** Of a timer of Node.js, about 24 days. */
const timerMsMax = 2 ** 31 - 1;
