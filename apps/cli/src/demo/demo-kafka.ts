import { Kafka, logLevel } from 'kafkajs';

export interface DemoKafka {
  readonly kafka: Kafka;
  /** What kafkajs complained of: shown when something failed, since it complains of every rebalance too. */
  readonly complaints: readonly string[];
}

const complaintsMax = 20;

export function demoKafka(bootstrap: string, clientId: string): DemoKafka {
  const complaints: string[] = [];
  const kafka = new Kafka({
    clientId,
    brokers: [bootstrap],
    logLevel: logLevel.ERROR,
    logCreator:
      () =>
      ({ namespace, log: { message, error } }) => {
        complaints.push([namespace, message, error].filter(Boolean).join(': '));
        if (complaints.length > complaintsMax) complaints.shift();
      },
  });
  return { kafka, complaints };
}
