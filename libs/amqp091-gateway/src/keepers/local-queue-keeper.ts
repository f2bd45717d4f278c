import { Amqp091Error } from '#libs/amqp091-codec';
import type { Log } from '#libs/telemetry';
import type { Queue } from '../topology/queue.js';
import { resourceText } from '../topology/refusals.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { ConsumerRegistration, ConsumerRequest, QueueKeeper } from './queue-keeper.js';

/** A consumer of a queue, of this gateway. */
class KeptConsumer implements ConsumerRegistration {
  constructor(
    private readonly kept: KeptQueue,
    readonly request: ConsumerRequest,
  ) {}

  get isActive(): boolean {
    return this.kept.isActive(this);
  }

  leave(): void {
    this.kept.leave(this);
  }
}

/** A queue that has consumers here, in the order in which they came. */
class KeptQueue {
  private consumers: KeptConsumer[] = [];

  constructor(
    readonly queue: Queue,
    private readonly what: string,
    /** The last consumer left. */
    private readonly onUnused: () => void,
  ) {}

  /** @throws Amqp091Error `access-refused` */
  join(request: ConsumerRequest): KeptConsumer {
    const isTaken = this.consumers.some((each) => each.request.exclusive);
    if (isTaken || (request.exclusive && this.consumers.length > 0)) {
      throw new Amqp091Error('access-refused', `${this.what} in exclusive use`);
    }
    const consumer = new KeptConsumer(this, request);
    this.consumers.push(consumer);
    return consumer;
  }

  isActive(consumer: KeptConsumer): boolean {
    return !this.queue.settings.singleActiveConsumer || this.consumers[0] === consumer;
  }

  leave(consumer: KeptConsumer): void {
    const at = this.consumers.indexOf(consumer);
    if (at < 0) return;
    this.consumers.splice(at, 1);
    const [next] = this.consumers;
    if (next === undefined) this.onUnused();
    else if (at === 0 && this.queue.settings.singleActiveConsumer) next.request.onActive(true);
  }

  gone(): void {
    for (const { request } of this.consumers.splice(0)) request.onQueueGone();
  }
}

/** Keeps the queues for the consumers of one gateway: alone, it is the only one. */
export class LocalQueueKeeper implements QueueKeeper {
  private readonly vhosts = new WeakMap<VhostTopology, Map<string, KeptQueue>>();

  constructor(private readonly log: Log) {}

  async register(
    topology: VhostTopology,
    queue: Queue,
    request: ConsumerRequest,
  ): Promise<ConsumerRegistration> {
    const queues = this.queuesOf(topology);
    let kept = queues.get(queue.name);
    if (kept !== undefined && kept.queue.uid !== queue.uid) {
      // Declared anew: those of the former one hear of it now rather than later.
      kept.gone();
      kept = undefined;
    }
    if (kept === undefined) {
      kept = this.keep(topology, queues, queue);
      queues.set(queue.name, kept);
    }
    return kept.join(request);
  }

  end(topology: VhostTopology, { name, uid }: Queue): void {
    const queues = this.vhosts.get(topology);
    const kept = queues?.get(name);
    if (kept === undefined || kept.queue.uid !== uid) return;
    queues?.delete(name);
    kept.gone();
  }

  private keep(topology: VhostTopology, queues: Map<string, KeptQueue>, queue: Queue): KeptQueue {
    const kept = new KeptQueue(queue, resourceText('queue', queue.name, topology.scope.vhost), () => {
      if (queues.get(queue.name) === kept) queues.delete(queue.name);
      if (queue.autoDelete) this.expire(topology, queue);
    });
    return kept;
  }

  private expire(topology: VhostTopology, queue: Queue): void {
    topology.expireQueue(queue).catch((error: unknown) => {
      const fields = { event: 'amqp091-auto-delete', queue: queue.name, error };
      this.log.warn(fields, 'a queue that nobody consumes any more could not be deleted');
    });
  }

  private queuesOf(topology: VhostTopology): Map<string, KeptQueue> {
    let queues = this.vhosts.get(topology);
    if (queues === undefined) {
      const made = new Map<string, KeptQueue>();
      queues = made;
      this.vhosts.set(topology, made);
      topology.onQueue((queue, isThere) => {
        if (!isThere) this.end(topology, queue);
      });
    }
    return queues;
  }
}
