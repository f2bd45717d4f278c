import { Buffer } from 'node:buffer';
import { randomBytes, randomUUID } from 'node:crypto';
import { KeyedTurns } from '#libs/cluster';
import { defaultExchangeName } from '../exchanges/exchange.js';
import { assertSameQueue } from './equivalence.js';
import type { Queue, QueueOwner, QueueSettings } from './queue.js';
import { parseQueueArguments } from './queue-arguments.js';
import {
  checkNotReserved,
  exclusivelyLocked,
  notFound,
  preconditionFailed,
  resourceText,
} from './refusals.js';
import type { Removals } from './removals.js';
import { declarationKey, type QueueRecord, tableOf } from './topology-record.js';
import type { VhostServices } from './vhost-services.js';
import { queueOf } from './vhost-state.js';
import type { QueueDeclaration, TopologyClient } from './vhost-topology.js';

type Asked = Pick<Queue, 'durable' | 'exclusive' | 'autoDelete' | 'arguments'>;

/** queue.declare and queue.delete, in RabbitMQ's order of checks. */
export class QueueOperations {
  /** What is deleted takes its messages with it: who declares it again meanwhile waits. */
  readonly #turns = new KeyedTurns();

  constructor(
    private readonly services: VhostServices,
    private readonly removals: Removals,
  ) {}

