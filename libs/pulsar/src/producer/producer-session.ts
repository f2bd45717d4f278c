import type { Connection, ProducerHandler } from '../connection.js';
import { isPulsarError, PulsarError } from '../pulsar.errors.js';
import type { AssignedBroker, BaseCommand, BaseCommandInit } from '../wire/commands.js';

export type ProducerSuccess = NonNullable<BaseCommand['producerSuccess']>;

/** What a session tells its producer. */
export interface ProducerSessionOwner {
  onReceipt(sequenceId: number, ledgerId: number, entryId: number): void;
  onSendError(sequenceId: number, error: PulsarError): void;
  /** The session is over; nothing sent and not yet receipted can be taken as stored. */
  onSessionEnded(session: ProducerSession, reason: string, assigned: AssignedBroker | undefined): void;
  /** Wait-for-exclusive: somebody else holds the topic, this producer is in the queue. */
  onQueued(): void;
}

/** One PRODUCER on one connection, from its registration to its end. Never used again after that. */
export class ProducerSession implements ProducerHandler {
  private over = false;
  /** PRODUCER is on its way, or was answered. */
  private asked = false;
  private unregister: () => void = () => {};
  private promotion:
    | { resolve(success: ProducerSuccess): void; reject(error: PulsarError): void }
    | undefined;

  constructor(
    readonly connection: Connection,
    private readonly producerId: number,
    private readonly owner: ProducerSessionOwner,
  ) {}

  get ended(): boolean {
    return this.over;
  }

  /** Resolves when the producer may send; with wait-for-exclusive that can take for ever. Creates no topic. */
  async open(command: NonNullable<BaseCommandInit['producer']>): Promise<ProducerSuccess> {
    await this.requireTopic(command.topic);
    if (this.over) throw new PulsarError('Closed', 'the producer was closed while it was opened');
    this.unregister = this.connection.registerProducer(this.producerId, this);
    // Made before the command goes out: the second PRODUCER_SUCCESS may come in the same read as the first.
    const promoted = new Promise<ProducerSuccess>((resolve, reject) => {
      this.promotion = { resolve, reject };
    });
    promoted.catch(() => {});
    this.asked = true;
    try {
      const { producerSuccess } = await this.connection.request({ producer: command });
      if (producerSuccess === undefined)
        throw new PulsarError('MalformedFrame', 'PRODUCER answered otherwise');
      if (producerSuccess.producerReady !== false) return producerSuccess;
      this.owner.onQueued();
      return await promoted;
    } catch (error) {
      // The broker may yet create what we no longer wait for.
      if (isPulsarError(error, 'Timeout')) void this.close();
      this.end();
      throw error;
    }
  }

  /** Closes the producer at the broker, which answers when all it had taken is stored and receipted. */
  async close(): Promise<void> {
    if (this.over) return;
    // What is closed before it was asked for would be made after it was closed, and never be closed.
    if (this.asked && !this.connection.closed) {
      await this.connection.request({ closeProducer: { producerId: this.producerId } }).catch(() => {});
    }
    this.end();
  }

  onSendReceipt(_producerId: number, sequenceId: number, ledgerId: number, entryId: number): void {
    this.owner.onReceipt(sequenceId, ledgerId, entryId);
  }

  onSendError(sequenceId: number, error: PulsarError): void {
    this.owner.onSendError(sequenceId, error);
  }

  onProducerSuccess(success: ProducerSuccess): void {
    if (success.producerReady !== false) this.promotion?.resolve(success);
  }

  onProducerFailed(error: PulsarError): void {
    this.promotion?.reject(error);
    this.end();
  }

  onCloseProducer(assigned: AssignedBroker | undefined): void {
    this.endWith('closed by the broker', assigned);
  }

  onDisconnect(error: PulsarError): void {
    this.endWith(error.message, undefined);
  }

  /** PRODUCER would create a topic that somebody has just deleted; this request says TopicNotFound. */
  private async requireTopic(topic: string): Promise<void> {
    if (!this.connection.features.supportsGetPartitionedMetadataWithoutAutoCreation) return;
    await this.connection.request({ partitionMetadata: { topic, metadataAutoCreationEnabled: false } });
  }

  private endWith(reason: string, assigned: AssignedBroker | undefined): void {
    if (this.over) return;
    this.promotion?.reject(new PulsarError('Disconnected', reason));
    this.end();
    this.owner.onSessionEnded(this, reason, assigned);
  }

  private end(): void {
    this.over = true;
    this.unregister();
    this.promotion?.reject(new PulsarError('Closed', 'the producer was closed while it waited for its turn'));
  }
}
