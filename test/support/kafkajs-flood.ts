// The same numbered records as in flood.ts, from kafkajs: one send after the other.
import { Kafka, logLevel, type Producer, type ProducerConfig } from 'kafkajs';
import type { FloodOutcome } from './flood.js';

const recordsPerPartition = 10;

export interface KafkajsFloodOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly name: string;
  readonly partitions: number;
  readonly producer?: ProducerConfig;
}

export class KafkajsFlood implements FloodOutcome {
  readonly name: string;
  readonly partitions: number;
  readonly acked = new Map<number, number>();
  readonly failed = new Map<number, string>();
  sent = 0;
  private readonly topic: string;
  private readonly producer: Producer;

  constructor({ brokers, topic, name, partitions, producer }: KafkajsFloodOptions) {
    this.topic = topic;
    this.name = name;
    this.partitions = partitions;
    const kafka = new Kafka({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      // jest sets NODE_ENV=test, in which kafkajs has other defaults.
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 100 },
    });
    this.producer = kafka.producer({ maxInFlightRequests: 1, ...producer });
  }

  /** Sends until `enough`, and some records more; rejects with the first error that the application gets. */
  async run(enough: () => boolean): Promise<void> {
    await this.producer.connect();
    try {
      while (!enough()) await this.sendNext();
    } finally {
      await this.producer.disconnect();
    }
  }

  /**
   * One partition per send: kafkajs 2.2.4 does not send a partition again whose leader moved, during the send, to a broker
   * that answered for others already; it takes it for done, and gives the next batch its sequence (sendMessages.js).
   */
  private async sendNext(): Promise<void> {
    const { partitions, topic, name } = this;
    const first = this.sent;
    this.sent += partitions * recordsPerPartition;
    for (let partition = 0; partition < partitions; partition++) {
      const own = Array.from({ length: recordsPerPartition }, (_, at) => first + partition + at * partitions);
      const messages = own.map((number) => ({ partition, value: `${name} ${number} ` }));
      const [answer] = await this.producer.send({ topic, acks: -1, messages });
      for (const [place, number] of own.entries()) {
        this.acked.set(number, Number(answer?.baseOffset) + place);
      }
    }
  }
}
