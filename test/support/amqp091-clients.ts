// The AMQP 0-9-1 clients that are tried before the gateway: how to get each of them, and how to run its program.
import {
  type Amqp091ClientTask,
  type Amqp091Scenario,
  type Amqp091ScenarioOutcome,
  amqp091Scenarios,
} from './amqp091-scenario.js';
import type { CeleryOutcome, CeleryTask } from './celery-scenario.js';
import {
  type InstalledClient,
  javaOrMissing,
  javaProgram,
  nodeProgram,
  pythonOrMissing,
  pythonProgram,
} from './client-install.js';
import { runClientProgram } from './client-program.js';

export interface ConformingAmqp091Client extends InstalledClient {
  /** In the names of queues. */
  readonly key: string;
  /** All that it has. */
  readonly scenarios: readonly Amqp091Scenario[];
}

export function amqp091Clients(): ConformingAmqp091Client[] {
  return [
    {
      ...{ name: 'amqplib', key: 'amqplib' },
      scenarios: amqp091Scenarios.filter((scenario) => scenario !== 'transaction'),
      command: () => nodeProgram('amqplib'),
    },
    {
      ...{ name: 'amqp-client.js', key: 'amqpclientjs', scenarios: amqp091Scenarios },
      command: () => nodeProgram('amqp-client-js'),
    },
    {
      ...{ name: 'pika', key: 'pika', scenarios: amqp091Scenarios },
      ...pythonOrMissing(),
      command: () => pythonProgram('pika'),
    },
    {
      ...{ name: 'RabbitMQ Java client', key: 'java', scenarios: amqp091Scenarios },
      ...javaOrMissing(),
      command: () => javaProgram('rabbitmq-java', 'Scenarios.java', 'Stage.java', 'Types.java'),
    },
  ];
}

export const runAmqp091Client = (
  client: ConformingAmqp091Client,
  task: Amqp091ClientTask,
  timeoutMs: number,
) => runClientProgram<Amqp091ClientTask, Amqp091ScenarioOutcome>(client, task, timeoutMs);

/** An application with workers of its own, beside the clients that play the scenarios. */
export const celery = (): InstalledClient => ({
  name: 'Celery',
  ...pythonOrMissing(),
  command: () => pythonProgram('celery'),
});

export const runCelery = (task: CeleryTask, timeoutMs: number) =>
  runClientProgram<CeleryTask, CeleryOutcome>(celery(), task, timeoutMs);
