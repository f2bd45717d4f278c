// The AMQP 1.0 clients that are tried before the gateway: how to get each of them, and how to run its program.
import {
  type AmqpClientTask,
  type AmqpScenario,
  type AmqpScenarioOutcome,
  amqpScenarios,
  type AmqpTransport,
} from './amqp-scenario.js';
import {
  type InstalledClient,
  javaOrMissing,
  javaProgram,
  missingUnless,
  nodeProgram,
  pythonProgram,
} from './client-install.js';
import { runClientProgram } from './client-program.js';

export interface ConformingAmqpClient extends InstalledClient {
  /** In the names of queues. */
  readonly key: string;
  readonly transports: readonly AmqpTransport[];
  /** All that it has. */
  readonly scenarios: readonly AmqpScenario[];
  /** Whether it sends and tells encoded messages. */
  readonly raw: boolean;
}

/** There are no wheels, it is built from source: some machines have all but a compiler, or the headers. */
function hasProton(): boolean {
  try {
    pythonProgram('proton');
    return true;
  } catch {
    return false;
  }
}

export function amqpClients(): ConformingAmqpClient[] {
  const everywhere = ['tcp', 'tls', 'ws', 'wss'] as const;
  return [
    {
      ...{ name: 'Qpid JMS', key: 'jms', transports: everywhere, scenarios: amqpScenarios, raw: false },
      ...javaOrMissing(),
      command: () => javaProgram('qpid-jms', 'Scenarios.java', 'Stage.java'),
    },
    {
      ...{ name: 'Qpid Proton (Python)', key: 'proton', transports: ['tcp', 'tls'], raw: true },
      scenarios: amqpScenarios,
      ...missingUnless(hasProton(), 'no python3 with venv, or no compiler for it'),
      command: () => pythonProgram('proton'),
    },
    {
      ...{ name: 'rhea', key: 'rhea', transports: everywhere, raw: true },
      scenarios: amqpScenarios.filter((scenario) => scenario !== 'transaction'),
      command: () => nodeProgram('rhea'),
    },
  ];
}

export const runAmqpClient = (client: ConformingAmqpClient, task: AmqpClientTask, timeoutMs: number) =>
  runClientProgram<AmqpClientTask, AmqpScenarioOutcome>(client, task, timeoutMs);
