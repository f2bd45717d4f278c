// The AMQP 1.0 clients that are tried before the gateway: how to get each of them, and how to run its program.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AmqpClientTask,
  type AmqpScenario,
  type AmqpScenarioOutcome,
  amqpScenarios,
  type AmqpTransport,
} from './amqp-scenario.js';
import { runClientProgram } from './client-program.js';
import { isThere, onceFor, runOnce } from './kafka-producers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = join(root, 'test', 'conformance');
const installed = join(root, '.pulsegate', 'conformance');
const compiled = join(root, 'dist', 'test', 'conformance');

export interface ConformingAmqpClient {
  readonly name: string;
  /** In the names of queues. */
  readonly key: string;
  readonly transports: readonly AmqpTransport[];
  /** All that it has. */
  readonly scenarios: readonly AmqpScenario[];
  /** Whether it sends and tells encoded messages. */
  readonly raw: boolean;
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  /** Gets it where it is not there yet. */
  readonly command: () => readonly string[];
}

/** There are no wheels: it is built from source. */
function protonCommand(): string[] {
  const folder = join(installed, 'proton');
  const requirements = join(sources, 'proton', 'requirements.txt');
  onceFor([requirements], join(installed, 'proton.recipe'), () => {
    runOnce('python3', ['-m', 'venv', '--clear', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
    runOnce(join(folder, 'bin', 'python'), pip);
  });
  return [join(folder, 'bin', 'python'), join(sources, 'proton', 'scenarios.py')];
}

/** Some machines have all but a compiler, or the headers. */
function hasProton(): boolean {
  try {
    protonCommand();
    return true;
  } catch {
    return false;
  }
}

function qpidJmsCommand(): string[] {
  const folder = join(installed, 'qpid-jms');
  const [pom, ...programs] = ['pom.xml', 'Scenarios.java', 'Stage.java'].map((name) =>
    join(sources, 'qpid-jms', name),
  ) as [string, ...string[]];
  onceFor([pom, ...programs], join(installed, 'qpid-jms.recipe'), () => {
    runOnce('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-Dclients.folder=${folder}`]);
    runOnce('javac', ['-nowarn', '-d', join(folder, 'classes'), '-cp', join(folder, '*'), ...programs]);
  });
  const classPath = [join(folder, 'classes'), join(folder, '*')].join(':');
  return ['java', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'Scenarios'];
}

export function amqpClients(): ConformingAmqpClient[] {
  const everywhere = ['tcp', 'tls', 'ws', 'wss'] as const;
  const missing = (isHere: boolean, what: string) => (isHere ? {} : { missing: what });
  return [
    {
      ...{ name: 'Qpid JMS', key: 'jms', transports: everywhere, scenarios: amqpScenarios, raw: false },
      ...missing(isThere('javac', '-version') && isThere('mvn', '--version'), 'no JDK or no Maven'),
      command: qpidJmsCommand,
    },
    {
      ...{
        name: 'Qpid Proton (Python)',
        key: 'proton',
        transports: ['tcp', 'tls'],
        scenarios: amqpScenarios,
        raw: true,
      },
      ...missing(hasProton(), 'no python3 with venv, or no compiler for it'),
      command: protonCommand,
    },
    {
      ...{ name: 'rhea', key: 'rhea', transports: everywhere, raw: true },
      scenarios: amqpScenarios.filter((scenario) => scenario !== 'transaction'),
      command: () => [process.execPath, join(compiled, 'rhea', 'rhea.scenarios.js')],
    },
  ];
}

export const runAmqpClient = (client: ConformingAmqpClient, task: AmqpClientTask, timeoutMs: number) =>
  runClientProgram<AmqpClientTask, AmqpScenarioOutcome>(client, task, timeoutMs);
