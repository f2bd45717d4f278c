// The AMQP 0-9-1 clients that are tried before the gateway: how to get each of them, and how to run its program.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Amqp091ClientTask,
  type Amqp091Scenario,
  type Amqp091ScenarioOutcome,
  amqp091Scenarios,
} from './amqp091-scenario.js';
import type { CeleryOutcome, CeleryTask } from './celery-scenario.js';
import { runClientProgram } from './client-program.js';
import { isThere, onceFor, runOnce } from './kafka-producers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = join(root, 'test', 'conformance');
const installed = join(root, '.pulsegate', 'conformance');
const compiled = join(root, 'dist', 'test', 'conformance');

export interface ConformingAmqp091Client {
  readonly name: string;
  /** In the names of queues. */
  readonly key: string;
  /** All that it has. */
  readonly scenarios: readonly Amqp091Scenario[];
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  /** Gets it where it is not there yet. */
  readonly command: () => readonly string[];
}

/** A Python of its own with what `folder`/requirements.txt names. */
function pythonWith(folder: string): string {
  const place = join(installed, folder);
  const requirements = join(sources, folder, 'requirements.txt');
  onceFor([requirements], join(installed, `${folder}.recipe`), () => {
    runOnce('python3', ['-m', 'venv', '--clear', place]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check'];
    runOnce(join(place, 'bin', 'python'), [...pip, '-r', requirements]);
  });
  return join(place, 'bin', 'python');
}

/** The folder's programs, compiled against what its pom names. */
function javaCommand(folder: string, ...sourceNames: readonly [string, ...string[]]): string[] {
  const place = join(installed, folder);
  const [pom, ...programs] = ['pom.xml', ...sourceNames].map((name) => join(sources, folder, name)) as [
    string,
    ...string[],
  ];
  onceFor([pom, ...programs], join(installed, `${folder}.recipe`), () => {
    runOnce('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-Dclients.folder=${place}`]);
    runOnce('javac', ['-nowarn', '-d', join(place, 'classes'), '-cp', join(place, '*'), ...programs]);
  });
  const classPath = [join(place, 'classes'), join(place, '*')].join(':');
  const main = sourceNames[0].replace('.java', '');
  return ['java', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classPath, main];
}

const without = (...absent: readonly Amqp091Scenario[]) =>
  amqp091Scenarios.filter((scenario) => !absent.includes(scenario));

const missing = (isHere: boolean, what: string) => (isHere ? {} : { missing: what });
const hasPython = () => isThere('python3', '-c', 'import venv');
const noPython = 'no python3 with venv';

export function amqp091Clients(): ConformingAmqp091Client[] {
  return [
    {
      ...{ name: 'amqplib', key: 'amqplib', scenarios: without('transaction') },
      command: () => [process.execPath, join(compiled, 'amqplib', 'amqplib.scenarios.js')],
    },
    {
      ...{ name: 'amqp-client.js', key: 'amqpclientjs', scenarios: amqp091Scenarios },
      command: () => [process.execPath, join(compiled, 'amqp-client-js', 'amqp-client-js.scenarios.js')],
    },
    {
      ...{ name: 'pika', key: 'pika', scenarios: amqp091Scenarios },
      ...missing(hasPython(), noPython),
      command: () => [pythonWith('pika'), join(sources, 'pika', 'scenarios.py')],
    },
    {
      ...{ name: 'RabbitMQ Java client', key: 'java', scenarios: amqp091Scenarios },
      ...missing(isThere('javac', '-version') && isThere('mvn', '--version'), 'no JDK or no Maven'),
      command: () => javaCommand('rabbitmq-java', 'Scenarios.java', 'Stage.java', 'Types.java'),
    },
  ];
}

export const runAmqp091Client = (
  client: ConformingAmqp091Client,
  task: Amqp091ClientTask,
  timeoutMs: number,
) => runClientProgram<Amqp091ClientTask, Amqp091ScenarioOutcome>(client, task, timeoutMs);

/** An application with workers of its own, beside the clients that play the scenarios. */
export const celery = () => ({
  name: 'Celery',
  ...(missing(hasPython(), noPython) as { readonly missing?: string }),
  command: () => [pythonWith('celery'), join(sources, 'celery', 'scenarios.py')],
});

export const runCelery = (task: CeleryTask, timeoutMs: number) =>
  runClientProgram<CeleryTask, CeleryOutcome>(celery(), task, timeoutMs);