  async declare(
    declaration: QueueDeclaration,
    client: TopologyClient,
  ): Promise<{ readonly queue: Queue; readonly isNew: boolean }> {
    const isNamed = declaration.queue !== '';
    const name = isNamed ? declaration.queue : `amq.gen-${randomBytes(16).toString('base64url')}`;
    client.access.configure('queue', name, 'create');
    const { durable, exclusive, autoDelete } = declaration;
    const asked: Asked = { durable, exclusive, autoDelete, arguments: tableOf(declaration.arguments) };
    return this.#turns.run(name, async () => {
      const { state, records } = this.services;
      if (state.queues.inForce(name) !== undefined) await records.caughtUp();
      const known = state.queues.inForce(name);
      if (known !== undefined) {
        this.#assertSame(known, asked, client);
        return { queue: known, isNew: false };
      }
      if (isNamed) checkNotReserved('queue', name);
      return this.#create(name, asked, client);
    });
  }

  async #create(name: string, asked: Asked, client: TopologyClient) {
    const { scope, records } = this.services;
    const settings = parseQueueArguments(asked.arguments, resourceText('queue', name, scope.vhost));
    if (settings.deadLetterExchange !== undefined) this.#checkDeadLetters(name, settings, client);
    this.#checkRoom(name);
    await this.#checkCreation(name);
    // Others have declared meanwhile.
    this.#checkRoom(name);
    const uid = randomUUID();
    const owner = this.#ownerOf(asked, client);
    await records.put(declarationKey('queue', uid), {
      kind: 'queue',
      vhost: scope.vhost,
      name,
      ...asked,
      ...(owner && { owner }),
    });
    return this.#agree(name, uid, asked, client);
  }

  /** What dies is published later, by nobody: who declares the queue must be allowed to do it. */
  #checkDeadLetters(name: string, settings: QueueSettings, { access }: TopologyClient): void {
    const { deadLetterExchange = defaultExchangeName, deadLetterRoutingKey: key } = settings;
    access.read('queue', name);
    const exchange = this.services.state.exchanges.inForce(deadLetterExchange);
    // Through the default exchange, what rules say of the queue counts.
    if (deadLetterExchange === defaultExchangeName && key !== undefined && exchange !== undefined) {
      access.publish(exchange, key);
    } else access.write('exchange', deadLetterExchange);
  }

  /** Whoever was first in the log has declared it. */
  async #agree(name: string, uid: string, asked: Asked, client: TopologyClient) {
    const { scope, state, records } = this.services;
    const first = state.queues.inForce(name);
    if (first?.uid === uid) {
      if (!first.exclusive) client.changed?.('queue.create', name);
      return { queue: first, isNew: true };
    }
    await records.put(declarationKey('queue', uid), null);
    // Deleted again before it was answered.
    if (first === undefined) throw notFound('queue', name, scope.vhost);
    this.#assertSame(first, asked, client);
    return { queue: first, isNew: false };
  }

  #assertSame(current: Queue, asked: Asked, client: TopologyClient): void {
    const { vhost } = this.services.scope;
    if (current.exclusive || asked.exclusive) {
      if (!current.exclusive || !asked.exclusive || !this.isHeldBy(current, client)) {
        throw exclusivelyLocked(current.name, vhost);
      }
    }
    assertSameQueue(current, asked, vhost);
  }

  #ownerOf({ exclusive, durable }: Asked, { connectionId }: TopologyClient): QueueOwner | undefined {
    const { nodeId, instance } = this.services.self();
    if (exclusive) return { nodeId, instance, connectionId };
    return durable ? undefined : { nodeId, instance };
  }

  #checkRoom(name: string): void {
    const { counts, limits, mayHaveMore, records, scope } = this.services;
    const queues = counts.queue + records.making.queue;
    if (queues < limits.queuesMax && mayHaveMore(queues)) return;
    const queuesMax = Math.min(limits.queuesMax, scope.tenant.limits.queues ?? limits.queuesMax);
    throw preconditionFailed(
      `cannot declare queue '${name}': queue limit in vhost '${scope.vhost}' (${queuesMax}) is reached`,
    );
  }

  async #checkCreation(name: string): Promise<void> {
    const refusal = await this.services.store.refusal(this.services.scope, name);
    if (refusal === undefined) return;
    const why =
      refusal.quota === 'topics'
        ? `topic limit (${refusal.topicsMax}) is reached`
        : 'queues are declared faster than they may be';
    throw preconditionFailed(`cannot declare queue '${name}': ${why}`);
  }

  /** @throws Amqp091Error `resource-locked` where it is another connection's own */
  checkHeldBy(queue: Queue, client: TopologyClient): void {
    if (queue.exclusive && !this.isHeldBy(queue, client)) {
      throw exclusivelyLocked(queue.name, this.services.scope.vhost);
    }
  }

  isHeldBy({ owner }: Queue, { connectionId }: TopologyClient): boolean {
    return owner?.instance === this.services.self().instance && owner.connectionId === connectionId;
  }

  async check(name: string, client: TopologyClient): Promise<Queue> {
    const { scope, state, records, store } = this.services;
    if (state.queues.inForce(name) === undefined) await records.caughtUp();
    const found = state.queues.inForce(name);
    if (found !== undefined) {
      this.checkHeldBy(found, client);
      return found;
    }
    if (name === '' || !(await store.exists(scope, name))) throw notFound('queue', name, scope.vhost);
    return undeclared(name, scope.vhost);
  }

  /** The queue to bind; one that nobody declared, and that is a Pulsar topic, is declared by that. */
  async toBind(name: string, client: TopologyClient): Promise<Queue> {
    const queue = await this.check(name, client);
    if (queue.uid !== undeclaredUid) return queue;
    const declaration = {
      queue: name,
      durable: true,
      exclusive: false,
      autoDelete: false,
      arguments: Buffer.alloc(0),
    };
    return (await this.declare(declaration, client)).queue;
  }

  async delete(
    name: string,
    options: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
    client: TopologyClient,
  ): Promise<number> {
    client.access.configure('queue', name, 'delete');
    return this.#turns.run(name, async () => {
      const { scope, state, records, store } = this.services;
      const what = resourceText('queue', name, scope.vhost);
      await records.caughtUp();
      const queue = state.queues.inForce(name);
      if (queue === undefined) {
        if (!(await store.exists(scope, name))) return 0;
        // Somebody else's topic, which 0-9-1 only reads and writes.
        throw preconditionFailed(`${what} was not declared: its topic is not deleted`);
      }
      this.checkHeldBy(queue, client);
      if (options.ifUnused || options.ifEmpty) {
        const { messages, consumers } = await store.use(scope, queue);
        if (options.ifUnused && consumers > 0) throw preconditionFailed(`${what} in use`);
        if (options.ifEmpty && messages > 0) throw preconditionFailed(`${what} not empty`);
      }
      const messages = await this.#drop(queue);
      if (!queue.exclusive) client.changed?.('queue.delete', name);
      return messages;
    });
  }

  /** Resolves to whether it was deleted: false where the declaration is not in force any more. */
  expire(queue: Queue): Promise<boolean> {
    return this.#turns.run(queue.name, async () => {
      const { state, records } = this.services;
      await records.caughtUp();
      if (state.queues.inForce(queue.name)?.uid !== queue.uid) return false;
      await this.#drop(queue);
      return true;
    });
  }

  /** Its messages first: were they to go last, they could be those of who declares it anew. */
  async #drop(queue: Queue): Promise<number> {
    const { scope, store } = this.services;
    const messages = await store.remove(scope, queue);
    await this.removals.remove('queue', queue);
    return messages;
  }
}

/** Of a queue that is there because its Pulsar topic is. */
export const undeclaredUid = '';

function undeclared(name: string, vhost: string): Queue {
  const record: QueueRecord = {
    kind: 'queue',
    vhost,
    name,
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: [],
  };
  return queueOf(undeclaredUid, record);
}
