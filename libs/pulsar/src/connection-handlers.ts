import type { ConsumerHandler, ProducerHandler, TopicListHandler } from './connection.js';
import { type PulsarError, serverError } from './pulsar.errors.js';
import type { AssignedBroker, BaseCommand } from './wire/commands.js';
import type { MessageFields, SendReceiptFields } from './wire/hot-commands.js';

const resourceTypeProducer = 0;

/** Who, on one connection, gets what the broker sends of its own accord. */
export class ConnectionHandlers {
  readonly #producers = new Map<number, ProducerHandler>();
  readonly #consumers = new Map<number, ConsumerHandler>();
  readonly #watchers = new Map<number, TopicListHandler>();
  /** Request id of PRODUCER to producer id: until the answer, or for a queued one until its promotion. */
  readonly #asking = new Map<number, number>();

  get size(): number {
    return this.#producers.size + this.#consumers.size + this.#watchers.size;
  }

  addProducer(id: number, handler: ProducerHandler): () => void {
    const remove = add(this.#producers, id, handler);
    return () => {
      remove();
      for (const [requestId, producerId] of this.#asking) {
        if (producerId === id) this.#asking.delete(requestId);
      }
    };
  }

  addConsumer(id: number, handler: ConsumerHandler): () => void {
    return add(this.#consumers, id, handler);
  }

  addWatcher(id: number, handler: TopicListHandler): () => void {
    return add(this.#watchers, id, handler);
  }

  sendReceipt(receipt: SendReceiptFields): void {
    const { producerId, sequenceId, ledgerId, entryId, highestSequenceId } = receipt;
    this.#producers
      .get(producerId)
      ?.onSendReceipt(producerId, sequenceId, ledgerId, entryId, highestSequenceId);
  }

  message(frame: Buffer, message: MessageFields, entryStart: number): void {
    this.#consumers.get(message.consumerId)?.onMessage(frame, message, entryStart, frame.length);
  }

  /** False when the command is no push to a handler. */
  command(command: BaseCommand): boolean {
    const { sendError, closeProducer, closeConsumer, topicMigrated: migrated } = command;
    if (sendError) {
      const error = serverError(sendError.error, sendError.message);
      this.#producers.get(sendError.producerId)?.onSendError(sendError.sequenceId, error);
    } else if (closeProducer) this.#closeProducer(closeProducer.producerId, assignment(closeProducer));
    else if (closeConsumer) this.#closeConsumer(closeConsumer.consumerId, assignment(closeConsumer));
    else if (migrated) {
      const assigned = {
        assignedBrokerServiceUrl: migrated.brokerServiceUrl,
        assignedBrokerServiceUrlTls: migrated.brokerServiceUrlTls,
      };
      if (migrated.resourceType === resourceTypeProducer) this.#closeProducer(migrated.resourceId, assigned);
      else this.#closeConsumer(migrated.resourceId, assigned);
    } else return this.#consumerCommand(command);
    return true;
  }

  /** Remembers which producer a PRODUCER request was for. */
  requested(requestId: number, producerId: number): void {
    this.#asking.set(requestId, producerId);
  }

  /** The first answer to a request came. */
  answered(requestId: number, command: BaseCommand): void {
    if (command.producerSuccess?.producerReady !== false) this.#asking.delete(requestId);
  }

  /** An answer nobody waits for any more: the promotion of a queued producer, or its failure. */
  lateAnswer(requestId: number, command: BaseCommand, fault: PulsarError | undefined): void {
    const producerId = this.#asking.get(requestId);
    if (producerId === undefined) return;
    const handler = this.#producers.get(producerId);
    if (fault) {
      this.#asking.delete(requestId);
      if (handler?.onProducerFailed) handler.onProducerFailed(fault);
      else this.#closeProducer(producerId, undefined);
    } else if (command.producerSuccess && command.producerSuccess.producerReady !== false) {
      this.#asking.delete(requestId);
      handler?.onProducerSuccess?.(command.producerSuccess);
    }
  }

  disconnected(error: PulsarError): void {
    const all = [...this.#producers.values(), ...this.#consumers.values(), ...this.#watchers.values()];
    this.#producers.clear();
    this.#consumers.clear();
    this.#watchers.clear();
    this.#asking.clear();
    for (const handler of all) handler.onDisconnect(error);
  }

  #consumerCommand(command: BaseCommand): boolean {
    const { activeConsumerChange: active, reachedEndOfTopic: end, watchTopicUpdate: update } = command;
    if (active) this.#consumers.get(active.consumerId)?.onActiveConsumerChange?.(active.isActive ?? false);
    else if (end) this.#consumers.get(end.consumerId)?.onReachedEndOfTopic?.();
    else if (update) {
      const { newTopics = [], deletedTopics = [], topicsHash } = update;
      this.#watchers.get(update.watcherId)?.onUpdate(newTopics, deletedTopics, topicsHash);
    } else return false;
    return true;
  }

  #closeProducer(producerId: number, assigned: AssignedBroker | undefined): void {
    const handler = this.#producers.get(producerId);
    this.#producers.delete(producerId);
    handler?.onCloseProducer(assigned);
  }

  #closeConsumer(consumerId: number, assigned: AssignedBroker | undefined): void {
    const handler = this.#consumers.get(consumerId);
    this.#consumers.delete(consumerId);
    handler?.onCloseConsumer(assigned);
  }
}

function add<Handler>(handlers: Map<number, Handler>, id: number, handler: Handler): () => void {
  handlers.set(id, handler);
  return () => {
    if (handlers.get(id) === handler) handlers.delete(id);
  };
}

function assignment(close: AssignedBroker): AssignedBroker | undefined {
  const { assignedBrokerServiceUrl, assignedBrokerServiceUrlTls } = close;
  if (assignedBrokerServiceUrl === undefined && assignedBrokerServiceUrlTls === undefined) return undefined;
  return { assignedBrokerServiceUrl, assignedBrokerServiceUrlTls };
}
