import type { Log } from '#libs/telemetry';
import type { ClusterSight } from './cluster-sight.js';
import { Hearing } from './hearing.js';
import {
  type ActivateAnswer,
  type ActivateRequest,
  type AskAnswer,
  type AskRequest,
  type GoneRequest,
  type JoinAnswer,
  type JoinRequest,
  keeperKinds,
  type LeaveRequest,
  type TellAnswer,
  type TellRequest,
} from './keeper-messages.js';
import type { KeeperRequests } from './keeper-requests.js';
import { KeptQueue, type KeptSettings } from './kept-queue.js';
import { placeKey, type QueuePlace } from './queue-place.js';

export interface KeptConsumersParts {
  readonly sight: ClusterSight;
  readonly requests: KeeperRequests;
  readonly log: Log;
  /** Deletes an auto-delete queue that nobody consumes any more. Resolves to false where it is still used otherwise. */
  readonly expire: (place: QueuePlace) => Promise<boolean>;
  /** The queue was declared, or got from. */
  readonly onUsed: (key: string) => void;
  readonly limits?: Partial<KeptLimits>;
}

export interface KeptLimits {
  /** Consumers of all queues that are kept here, and those of one tenant. */
  readonly consumersMax: number;
  readonly consumersMaxPerTenant: number;
  /** A gateway that does not tell what it has is waited for so long. */
  readonly hearingMs: number;
  /** Until a gateway that did not answer is asked again. */
  readonly retryMs: number;
  /** Until a queue that could not be deleted is tried again. */
  readonly deleteRetryMs: number;
  readonly timeoutMs: number;
}

const defaults: KeptLimits = {
  consumersMax: 400_000,
  consumersMaxPerTenant: 100_000,
  hearingMs: 5_000,
  retryMs: 200,
  deleteRetryMs: 5_000,
  timeoutMs: 5_000,
};

/**
 * The consumers of the queues that this gateway keeps, of all gateways. It knows of them what their gateways say, and lives no
 * longer than it keeps the queue: the next keeper is told anew.
 */
export class KeptConsumers {
  readonly #queues = new Map<string, KeptQueue>();
  /** `instance/id` of those that wait to be heard. */
  readonly #joining = new Set<string>();
  readonly #byTenant = new Map<string, number>();
  readonly #hearing: Hearing;
  readonly #limits: KeptLimits;
  #count = 0;
  #isClosed = false;

