// A real gateway for a test: its own process, configuration file, free ports and log, ending with the test run.
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gatewayNodeFlags } from '../../apps/cli/src/heap-settings.js';
import {
  findFreePort,
  startWatchedProcess,
  type WatchedProcess,
} from '../../apps/cli/src/pulsar-standalone/index.js';
import { createPulsarNamespace, testPulsar } from './pulsar.js';
import type { PulsarWithAuth } from './pulsar-with-auth.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const readyPollMs = 100;

/** A tenant as `pulsegate.yaml` has it. */
export interface TestTenant {
  readonly name: string;
  /** A new one by default; see `TestGateway.namespaceOf`. */
  readonly namespace?: string;
  readonly kafka?: { autoCreateTopics?: boolean; partitionsDefault?: number; messageBytesMax?: number };
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly users?: readonly { name: string; password: string; groups?: readonly string[] }[];
  readonly permissions?: readonly unknown[];
  /** Any further settings of the tenant, e.g. `{ authorization: 'pulsar' }`. */
  readonly [setting: string]: unknown;
}

/** Which listeners for MQTT or AMQP there are, beside the Kafka listener. */
export interface TestFrontOptions {
  /** Settings of every such listener, e.g. `{ anonymousTenant: 'acme' }`. */
  readonly listener?: Readonly<Record<string, unknown>>;
  /** The `tls` section of the TLS and the WSS listener; without it there are none. */
  readonly tls?: Readonly<Record<string, unknown>>;
  /** The `websocket` section of the WS and the WSS listener. */
  readonly websocket?: Readonly<Record<string, unknown>>;
}

export interface TestGatewayOptions {
  readonly tenants: readonly TestTenant[];
  /** With it, clients can connect by MQTT. */
  readonly mqtt?: TestFrontOptions;
  /** With it, clients can connect by AMQP. */
  readonly amqp?: TestFrontOptions | true;
  /** Settings of the one Kafka listener, e.g. `{ anonymousTenant: 'acme' }`. */
  readonly listener?: Readonly<Record<string, unknown>>;
  /** Sections of `pulsegate.yaml` that are merged over the defaults of a test, one level deep. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A Pulsar that asks who the gateway is, who is its superuser there unless `config.pulsar.auth` says otherwise. */
  readonly pulsar?: PulsarWithAuth;
  /** Gateways with the same one are one cluster. By default each is alone. */
  readonly stateNamespace?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Resolve only when `/health/ready` is green; default true. Without it: when the admin port answers. */
  readonly untilReady?: boolean;
  readonly readyTimeoutMs?: number;
}

/** Reading one that was not asked for is an error. */
export interface FrontEndpoints {
  readonly tcp: string;
  readonly tls: string;
  /** `ws://127.0.0.1:port/mqtt`, or `/amqp` */
  readonly ws: string;
  readonly wss: string;
}

export interface TestGateway {
  /** `127.0.0.1:port` of the Kafka listener, the same after a restart. */
  readonly kafka: string;
  /** Where MQTT clients connect, the same after a restart: `127.0.0.1:port`, and URLs of the WebSocket listeners. */
  readonly mqtt: FrontEndpoints;
  /** The same for AMQP. */
  readonly amqp: FrontEndpoints;
  readonly adminUrl: string;
  readonly configFile: string;
  readonly logFile: string;
  /** The Pulsar namespace of a tenant. */
  namespaceOf(tenant: string): string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** All that it wrote, over restarts. */
  log(): string;
  /** SIGTERM; resolves with how it ended, e.g. `exit status 0`. */
  stop(): Promise<string>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops it if it runs and starts it again with the same configuration and ports. */
  restart(): Promise<void>;
}

/** A rule that allows the tenant's users everything. */
export const allowAll = {
  principals: ['*'],
  actions: ['*'],
  resource: { type: '*', match: 'pattern', name: '*' },
} as const;

interface Files {
  readonly configFile: string;
  readonly logFile: string;
}

type FrontPorts = ReadonlyMap<keyof FrontEndpoints, number>;

interface Ports {
  readonly kafka: number;
  readonly admin: number;
  /** Of those that were asked for. */
  readonly mqtt: FrontPorts;
  readonly amqp: FrontPorts;
}

type PlacedTenant = TestTenant & { readonly namespace: string };

function writeConfig(options: TestGatewayOptions, tenants: readonly PlacedTenant[], ports: Ports): Files {
  const folder = join(root, '.pulsegate', 'test-gateways', randomBytes(6).toString('hex'));
  mkdirSync(folder, { recursive: true });
  const { serviceUrl, adminUrl } = testPulsar;
  const sections: Record<string, Record<string, unknown>> = {
    pulsar: options.pulsar?.section() ?? { serviceUrl, adminUrl },
    kafka: { listeners: [{ name: 'kafka', host: '127.0.0.1', port: ports.kafka, ...options.listener }] },
    mqtt: { listeners: frontListeners('mqtt', options.mqtt ?? {}, ports.mqtt) },
    amqp: { listeners: frontListeners('amqp', amqpOptions(options) ?? {}, ports.amqp) },
    admin: { host: '127.0.0.1', port: ports.admin },
    cluster: {
      stateNamespace: options.stateNamespace ?? `public/pulsegate-state-${randomBytes(4).toString('hex')}`,
    },
    log: { format: 'json' },
    shutdown: { drainTimeoutMs: 10_000 },
  };
  for (const [name, section] of Object.entries(options.config ?? {})) {
    sections[name] = { ...sections[name], ...section };
  }
  const configFile = join(folder, 'pulsegate.yaml');
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify({ ...sections, tenants }, undefined, 2));
  return { configFile, logFile: join(folder, 'gateway.log') };
}

