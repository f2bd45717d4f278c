// The MQTT clients that are tried before the gateway: how to get each of them, and how to run its program.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runClientProgram } from './client-program.js';
import { isThere, onceFor, runOnce } from './kafka-producers.js';
import type { MqttClientTask, MqttScenarioOutcome, MqttTransport } from './mqtt-scenario.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = join(root, 'test', 'conformance');
const installed = join(root, '.pulsegate', 'conformance');
const compiled = join(root, 'dist', 'test', 'conformance');

export interface ConformingMqttClient {
  readonly name: string;
  readonly transports: readonly MqttTransport[];
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  /** Gets it where it is not there yet. */
  readonly command: () => readonly string[];
}

const mosquittoPackages = join(sources, 'mosquitto', 'packages.txt');

function pahoCommand(): string[] {
  const folder = join(installed, 'paho');
  const requirements = join(sources, 'paho', 'requirements.txt');
  onceFor([requirements], join(installed, 'paho.recipe'), () => {
    runOnce('python3', ['-m', 'venv', '--clear', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
    runOnce(join(folder, 'bin', 'python'), pip);
  });
  return [join(folder, 'bin', 'python'), join(sources, 'paho', 'scenarios.py')];
}

/** From the packages of the system's distribution, without installing them. */
function mosquittoCommand(): string[] {
  const program = [process.execPath, join(compiled, 'mosquitto', 'mosquitto.scenarios.js')];
  if (isThere('mosquitto_sub', '--help')) return program;
  const folder = join(installed, 'mosquitto');
  onceFor([mosquittoPackages], join(installed, 'mosquitto.recipe'), () => {
    mkdirSync(folder, { recursive: true });
    const packages = readFileSync(mosquittoPackages, 'utf8').trim().split('\n');
    const { status, stderr } = spawnSync('apt-get', ['download', ...packages], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`apt-get download mosquitto-clients: ${stderr}`);
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.deb'))) {
      runOnce('dpkg', ['-x', join(folder, name), folder]);
    }
  });
  const libraries = readdirSync(join(folder, 'usr', 'lib')).map((name) => join(folder, 'usr', 'lib', name));
  const settings = [
    `MOSQUITTO_FOLDER=${join(folder, 'usr', 'bin')}`,
    `LD_LIBRARY_PATH=${libraries.join(':')}`,
  ];
  return ['env', ...settings, ...program];
}

function hivemqCommand(): string[] {
  const folder = join(installed, 'hivemq');
  const [pom, program] = ['pom.xml', 'Scenarios.java'].map((name) => join(sources, 'hivemq', name)) as [
    string,
    string,
  ];
  onceFor([pom, program], join(installed, 'hivemq.recipe'), () => {
    runOnce('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-Dclients.folder=${folder}`]);
    runOnce('javac', ['-d', join(folder, 'classes'), '-cp', join(folder, '*'), program]);
  });
  const classPath = [join(folder, 'classes'), join(folder, '*')].join(':');
  return ['java', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'Scenarios'];
}

/** An apt-get may know of packages that are not to be had any more. */
function hasMosquitto(): boolean {
  try {
    mosquittoCommand();
    return true;
  } catch {
    return false;
  }
}

export function mqttClients(): ConformingMqttClient[] {
  const everywhere = ['tcp', 'tls', 'ws', 'wss'] as const;
  const missing = (isHere: boolean, what: string) => (isHere ? {} : { missing: what });
  return [
    {
      name: 'mqtt.js',
      transports: everywhere,
      command: () => [process.execPath, join(compiled, 'mqttjs', 'mqttjs.scenarios.js')],
    },
    {
      name: 'Eclipse Paho (Python)',
      transports: everywhere,
      ...missing(isThere('python3', '-c', 'import venv, ensurepip'), 'no python3 with venv'),
      command: pahoCommand,
    },
    {
      name: 'HiveMQ MQTT client (Java)',
      transports: everywhere,
      ...missing(isThere('javac', '-version') && isThere('mvn', '--version'), 'no JDK or no Maven'),
      command: hivemqCommand,
    },
    {
      name: 'mosquitto_pub, mosquitto_sub',
      transports: ['tcp', 'tls'],
      ...missing(hasMosquitto(), 'no mosquitto_sub, and no apt-get that has it'),
      command: mosquittoCommand,
    },
  ];
}

export const runMqttClient = (client: ConformingMqttClient, task: MqttClientTask, timeoutMs: number) =>
  runClientProgram<MqttClientTask, MqttScenarioOutcome>(client, task, timeoutMs);