  constructor(private readonly parts: KeptConsumersParts) {
    this.#limits = { ...defaults, ...parts.limits };
    this.#hearing = new Hearing(parts.sight, this.#limits.hearingMs, () => this.#settleAll());
    const { requests } = parts;
    requests.serve(keeperKinds.join, (asked: JoinRequest) => this.#join(asked));
    requests.serve(keeperKinds.leave, (asked: LeaveRequest) => this.#leave(asked));
    requests.serve(keeperKinds.tell, (asked: TellRequest) => this.#tell(asked));
    requests.serve(keeperKinds.ask, (asked: AskRequest) => this.#answer(asked));
  }

  /** Consumers of all queues that are kept here. */
  get count(): number {
    return this.#count;
  }

  /** Of the queue, as far as is known here. */
  consumersOf(key: string): number {
    return this.#queues.get(key)?.count ?? 0;
  }

  /** Whether all gateways have said what they have. */
  get hasHeardAll(): boolean {
    return this.#hearing.isComplete;
  }

  /** Before the gateway tells anew what it has itself. */
  membersChanged(): void {
    const { sight } = this.parts;
    this.#hearing.restart();
    for (const [key, queue] of [...this.#queues]) {
      if (!sight.isKeeper(key)) {
        this.#forget(key, queue);
        continue;
      }
      for (const instance of queue.instances) {
        if (!sight.isThere(instance)) this.#change(queue, () => queue.leaveAll(instance));
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#hearing.close();
  }

  async #join({ instance, place, settings, id, exclusive }: JoinRequest): Promise<JoinAnswer> {
    const mark = `${instance}/${id}`;
    this.#joining.add(mark);
    if (!this.#hearing.isOver) await this.#hearing.whenOver();
    const { sight } = this.parts;
    const key = placeKey(place);
    // It has left meanwhile, unless it has asked twice.
    const isWaiting = this.#joining.delete(mark);
    if (!isWaiting && this.#queues.get(key)?.has(instance, id) !== true) return { kind: 'ending' };
    if (this.#isClosed || !this.#hearing.isOver || !sight.isKeeper(key) || !sight.isThere(instance)) {
      return { kind: 'elsewhere' };
    }
    const known = this.#queues.get(key);
    if (known?.isEnding === true) return { kind: 'ending' };
    if (this.#isFull(place.tenant) && known?.has(instance, id) !== true) return { kind: 'full' };
    const queue = known ?? new KeptQueue(place, settings);
    const joined = this.#change(queue, () => queue.join(instance, id, exclusive, Date.now()));
    if (joined === undefined) return { kind: 'refused' };
    this.#queues.set(key, queue);
    return { kind: 'joined', ...joined };
  }

  #leave({ instance, place, id }: LeaveRequest): object {
    this.#joining.delete(`${instance}/${id}`);
    const key = placeKey(place);
    const queue = this.#queues.get(key);
    if (queue !== undefined && this.#change(queue, () => queue.leave(instance, id))) this.#settle(key, queue);
    return {};
  }

  #tell({ instance, view, queues, joining }: TellRequest): TellAnswer {
    const { sight } = this.parts;
    if (view !== sight.view || !sight.isThere(instance)) return { isHeard: false };
    const told = new Map(queues.map((each) => [placeKey(each.place), each]));
    const isJoining = new Set(joining);
    for (const [key, queue] of [...this.#queues]) {
      const ids = new Set(told.get(key)?.consumers.map(({ id }) => id));
      const left = this.#change(queue, () =>
        queue.leaveAll(instance, (id) => ids.has(id) || isJoining.has(id)),
      );
      if (left > 0) this.#settle(key, queue);
    }
    for (const [key, { place, settings, consumers }] of told) {
      if (sight.isKeeper(key)) this.#takeOver(key, instance, place, settings, consumers);
    }
    this.#hearing.heard(instance);
    return { isHeard: true };
  }

  #takeOver(
    key: string,
    instance: string,
    place: QueuePlace,
    settings: KeptSettings,
    consumers: TellRequest['queues'][number]['consumers'],
  ): void {
    const queue = this.#queues.get(key) ?? new KeptQueue(place, settings);
    this.#queues.set(key, queue);
    for (const consumer of consumers) {
      const isActive = this.#change(queue, () => queue.told(instance, consumer));
      if (isActive !== undefined) void this.#say(key, queue, instance, consumer.id);
    }
    this.#settle(key, queue);
  }

  async #answer({ place, about }: AskRequest): Promise<AskAnswer> {
    const key = placeKey(place);
    if (!this.parts.sight.isKeeper(key)) return {};
    if (about === 'used') this.parts.onUsed(key);
    if (about === 'end') await this.#end(key);
    if (about !== 'count') return {};
    if (!this.#hearing.isOver) await this.#hearing.whenOver();
    return { consumers: this.consumersOf(key) };
  }

  /** All gateways that have consumers of it hear that it is gone. */
  async #end(key: string): Promise<void> {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    const { requests, sight } = this.parts;
    const { timeoutMs } = this.#limits;
    const gone: GoneRequest = { place: queue.place };
    const members = [...queue.instances].map((instance) => sight.member(instance));
    this.#forget(key, queue);
    // Who does not answer hears it from the log.
    await Promise.allSettled(
      members.map((member) => member && requests.ask(member.nodeId, keeperKinds.gone, gone, timeoutMs)),
    );
  }

  #settleAll(): void {
    for (const [key, queue] of [...this.#queues]) this.#settle(key, queue);
  }

  /** Who is next is told; what nobody consumes any more is deleted, or forgotten. */
  #settle(key: string, queue: KeptQueue): void {
    if (!this.#hearing.isOver || this.#isClosed || this.#queues.get(key) !== queue) return;
    const chosen = queue.choose();
    if (chosen !== undefined) void this.#say(key, queue, chosen.instance, chosen.id);
    if (queue.count > 0 || queue.isEnding) return;
    this.parts.onUsed(key);
    if (queue.settings.autoDelete) void this.#delete(key, queue);
    else this.#forget(key, queue);
  }

  /** Tells a consumer what it is, until its gateway has heard it. */
  async #say(key: string, queue: KeptQueue, instance: string, id: number): Promise<void> {
    const { requests, sight } = this.parts;
    const { timeoutMs, retryMs } = this.#limits;
    while (this.#isThere(key, queue, instance, id)) {
      const member = sight.member(instance);
      if (member === undefined) return;
      const isActive = queue.isActive(instance, id);
      const asked: ActivateRequest = { place: queue.place, id, isActive };
      try {
        const answer = await requests.ask<ActivateAnswer>(
          member.nodeId,
          keeperKinds.activate,
          asked,
          timeoutMs,
        );
        if (!answer.isKnown) this.#leave({ instance, place: queue.place, id });
        if (isActive === queue.isActive(instance, id)) return;
      } catch {
        await pause(retryMs);
      }
    }
  }

  #isThere(key: string, queue: KeptQueue, instance: string, id: number): boolean {
    return !this.#isClosed && this.#queues.get(key) === queue && queue.has(instance, id);
  }

  async #delete(key: string, queue: KeptQueue): Promise<void> {
    const { log, expire } = this.parts;
    // Somebody who was not heard may consume it.
    if (this.#hearing.isComplete) {
      queue.isEnding = true;
      try {
        if (await expire(queue.place)) this.#forget(key, queue);
      } catch (error) {
        if (this.#isClosed) return;
        const fields = { event: 'amqp091-auto-delete', queue: queue.place.name, error };
        log.warn(fields, 'a queue that nobody consumes any more could not be deleted; it is tried again');
      }
      queue.isEnding = false;
    }
    if (this.#queues.get(key) !== queue) return;
    setTimeout(() => this.#settle(key, queue), this.#limits.deleteRetryMs).unref();
  }

  #isFull(tenant: string): boolean {
    const { consumersMax, consumersMaxPerTenant } = this.#limits;
    return this.#count >= consumersMax || (this.#byTenant.get(tenant) ?? 0) >= consumersMaxPerTenant;
  }

  #forget(key: string, queue: KeptQueue): void {
    if (this.#queues.get(key) !== queue) return;
    this.#queues.delete(key);
    this.#counted(queue.place.tenant, -queue.count);
  }

  /** Counts who came and who left. */
  #change<T>(queue: KeptQueue, change: () => T): T {
    const before = queue.count;
    const result = change();
    this.#counted(queue.place.tenant, queue.count - before);
    return result;
  }

  #counted(tenant: string, more: number): void {
    this.#count += more;
    const ofTenant = (this.#byTenant.get(tenant) ?? 0) + more;
    if (ofTenant === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, ofTenant);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
