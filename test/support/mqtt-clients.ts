// The MQTT clients that are tried before the gateway: how to get each of them, and how to run its program.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type InstalledClient,
  installed,
  isThere,
  javaOrMissing,
  javaProgram,
  missingUnless,
  nodeProgram,
  onceFor,
  pythonOrMissing,
  pythonProgram,
  runOnce,
  sources,
} from './client-install.js';
import { runClientProgram } from './client-program.js';
import type { MqttClientTask, MqttScenarioOutcome, MqttTransport } from './mqtt-scenario.js';

export interface ConformingMqttClient extends InstalledClient {
  readonly transports: readonly MqttTransport[];
}

/** From the packages of the system's distribution, without installing them. */
function mosquittoCommand(): string[] {
  const program = nodeProgram('mosquitto');
  if (isThere('mosquitto_sub', '--help')) return program;
  const folder = join(installed, 'mosquitto');
  const packages = join(sources, 'mosquitto', 'packages.txt');
  onceFor([packages], join(installed, 'mosquitto.recipe'), () => {
    mkdirSync(folder, { recursive: true });
    runOnce('apt-get', ['download', ...readFileSync(packages, 'utf8').trim().split('\n')], folder);
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
  return [
    { name: 'mqtt.js', transports: everywhere, command: () => nodeProgram('mqttjs') },
    {
      ...{ name: 'Eclipse Paho (Python)', transports: everywhere, ...pythonOrMissing() },
      command: () => pythonProgram('paho'),
    },
    {
      ...{ name: 'HiveMQ MQTT client (Java)', transports: everywhere, ...javaOrMissing() },
      command: () => javaProgram('hivemq', 'Scenarios.java'),
    },
    {
      ...{ name: 'mosquitto_pub, mosquitto_sub', transports: ['tcp', 'tls'] },
      ...missingUnless(hasMosquitto(), 'no mosquitto_sub, and no apt-get that has it'),
      command: mosquittoCommand,
    },
  ];
}

export const runMqttClient = (client: ConformingMqttClient, task: MqttClientTask, timeoutMs: number) =>
  runClientProgram<MqttClientTask, MqttScenarioOutcome>(client, task, timeoutMs);
