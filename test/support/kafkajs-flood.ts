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

  private async sendNext(): Promise<void> {
    const { partitions, topic, name } = this;
    const numbers = Array.from({ length: partitions * recordsPerPartition }, (_, at) => this.sent + at);
    this.sent += numbers.length;
    const messages = numbers.map((number) => ({
      partition: number % partitions,
      value: `${name} ${number} `,
    }));
    const answers = await this.producer.send({ topic, acks: -1, messages });
    for (const { partition, baseOffset } of answers) {
      const own = numbers.filter((number) => number % partitions === partition);
      for (const [place, number] of own.entries()) this.acked.set(number, Number(baseOffset) + place);
    }
  }
}
