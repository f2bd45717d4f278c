// The MQTT clients that are tried before the gateway: how to get each of them, and how to run its program.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MqttClientTask, MqttScenarioOutcome, MqttTransport } from './mqtt-scenario.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const compiled = join(root, 'dist', 'test', 'conformance');

export interface ConformingMqttClient {
  readonly name: string;
  readonly transports: readonly MqttTransport[];
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  /** Gets it where it is not there yet. */
  readonly command: () => readonly string[];
}

export function mqttClients(): ConformingMqttClient[] {
  return [
    {
      name: 'mqtt.js',
      transports: ['tcp', 'tls', 'ws', 'wss'],
      command: () => [process.execPath, join(compiled, 'mqttjs', 'mqttjs.scenarios.js')],
    },
  ];
}

export interface MqttClientRun {
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly MqttScenarioOutcome[];
  /** What it said besides, and how it ended. */
  readonly said: string;
}

export async function runMqttClient(
  client: ConformingMqttClient,
  task: MqttClientTask,
  timeoutMs: number,
): Promise<MqttClientRun> {
  const [command, ...args] = client.command();
  const child = spawn(command!, [...args, JSON.stringify(task)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let version = client.name;
  let said = '';
  const outcomes: MqttScenarioOutcome[] = [];
  const say = (line: string) => {
    if (said.length < 20_000) said += `${line}\n`;
  };
  createInterface({ input: child.stderr }).on('line', say);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) {
      say(line);
      return;
    }
    const told = JSON.parse(line) as { version: string } | MqttScenarioOutcome;
    if ('version' in told) version = told.version;
    else outcomes.push(told);
  });
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  return { version, outcomes, said: said + status };
}
