import { type Encodable, type FetchRequest, type FetchResponse, KafkaErrorCode } from '#libs/kafka-codec';
import type { ProcessBudget } from '../connection/process-budget.js';
import { type NoResponse, noResponse, type RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import { hasRecordsFrom } from '../mapping/message-set.mapping.js';
import type { LogRead } from '../reading/partition-log.js';
import { type FetchContext, fetchByTopicIdSince, fetchContext } from './fetch-context.js';
import { leaderEpoch } from './leader-epoch.js';
import { noSessionId, topicKey } from './fetch-session.js';
import { type FetchTopics, fetchTopics, mayConsume, notAllowed } from './fetch-topics.js';
import { FetchQuota } from './fetch-quota.js';
import type { Fetches, QueuedFetch } from './fetches.js';
import { byTopic, ConversionRoom, messageSetsUntil, PartitionFetch } from './partition-fetch.js';

/** The longest wait for records; every client that we know gives up its request after 30 seconds by default. */
const waitMsMax = 60_000;
/** Converting takes a multiple of the time of copying: so much of it in one turn of the event loop. */
const convertedBytesMax = 1024 * 1024;
const readCommitted = 1;
/** What a request takes in memory while it waits, and each of its partitions. */
const waitingBytes = 1_000;
const waitingPartitionBytes = 400;
/** A log that wakes without anything to read is not asked again at once. */
const emptyWakeMs = 20;

type FetchAnswer = Encodable<FetchResponse> | NoResponse;

/**
 * One Fetch request.
 *
 *     run -> (topics are looked up) -> reading --enough, an error, or time is over--> answered
 *                                        ^ |
 *                                 woken  | | all partitions are at their end
 *                                        | v
 *                                      waiting --time is over, the gateway stops--> answered
 *
 * While it waits it holds no records, and only its place with the logs and a timer.
 */
export class FetchCall implements QueuedFetch<FetchAnswer> {
  readonly #version: number;
  readonly #maxWaitMs: number;
  readonly #minBytes: number;
  readonly #maxBytes: number;
  readonly #readCommitted: boolean;
  readonly #isFollower: boolean;
  readonly #budget: ProcessBudget;
  #request: FetchRequest | undefined;
  #fetch!: FetchContext;
  #topics!: FetchTopics;
  #partitions!: readonly PartitionFetch[];

  #answer: FetchAnswer | undefined;
  #settle: PromiseWithResolvers<FetchAnswer> | undefined;
  #cancels: (() => void)[] = [];
  #endings: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #state: 'reading' | 'waiting' | 'woken' | 'answered' = 'reading';
  #isOver = false;
  #hasWaited = false;
  /** Of the reading that is going on: room for records, what was found, promises outstanding. */
  #reading = 0;
  #pending = 0;
  #room = 0;
  #bytes = 0;
  #failed = false;
  readonly #quota: FetchQuota;
  #emptyWakes = 0;
  /** Counted with the tenant's budget. */
  #reserved = 0;

  constructor(
    request: FetchRequest,
    readonly context: RequestContext,
    private readonly fetches: Fetches,
  ) {
    this.#request = request;
    this.#version = context.header.apiVersion;
    this.#maxWaitMs = Math.min(Math.max(0, request.maxWaitMs), waitMsMax);
    this.#minBytes = request.minBytes;
    this.#maxBytes =
      this.#version <= messageSetsUntil ? Math.min(request.maxBytes, convertedBytesMax) : request.maxBytes;
    this.#readCommitted = request.isolationLevel === readCommitted;
    this.#isFollower = Math.max(request.replicaId, request.replicaState.replicaId) >= 0;
    this.#quota = new FetchQuota(context);
    this.#budget = fetches.budget(context.principal.tenant.name);
  }

  /** To be called once. */
  run(): FetchAnswer | Promise<FetchAnswer> {
    const { context } = this;
    const request = this.#request!;
    // It may be long, and the call waits.
    this.#request = undefined;
    // Those before it were answered meanwhile.
    if (context.connection.closed) return noResponse;
    try {
      this.#fetch = fetchContext(request, this.#version, context.principal, this.fetches.sessions);
    } catch (error) {
      return this.#sessionRefused(error);
    }
    this.#partitions = this.#fetch.partitions.map((asked) => new PartitionFetch(asked));
    const topics = fetchTopics(this.#fetch.partitions, context);
    if (topics instanceof Promise) {
      this.#settle = Promise.withResolvers();
      topics.then(
        (found) => this.#guard(() => this.#begin(found)),
        (error) => this.#settle!.reject(error),
      );
    } else {
      this.#begin(topics);
    }
    if (this.#answer !== undefined) return this.#answer;
    this.#settle ??= Promise.withResolvers();
    return this.#settle.promise;
  }

  /** The answer has left the process. */
  sent(): void {
    this.#reserve(0);
  }

  #begin(topics: FetchTopics): void {
    this.#topics = topics;
    this.#read();
    if (this.#state === 'answered') return;
    const { connection } = this.context;
    const cancelClosed = connection.whenClosed(() => this.#end(noResponse));
    const cancelDraining = connection.whenDraining(() => this.#guard(() => this.#finish()));
    this.#timer = setTimeout(() => this.#guard(() => this.#timeIsOver()), this.#maxWaitMs);
    this.#endings.push(cancelClosed, cancelDraining);
    // Either may have come at once.
    if (this.#answer !== undefined) this.#clear();
  }

  #read(): void {
    if (this.context.connection.closed) {
      this.#end(noResponse);
      return;
    }
    this.#cancelWaiting();
    this.#state = 'reading';
    this.#bytes = 0;
    this.#failed = false;
    if (this.#budget.exhausted && !this.#isOver) {
      this.#wait();
      return;
    }
    this.#room = this.fetches.roomFor(this.#quota.room(this.#maxBytes), this.#budget);
    this.#reserve(this.#room);
    this.#reading++;
    this.#pending = 1;
    for (const partition of this.#partitions) this.#readOne(partition);
    this.#oneLess();
  }

  #readOne(partition: PartitionFetch): void {
    partition.reset();
    const refusal = this.#prepare(partition);
    if (refusal !== undefined) {
      partition.errorCode = refusal.code;
      this.#refused(partition, refusal.message);
      return;
    }
    if (this.#quota.withheld) return;
    // The answer is full: of the others only the ends of their logs are told.
    if (this.#bytes > 0 && this.#bytes >= this.#room) return;
    this.#readLog(partition, partition.fetchOffset);
  }

  #readLog(partition: PartitionFetch, offset: number): void {
    const { bytesMax, minOne } = this.#roomOf(partition);
    const read = partition.log!.read(offset, bytesMax, minOne);
    if (!(read instanceof Promise)) {
      this.#take(partition, offset, read);
      return;
    }
    const reading = this.#reading;
    this.#pending++;
    const taken = read.then((later) => {
      // Answered meanwhile, or read again: the log keeps what it has read for the next request.
      if (this.#reading !== reading || this.#state !== 'reading') return;
      this.#take(partition, offset, later);
      this.#oneLess();
    });
    taken.catch((error) => this.#fail(error));
  }

  #roomOf({ asked }: PartitionFetch) {
    const left = Math.max(0, this.#room - this.#bytes);
    return { bytesMax: Math.max(0, Math.min(asked.bytesMax, left)), minOne: this.#bytes === 0 };
  }

  /** Finds the partition's log; gives why it cannot be read. */
  #prepare(partition: PartitionFetch): KafkaError | undefined {
    const { asked } = partition;
    if (this.#isFollower) return refusal('TOPIC_AUTHORIZATION_FAILED', 'replicas are not served');
    const topic = this.#topics.get(topicKey(asked));
    if (topic === undefined) return refusal('NOT_LEADER_OR_FOLLOWER', 'the topic was not looked up');
    if (topic instanceof KafkaError) return topic;
    // While it waited the permission may have been taken back.
    if (this.#hasWaited && !mayConsume(topic.name, this.context)) return notAllowed(topic.name);
    partition.topic = topic;
    if (asked.partition < 0 || asked.partition >= topic.partitions) {
      return refusal(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `${topic.name} has ${topic.partitions} partitions, not ${asked.partition}`,
      );
    }
    if (asked.currentLeaderEpoch > leaderEpoch) {
      return refusal('UNKNOWN_LEADER_EPOCH', `leader epoch ${asked.currentLeaderEpoch} is not known`);
    }
    const { logs } = this.context.gateway;
    partition.log = logs.log(this.context.principal.tenant, topic, asked.partition);
    return partition.fetchOffset < 0
      ? refusal('OFFSET_OUT_OF_RANGE', `offset ${partition.fetchOffset}`)
      : undefined;
  }

  #take(partition: PartitionFetch, offset: number, read: LogRead): void {
    const last = read.batches.at(-1);
    const isMessageSet = this.#version <= messageSetsUntil;
    if (last !== undefined && isMessageSet && !read.batches.some((batch) => hasRecordsFrom(batch, offset))) {
      // A message set cannot say that there is nothing up to an offset; the consumer would ask for the same again.
      this.#readLog(partition, last.lastOffset + 1);
      return;
    }
    const { bytesMax, minOne } = this.#roomOf(partition);
    partition.take(read, bytesMax, minOne);
    this.#bytes += partition.bytes;
    if (partition.errorCode === KafkaErrorCode.NONE) return;
    if (
      partition.errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION &&
      this.#version >= fetchByTopicIdSince
    ) {
      partition.errorCode = KafkaErrorCode.UNKNOWN_TOPIC_ID;
    }
    this.#refused(partition, `offset ${partition.fetchOffset} cannot be read`);
  }

  #refused(partition: PartitionFetch, message: string): void {
    this.#failed = true;
    const { context } = this;
    const { gateway, principal } = context;
    const { errorCode, asked, topic } = partition;
    const name = topic?.name ?? asked.topic;
    gateway.metrics.tenant('kafka', principal.tenant.name).consumeErrors++;
    context.refused(errorCode, `partition ${asked.partition}: ${message}`, name);
    const isGone =
      errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION ||
      errorCode === KafkaErrorCode.UNKNOWN_TOPIC_ID;
    if (isGone && topic !== undefined) gateway.topics.invalidate(principal.tenant, name);
  }

  #oneLess(): void {
    this.#pending--;
    if (this.#state !== 'reading') return;
    const minBytes = Math.min(this.#minBytes, Math.max(1, this.#room));
    if (this.#failed || this.#isOver || this.#quota.withheld || this.#bytes >= minBytes) {
      // What is still being read comes with the next request; without anything, it is worth waiting for.
      if (this.#pending === 0 || this.#bytes > 0) this.#finish();
      return;
    }
    if (this.#pending > 0) return;
    const hasMore = this.#bytes > 0 && !this.#partitions.every((partition) => partition.isAtEnd);
    if (this.#partitions.length === 0 || this.#maxWaitMs === 0 || hasMore) this.#finish();
    else this.#wait();
  }

  #wait(): void {
    this.#state = 'waiting';
    this.#hasWaited = true;
    this.#reserve(0);
    this.fetches.waiting++;
    this.context.recount(waitingBytes + this.#partitions.length * waitingPartitionBytes);
    const wake = () => this.#wake();
    this.#cancels.push(() => this.fetches.waiting--);
    if (this.#budget.exhausted) {
      this.#cancels.push(this.#budget.watch((exhausted) => !exhausted && wake()));
      return;
    }
    for (const partition of this.#partitions) {
      const { log, nextOffset } = partition;
      partition.reset();
      if (log !== undefined) this.#cancels.push(log.whenBeyond(nextOffset, wake));
    }
  }

  /** Several logs may wake in one turn of the event loop, and one several times. */
  #wake(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'woken';
    const read = () => {
      if (this.#state === 'woken') this.#guard(() => this.#read());
    };
    if (this.#emptyWakes++ === 0) setImmediate(read);
    else this.#wakeTimer = setTimeout(read, emptyWakeMs);
  }

  #timeIsOver(): void {
    this.#isOver = true;
    if (this.#state === 'answered') return;
    if (this.#state === 'reading' && this.#bytes === 0) return;
    // Some came, but fewer than were to be waited for: they were not kept.
    if (this.#state === 'woken' || (this.#state === 'waiting' && this.#bytes > 0)) this.#read();
    else this.#finish();
  }

  #finish(): void {
    if (this.#state === 'answered') return;
    const version = this.#version;
    const { principal, gateway } = this.context;
    for (const partition of this.#partitions) partition.position();
    let answer: ReturnType<FetchContext['answer']>;
    try {
      answer = this.#fetch.answer(this.#partitions);
    } catch (error) {
      this.#end(this.#sessionRefused(error));
      return;
    }
    const told = answer.told as readonly PartitionFetch[];
    let bytes = 0;
    let records = 0;
    const room = new ConversionRoom();
    for (const partition of told) {
      records += partition.encode(version, this.#readCommitted, room);
      bytes += partition.bytes;
    }
    const counters = gateway.metrics.tenant('kafka', principal.tenant.name);
    counters.consumeBytes += bytes;
    counters.consumeMessages += records;
    this.#reserve(bytes);
    this.#quota.charge(bytes, records);
    this.#end(
      version >= 7 ? { sessionId: answer.sessionId, responses: byTopic(told) } : { responses: byTopic(told) },
    );
  }

  #sessionRefused(error: unknown): FetchAnswer {
    if (!(error instanceof KafkaError)) throw error;
    this.context.refused(error.code, error.message);
    return { errorCode: error.code, sessionId: noSessionId, responses: [] };
  }

  #end(answer: FetchAnswer): void {
    if (this.#state === 'answered') return;
    this.#state = 'answered';
    this.#answer = answer;
    this.#clear();
    this.#settle?.resolve(answer);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#cancelWaiting();
    for (const cancel of this.#endings.splice(0)) cancel();
    if (this.#answer === noResponse) this.#reserve(0);
  }

  #cancelWaiting(): void {
    clearTimeout(this.#wakeTimer);
    const cancels = this.#cancels;
    if (cancels.length === 0) return;
    this.#cancels = [];
    for (const cancel of cancels) cancel();
  }

  /** So many bytes count for this call. */
  #reserve(bytes: number): void {
    if (bytes > this.#reserved) this.#budget.add(bytes - this.#reserved);
    else if (bytes < this.#reserved) this.#budget.remove(this.#reserved - bytes);
    this.#reserved = bytes;
  }

  /** What is called by timers and logs has nobody above it who would hear of an error. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#settle ??= Promise.withResolvers();
    this.#settle.reject(error);
    this.#end(noResponse);
  }
}

function refusal(name: keyof typeof KafkaErrorCode, message: string): KafkaError {
  return new KafkaError(KafkaErrorCode[name], message);
}
