import type { Tenant } from '#libs/tenancy';
import type { PublishDone, PublishRequest } from './publisher.js';

/** Where a message is, or will be, stored exactly once. */
export interface SequencedPlace {
  /** The Pulsar topic: `persistent://tenant/namespace/topic`, or one of its partitions. */
  readonly partition: string;
  /** Of the Pulsar producer with the slice's name on that partition. */
  readonly sequenceId: number;
}

/**
 * The Pulsar producers of one name, one per partition, for messages that must be stored once whatever happens. The broker
 * remembers the last sequence id of a name and takes no producer of that name beside the one that is connected.
 */
export interface SequencedProducers {
  /**
   * The next place, in the order of the calls. Waits until the topic is there and the name is free. Rejects with MqttError:
   * the topic's name is refused, or 0x8B when this is closed. A place that is not used leaves a gap and harms nothing, as
   * long as nobody uses it after a later one.
   */
  reserve(request: PublishRequest): Promise<SequencedPlace>;
  /**
   * Stores the message, in the order of the calls, which is that of the sequence ids per partition. There is no time limit:
   * it is sent again until Pulsar has it. An error says that it is not stored, or (0x8B) that this was closed and that
   * {@link lastStored} of who opens the name next will tell.
   */
  send(place: SequencedPlace, request: PublishRequest, done: PublishDone): void;
  /**
   * The last sequence id that Pulsar has of this name, -1 for none: whatever has it or a lower one is stored. Of what was
   * reserved under the name by somebody else, all above it was not stored; its places must be given up (durably) before
   * the first `reserve` here, which gives them again.
   */
  lastStored(partition: string): Promise<number>;
  /** Gives the name up after what is in flight, at most for some seconds. What is left hears 0x8B. */
  close(): Promise<void>;
}

export interface SequencedPublisher {
  /** @param producerName unique in the Pulsar cluster for who has it, such as one slice; the same for each owner of it */
  open(tenant: Tenant, producerName: string): SequencedProducers;
}
