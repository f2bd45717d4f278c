import type { Connection, ConsumerHandler } from '../connection.js';
import { isPulsarError, type PulsarError } from '../pulsar.errors.js';
import type { AssignedBroker, BaseCommandInit } from '../wire/commands.js';
import { encodeFlow, type MessageFields } from '../wire/hot-commands.js';

/** What a session tells its consumer or reader. */
export interface ConsumerSessionOwner {
  onMessage(
    session: ConsumerSession,
    frame: Buffer,
    message: MessageFields,
    start: number,
    end: number,
  ): void;
  /** The broker closed the consumer (unload, seek, deletion) or the connection is gone. */
  onSessionEnded(session: ConsumerSession, reason: string, assigned: AssignedBroker | undefined): void;
  onActiveChange?(active: boolean): void;
  onEndOfTopic?(): void;
}

/** One SUBSCRIBE on one connection, from its registration to its end. Never used again after that. */
export class ConsumerSession implements ConsumerHandler {
  private over = false;
  private unregister: () => void = () => {};

  constructor(
    readonly connection: Connection,
    readonly consumerId: number,
    private readonly owner: ConsumerSessionOwner,
  ) {}

  get ended(): boolean {
    return this.over;
  }

  async open(command: NonNullable<BaseCommandInit['subscribe']>): Promise<void> {
    this.unregister = this.connection.registerConsumer(this.consumerId, this);
    try {
      await this.connection.request({ subscribe: command });
    } catch (error) {
      // The broker may yet create what we no longer wait for.
      if (isPulsarError(error, 'Timeout')) void this.close();
      this.end();
      throw error;
    }
  }

  /** Nothing for 0. */
  flow(permits: number): void {
    if (permits > 0 && !this.over) this.connection.send(encodeFlow(this.consumerId, permits));
  }

  async close(): Promise<void> {
    if (this.over) return;
    this.end();
    if (this.connection.closed) return;
    await this.connection.request({ closeConsumer: { consumerId: this.consumerId } }).catch(() => {});
  }

  onMessage(frame: Buffer, message: MessageFields, entryStart: number, entryEnd: number): void {
    if (!this.over) this.owner.onMessage(this, frame, message, entryStart, entryEnd);
  }

  onActiveConsumerChange(active: boolean): void {
    this.owner.onActiveChange?.(active);
  }

  onReachedEndOfTopic(): void {
    this.owner.onEndOfTopic?.();
  }

  onCloseConsumer(assigned: AssignedBroker | undefined): void {
    this.endWith('closed by the broker', assigned);
  }

  onDisconnect(error: PulsarError): void {
    this.endWith(error.message, undefined);
  }

  private endWith(reason: string, assigned: AssignedBroker | undefined): void {
    if (this.over) return;
    this.end();
    this.owner.onSessionEnded(this, reason, assigned);
  }

  private end(): void {
    this.over = true;
    this.unregister();
  }
}
