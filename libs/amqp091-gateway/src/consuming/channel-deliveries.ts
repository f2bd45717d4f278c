import type { Amqp091ContentMethod } from '#libs/amqp091-codec';
import { Amqp091EncodeError } from '#libs/amqp091-codec';
import type { PartChannel } from '../channels/channel-part.js';
import type { QueueMessage } from './queue-message.js';
import { UnackedMessages, type UnackedMessage } from './unacked-messages.js';

/** What a client may do with what it was given. */
export type Settlement = 'accept' | 'requeue' | 'reject';

type Taken = readonly (readonly [number, UnackedMessage])[];

/** Unacknowledged messages of one channel, whatever its consumers ask for: no more are given to it at it. */
export const unackedMax = 20_000;

/** What one channel was given and how it is settled: delivery tags, acknowledgements, and the channel's own prefetch limit. */
export class ChannelDeliveries {
  readonly unacked = new UnackedMessages();
  /** Acknowledged in the transaction that is open. */
  private readonly enlisted = new Set<Taken>();
  /** Of all consumers together (basic.qos with global); 0: no limit. */
  prefetch = 0;
  /** Given to consumers and not settled. */
  private consumed = 0;

  constructor(
    readonly channel: PartChannel,
    /** There may be room for consumers again. */
    private readonly onRoom: () => void,
  ) {}

  /** Messages that all consumers together may be given now. */
  get room(): number {
    const { isOpen, connection } = this.channel;
    if (!isOpen || !connection.writable || !connection.deliverable) return 0;
    const room = unackedMax - this.unacked.size;
    return Math.max(0, this.prefetch === 0 ? room : Math.min(room, this.prefetch - this.consumed));
  }

  /**
   * Sends a message that is settled when the client says so, or, with `noAck`, when it is sent.
   *
   * @param onSettled of a consumer's
   * @returns false: it cannot be sent to this client, and is a dead letter
   */
  give(
    message: QueueMessage,
    methodOf: (deliveryTag: number) => Amqp091ContentMethod,
    noAck: boolean,
    onSettled?: () => void,
  ): boolean {
    const { channel, unacked } = this;
    const { stored, source } = message;
    if (stored === undefined) return false;
    const tag = unacked.nextTag();
    try {
      const onFlushed = noAck ? () => source.accept(message) : undefined;
      channel.sendContent(methodOf(tag), stored, onFlushed);
      source.sent(message);
      channel.connection.delivered(message.bytes);
    } catch (error) {
      if (!(error instanceof Amqp091EncodeError)) throw error;
      // Other protocols may say more of a message than fits in a frame of this client.
      channel.connection.log.debug('request.failed', `a message cannot be delivered: ${error.message}`);
      source.reject(message, 'rejected');
      return false;
    }
    if (noAck) return true;
    if (onSettled !== undefined) this.consumed++;
    unacked.add(tag, {
      message,
      onSettled: () => {
        if (onSettled === undefined) return;
        this.consumed--;
        onSettled();
      },
    });
    return true;
  }

  /** @throws Amqp091Error `precondition-failed`: there is no such tag */
  settle(tag: number, isMultiple: boolean, settlement: Settlement): void {
    const taken = this.unacked.take(tag, isMultiple);
    const { transaction } = this.channel;
    if (transaction === undefined) {
      this.apply(taken, settlement);
      return;
    }
    this.enlisted.add(taken);
    transaction.enlist({
      commit: () => {
        if (this.enlisted.delete(taken)) this.apply(taken, settlement);
      },
      rollback: () => {
        if (this.enlisted.delete(taken)) this.unacked.putBack(taken);
      },
    });
  }

  /** basic.recover: all that is unacknowledged comes again. */
  recover(): void {
    this.apply(this.unacked.takeAll(), 'requeue');
  }

  /** The channel is gone: what it did not settle comes again. */
  close(): void {
    for (const taken of this.enlisted) this.apply(taken, 'requeue');
    this.enlisted.clear();
    this.recover();
  }

  private apply(taken: Taken, settlement: Settlement): void {
    for (const [, { message, onSettled }] of taken) {
      if (settlement === 'reject') message.source.reject(message, 'rejected');
      else message.source[settlement](message);
      onSettled();
    }
    if (taken.length > 0) this.onRoom();
  }
}
