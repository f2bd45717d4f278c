import type { QueuePlace } from './queue-place.js';

/** What a keeper needs to know of a queue beside its consumers. */
export interface KeptSettings {
  /** x-single-active-consumer. */
  readonly single: boolean;
  readonly autoDelete: boolean;
}

/** A consumer as its gateway tells of it. */
export interface ToldConsumer {
  /** Unique in its gateway's life. */
  readonly id: number;
  readonly exclusive: boolean;
  /** Its place among the others, as its first keeper said. */
  readonly order: number;
  readonly isActive: boolean;
}

export interface KeptConsumer extends Omit<ToldConsumer, 'isActive'> {
  /** Of the gateway. */
  readonly instance: string;
}

export interface Joined {
  readonly isActive: boolean;
  readonly order: number;
}

/** The consumers of one queue, of all gateways. */
export class KeptQueue {
  readonly #consumers = new Map<string, KeptConsumer>();
  #active: KeptConsumer | undefined;
  #lastOrder = 0;
  /** It is being deleted: nobody joins any more. */
  isEnding = false;

  constructor(
    readonly place: QueuePlace,
    readonly settings: KeptSettings,
  ) {}

  get count(): number {
    return this.#consumers.size;
  }

  /** The gateways that have consumers of it. */
  get instances(): Set<string> {
    return new Set([...this.#consumers.values()].map(({ instance }) => instance));
  }

  has(instance: string, id: number): boolean {
    return this.#consumers.has(keyOf(instance, id));
  }

  /** Whether it may be given messages. */
  isActive(instance: string, id: number): boolean {
    return !this.settings.single || (this.#active?.instance === instance && this.#active.id === id);
  }

  /**
   * One that is there already hears once more what it is. Undefined: refused, as it is another one's, or not its alone.
   *
   * @param nowMs since 1970: later keepers go on from it
   */
  join(instance: string, id: number, exclusive: boolean, nowMs: number): Joined | undefined {
    const { single } = this.settings;
    let consumer = this.#consumers.get(keyOf(instance, id));
    if (consumer === undefined) {
      // As RabbitMQ: nobody has for himself what is given to one after the other.
      if (exclusive && (single || this.count > 0)) return undefined;
      if (this.#isExclusive()) return undefined;
      consumer = this.#add({ instance, id, exclusive, order: Math.max(nowMs, this.#lastOrder + 1) });
      if (single) this.#active ??= consumer;
    }
    return { isActive: !single || this.#active === consumer, order: consumer.order };
  }

  /** @returns whether it was there */
  leave(instance: string, id: number): boolean {
    const consumer = this.#consumers.get(keyOf(instance, id));
    if (consumer === undefined) return false;
    this.#remove(consumer);
    return true;
  }

  /** A gateway is gone, or these of its consumers are. @returns how many left */
  leaveAll(instance: string, stays: (id: number) => boolean = () => false): number {
    const left = [...this.#consumers.values()].filter(
      (each) => each.instance === instance && !stays(each.id),
    );
    for (const consumer of left) this.#remove(consumer);
    return left.length;
  }

  /**
   * A consumer that was registered before this gateway kept the queue, or that it knows.
   *
   * @returns what it is to be told: undefined where it is what it says
   */
  told(instance: string, { isActive, ...told }: ToldConsumer): boolean | undefined {
    const { single } = this.settings;
    let consumer = this.#consumers.get(keyOf(instance, told.id));
    if (consumer === undefined) {
      consumer = this.#add({ instance, ...told });
      if (single && isActive) this.#active ??= consumer;
    }
    const shouldBe = !single || this.#active === consumer;
    return shouldBe === isActive ? undefined : shouldBe;
  }

  /** Where nobody is active, the one that waits for longest is from now on. */
  choose(): KeptConsumer | undefined {
    if (!this.settings.single || this.#active !== undefined) return undefined;
    for (const consumer of this.#consumers.values()) {
      if (this.#active === undefined || isBefore(consumer, this.#active)) this.#active = consumer;
    }
    return this.#active;
  }

  #isExclusive(): boolean {
    // Who has a queue for himself is alone, but for what was told by gateways that had not heard of each other.
    for (const { exclusive } of this.#consumers.values()) return exclusive;
    return false;
  }

  #add(consumer: KeptConsumer): KeptConsumer {
    this.#consumers.set(keyOf(consumer.instance, consumer.id), consumer);
    this.#lastOrder = Math.max(this.#lastOrder, consumer.order);
    return consumer;
  }

  #remove(consumer: KeptConsumer): void {
    this.#consumers.delete(keyOf(consumer.instance, consumer.id));
    if (this.#active === consumer) this.#active = undefined;
  }
}

function keyOf(instance: string, id: number): string {
  return `${instance}/${id}`;
}

/** The same at each keeper, whoever told it first. */
function isBefore(one: KeptConsumer, other: KeptConsumer): boolean {
  if (one.order !== other.order) return one.order < other.order;
  return one.instance === other.instance ? one.id < other.id : one.instance < other.instance;
}
