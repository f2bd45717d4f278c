import {
  EntryDecodeError,
  EntryFetches,
  isPulsarError,
  MessageCursor,
  type PublishPressure,
  type PulsarClient,
} from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Amqp091Counters } from '../amqp091.counters.js';
import type { Exchange } from '../exchanges/exchange.js';
import { TenantSlots } from '../tenant-slots.js';
import { messageFromPulsar, type StoredMessage } from '../mapping/stored-message.mapping.js';
import type { ChannelPublishing } from '../publishing/channel-publishing.js';
import { Publication } from '../publishing/message-publisher.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { DeadLetterStore, DeadMessage, DeadReason } from './dead-letter.js';
import { type DeadLetter, deadLetterOf } from './dead-letter.mapping.js';
import { isDeathCycle } from './death-headers.js';

export interface DeadLettersParts {
  readonly pulsar: Pick<PulsarClient, 'createReader'>;
  readonly publishing: Pick<ChannelPublishing, 'publisher' | 'catchUps'>;
  readonly counters: Amqp091Counters;
  readonly log: Log;
}

/** Messages that are read again, or published, at the same time; others wait, unacknowledged. */
const buryingMax = 512;
const buryingMaxPerTenant = 256;
const decompressedBytesMax = 64 * 1024 * 1024;

/**
 * Publishes dead messages to the dead-letter exchanges of their queues. Permissions were checked when the queue was declared,
 * as in RabbitMQ. A message is stored where it goes before it is acknowledged where it was: it may be there twice, and is
 * never nowhere.
 */
export class DeadLetters implements DeadLetterStore {
  private readonly fetches: EntryFetches;
  private readonly slots = new TenantSlots(buryingMax, buryingMaxPerTenant);

  constructor(private readonly parts: DeadLettersParts) {
    this.fetches = new EntryFetches(parts.pulsar);
  }

  bury(topology: VhostTopology, queue: Queue, dead: DeadMessage): Promise<void> | undefined {
    if (queue.settings.deadLetterExchange === undefined) return undefined;
    return this.slots.run(topology.scope.tenant.name, async () => {
      const stored = dead.stored ?? (await this.read(topology, queue, dead));
      if (stored !== undefined) await this.publish(topology, queue, stored, dead.reason);
    });
  }

  /** The same of what was refused when it was published: the queue had no room (`reject-publish-dlx`). */
  buryPublished(topology: VhostTopology, queue: Queue, stored: StoredMessage): Promise<void> | undefined {
    if (queue.settings.deadLetterExchange === undefined) return undefined;
    const { name } = topology.scope.tenant;
    return this.slots.run(name, () => this.publish(topology, queue, stored, 'maxlen'));
  }

  /** Undefined: it was trimmed meanwhile, or is no message. Rejects with PulsarError. */
  private async read(
    topology: VhostTopology,
    queue: Queue,
    { topic, position, batchIndex }: DeadMessage,
  ): Promise<StoredMessage | undefined> {
    const entry = await this.fetches.fetch(topic, topology.scope.tenant.name, position);
    if (entry === undefined) return undefined;
    try {
      const cursor = new MessageCursor(entry, { decompressedBytesMax });
      while (cursor.next()) {
        if (cursor.batchIndex === batchIndex) return messageFromPulsar(cursor, queue.name, Date.now());
      }
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
    }
    return undefined;
  }

  private async publish(
    topology: VhostTopology,
    queue: Queue,
    stored: StoredMessage,
    reason: DeadReason,
  ): Promise<void> {
    const { counters, publishing } = this.parts;
    const letter = deadLetterOf(stored, queue, reason, Date.now());
    let queues = await this.route(topology, letter, reason);
    if (queues === 0) {
      // Exchange or binding may have been declared at another gateway.
      await publishing.catchUps.caughtUp(topology);
      queues = await this.route(topology, letter, reason);
    }
    if (queues === 0) counters.messagesDropped++;
    else counters.messagesDeadLettered++;
  }

  /** Resolves to how many queues have it. */
  private async route(topology: VhostTopology, letter: DeadLetter, reason: DeadReason): Promise<number> {
    const exchange = topology.findExchange(letter.message.exchange);
    if (exchange === undefined) return 0;
    const done = Promise.withResolvers<void>();
    const publication = new Publication((error) => {
      if (error === undefined) done.resolve();
      else done.reject(error);
    });
    const queues = this.send(topology, exchange, letter, reason, publication);
    publication.settle(undefined);
    try {
      await done.promise;
    } catch (error) {
      if (!isPulsarError(error, 'EntryTooLarge')) throw error;
      const fields = { event: 'amqp091-dead-letter-too-large', exchange: exchange.name, reason };
      this.parts.log.warn(fields, 'a message with the headers of a dead letter is too large, and is dropped');
      return 0;
    }
    if (publication.pressure !== undefined) await relief(publication.pressure);
    return queues;
  }

  private send(
    topology: VhostTopology,
    exchange: Exchange,
    { message, deaths }: DeadLetter,
    reason: DeadReason,
    publication: Publication,
  ): number {
    let cycles = 0;
    const skips = ({ name }: Queue) => {
      if (reason === 'rejected' || !isDeathCycle(name, deaths)) return false;
      cycles++;
      return true;
    };
    const { publisher } = this.parts.publishing;
    return publisher.publish(topology, exchange, message, Date.now(), publication, skips) - cycles;
  }
}

function relief(pressure: PublishPressure): Promise<void> {
  return new Promise((resolve) => void pressure.onRelief(resolve));
}