function frontListeners(
  name: 'mqtt' | 'amqp',
  { listener, tls, websocket = {} }: TestFrontOptions,
  ports: FrontPorts,
): Readonly<Record<string, unknown>>[] {
  return [...ports].map(([kind, port]) => ({
    ...{ name: `${name}-${kind}`, host: '127.0.0.1', port, ...listener },
    ...(kind === 'tls' || kind === 'wss' ? { tls } : {}),
    ...(kind === 'ws' || kind === 'wss' ? { websocket } : {}),
  }));
}

function amqpOptions({ amqp }: TestGatewayOptions): TestFrontOptions | undefined {
  return amqp === true ? {} : amqp;
}

function endpointsOf(name: 'mqtt' | 'amqp', ports: FrontPorts, options: TestFrontOptions): FrontEndpoints {
  const path = String(options.websocket?.['path'] ?? `/${name}`);
  const of = (kind: keyof FrontEndpoints) => {
    const port = ports.get(kind);
    if (port === undefined) throw new Error(`the gateway has no ${name} listener for ${kind}`);
    return kind === 'ws' || kind === 'wss' ? `${kind}://127.0.0.1:${port}${path}` : `127.0.0.1:${port}`;
  };
  return {
    get tcp() {
      return of('tcp');
    },
    get tls() {
      return of('tls');
    },
    get ws() {
      return of('ws');
    },
    get wss() {
      return of('wss');
    },
  };
}

class RunningGateway implements TestGateway {
  readonly kafka: string;
  readonly mqtt: FrontEndpoints;
  readonly amqp: FrontEndpoints;
  readonly adminUrl: string;
  readonly configFile: string;
  readonly logFile: string;
  private process: WatchedProcess | undefined;

  constructor(
    private readonly options: TestGatewayOptions,
    private readonly tenants: readonly PlacedTenant[],
    files: Files,
    ports: Ports,
  ) {
    this.kafka = `127.0.0.1:${ports.kafka}`;
    this.mqtt = endpointsOf('mqtt', ports.mqtt, options.mqtt ?? {});
    this.amqp = endpointsOf('amqp', ports.amqp, amqpOptions(options) ?? {});
    this.adminUrl = `http://127.0.0.1:${ports.admin}`;
    this.configFile = files.configFile;
    this.logFile = files.logFile;
  }

  namespaceOf(tenant: string): string {
    return this.tenants.find(({ name }) => name === tenant)!.namespace;
  }

  get pid(): number {
    if (!this.process) throw new Error('the gateway is stopped');
    return this.process.pid;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  async start(): Promise<void> {
    appendFileSync(this.logFile, '');
    const main = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
    const started = await startWatchedProcess({
      command: process.execPath,
      args: [...gatewayNodeFlags, main, 'start', '--config', this.configFile],
      cwd: root,
      outputFile: this.logFile,
      ...(this.options.env ? { env: this.options.env } : {}),
    });
    this.process = started;
    await this.untilServing(started);
  }

  private async untilServing(started: WatchedProcess): Promise<void> {
    let ended: string | undefined;
    void started.ended.then((how) => {
      ended = how;
    });
    const path = this.options.untilReady === false ? '/health/live' : '/health/ready';
    const deadline = Date.now() + (this.options.readyTimeoutMs ?? 60_000);
    for (;;) {
      const response = await fetch(this.adminUrl + path).catch(() => undefined);
      const text = await response?.text();
      if (response?.ok) return;
      if (ended === undefined && Date.now() < deadline) {
        await delay(readyPollMs);
        continue;
      }
      await started.kill();
      const last = this.log().trimEnd().split('\n').slice(-20).join('\n');
      throw new Error(`the gateway is not serving (${ended ?? text ?? 'no answer'}):\n${last}`);
    }
  }

  async stop(): Promise<string> {
    const running = this.process;
    this.process = undefined;
    await running?.stop();
    return running?.ended ?? 'not running';
  }

  async kill(): Promise<void> {
    const running = this.process;
    this.process = undefined;
    await running?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

/** A gateway that may do everything makes its namespaces itself. */
function namespaceFor(tenant: TestTenant, pulsar: PulsarWithAuth | undefined): Promise<string> {
  if (pulsar === undefined) return createPulsarNamespace(tenant.name);
  return Promise.resolve(`${tenant.name}-${randomBytes(4).toString('hex')}/n`);
}

async function findPorts(options: TestGatewayOptions): Promise<Ports> {
  const mqtt = kindsOf(options.mqtt);
  const amqp = kindsOf(amqpOptions(options));
  const found: number[] = [];
  for (let count = mqtt.length + amqp.length + 2; count > 0; count--) found.push(await findFreePort(found));
  const [kafka, admin, ...rest] = found;
  const ports = (kinds: readonly (keyof FrontEndpoints)[]) =>
    new Map(kinds.map((kind) => [kind, rest.shift()!] as const));
  return { kafka: kafka!, admin: admin!, mqtt: ports(mqtt), amqp: ports(amqp) };
}

function kindsOf(front: TestFrontOptions | undefined): readonly (keyof FrontEndpoints)[] {
  if (front === undefined) return [];
  return front.tls ? ['tcp', 'ws', 'tls', 'wss'] : ['tcp', 'ws'];
}

/** Starts it on free ports. A named namespace must exist or be creatable by the gateway. */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const ports = await findPorts(options);
  const tenants: PlacedTenant[] = [];
  for (const tenant of options.tenants) {
    tenants.push({ ...tenant, namespace: tenant.namespace ?? (await namespaceFor(tenant, options.pulsar)) });
  }
  const files = writeConfig(options, tenants, ports);
  const gateway = new RunningGateway(options, tenants, files, ports);
  await gateway.start();
  return gateway;
}
