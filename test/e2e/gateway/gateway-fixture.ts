// What the suites of the running gateway share: the `pulsegate` command, kafkajs clients, and the admin HTTP.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Admin, Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs';
import type { TestGateway } from '../../support/gateway.js';
import { until as soon } from '../../support/until.js';

const main = fileURLToPath(new URL('../../../apps/cli/src/main.js', import.meta.url));
const commandMsMax = 30_000;
/** For a suite that starts a Pulsar of its own: 15 s, and more where others use the machine. */
export const pulsarStartMsMax = 240_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the `pulsegate` command. */
export function startPulsegate(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: commandMsMax,
  });
  let stdout = '';
  let stderr = '';
  child.stdin?.end(input);
  child.stdout!.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr!.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the `pulsegate` command to its end, with this as its standard input. */
export function pulsegate(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): Promise<Ended> {
  return startPulsegate(args, env, input).ended;
}

/** A folder for configuration files, gone with `remove`. */
export class ConfigFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'pulsegate-e2e-'));

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** kafkajs clients of one suite, all ended with `disconnect`. */
export class KafkaClients {
  private readonly opened: { disconnect(): Promise<void> }[] = [];

  kafka(broker: string, options: Partial<KafkaConfig> = {}): Kafka {
    const retry = { retries: 0 };
    return new Kafka({ clientId: 'e2e', brokers: [broker], logLevel: logLevel.NOTHING, retry, ...options });
  }

  async producer(broker: string, options: Partial<KafkaConfig> = {}): Promise<Producer> {
    const producer = this.kafka(broker, options).producer();
    this.opened.push(producer);
    await producer.connect();
    return producer;
  }

  async admin(broker: string, options: Partial<KafkaConfig> = {}): Promise<Admin> {
    const admin = this.kafka(broker, options).admin();
    this.opened.push(admin);
    await admin.connect();
    return admin;
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.opened.splice(0).map((each) => each.disconnect().catch(() => {})));
  }
}

export function plain(username: string, password: string): Partial<KafkaConfig> {
  return { sasl: { mechanism: 'plain', username, password } };
}

/** What kafkajs was answered, as Kafka names it: `POLICY_VIOLATION`. */
export async function kafkaErrorOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'none';
  } catch (error) {
    const { type, cause, message } = error as { type?: string; cause?: { type?: string }; message: string };
    return type ?? cause?.type ?? message;
  }
}

export interface Readiness {
  readonly status: string;
  readonly pulsar: { readonly reachable: boolean };
  readonly namespaces: readonly {
    readonly tenant: string;
    readonly served: boolean;
    readonly pending: boolean;
    readonly missing: readonly { readonly check: string; readonly command: string }[];
    readonly fault?: string;
  }[];
  readonly cluster: {
    readonly joined: boolean;
    readonly state: {
      readonly served: boolean;
      readonly missing: readonly { readonly check: string; readonly command: string }[];
    };
  };
}

export async function readiness(gateway: TestGateway): Promise<{ code: number; body: Readiness }> {
  const response = await fetch(`${gateway.adminUrl}/health/ready`);
  return { code: response.status, body: (await response.json()) as Readiness };
}

/** Resolves when every namespace was looked at: on a busy machine that can be after the listeners are open. */
export function untilVerified(gateway: TestGateway): Promise<void> {
  const isSo = async () => (await readiness(gateway)).body.namespaces.every((each) => !each.pending);
  return until('every namespace was looked at', isSo, 30_000);
}

export const until = (what: string, isSo: () => Promise<boolean>, ms = 15_000) => soon(isSo, what, ms);
