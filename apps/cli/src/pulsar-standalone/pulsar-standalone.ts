// An embedded Pulsar for people without a cluster, and for every test: real, of one node, on the loopback interface.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort, isPortFree } from './free-port.js';
import { findPulsarRuntime, type PulsarRuntime } from './java-runtime.js';
import { jarsComplete, pulsarVersion, resolvePulsarJars } from './pulsar-jars.js';
import { waitUntilServing } from './pulsar-readiness.js';
import {
  containerArguments,
  javaArguments,
  type PulsarPorts,
  standaloneConfig,
} from './standalone-config.js';
import { startWatchedProcess, type WatchedProcess } from './watched-process.js';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const standaloneFolder = join(root, 'deploy', 'pulsar-standalone');
const jarsFolder = join(root, '.pulsegate', 'pulsar', `jars-${pulsarVersion}`);
const startTimeoutMs = 180_000;
const logTailLines = 15;

export interface PulsarStandaloneOptions {
  /** Where its data, configuration and log live; default `.pulsegate/pulsar/data`. */
  readonly dataDir?: string;
  /** Removes what is stored there first. */
  readonly wipe?: boolean;
  /** Broker settings (broker.conf) on top of ours. */
  readonly config?: Readonly<Record<string, string>>;
  /** Of the JVM, on top of ours; not in a container. */
  readonly javaOptions?: readonly string[];
  /** Port of the binary protocol on 127.0.0.1; a free one by default. */
  readonly binaryPort?: number;
  /** Port of the admin REST API on 127.0.0.1; a free one by default. */
  readonly httpPort?: number;
  readonly onProgress?: (line: string) => void;
  /** It ended although nobody asked it to. */
  readonly onUnexpectedEnd?: (how: string) => void;
}

export interface PulsarStandalone {
  readonly serviceUrl: string;
  readonly adminUrl: string;
  readonly logFile: string;
  readonly dataDir: string;
  /** The process id of the broker that runs now. */
  readonly pid: number;
  /** Ends it in order (up to 20 s, then by force). Its data stay. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would; `restart` brings it back. */
  kill(): Promise<void>;
  /** Stops it if it runs and starts it again on the same ports and data. */
  restart(): Promise<void>;
}

async function choosePort(
  wanted: number | undefined,
  what: string,
  taken: readonly number[],
): Promise<number> {
  if (wanted === undefined) return findFreePort(taken);
  if (await isPortFree(wanted)) return wanted;
  throw new Error(
    `Port ${wanted} on 127.0.0.1, wanted for the embedded Pulsar's ${what}, is in use: ` +
      'stop what listens there or choose another port.',
  );
}

/** The bookie's port is part of its identity in the data, so it is chosen once per data folder. */
async function bookiePort(dataDir: string, taken: readonly number[]): Promise<number> {
  const file = join(dataDir, 'bookie.port');
  if (existsSync(file)) {
    const port = Number(await readFile(file, 'utf8'));
    if (await isPortFree(port)) return port;
    throw new Error(
      `Port ${port} on 127.0.0.1 is in use, which the embedded Pulsar's storage in ${dataDir} is bound to: ` +
        'another Pulsar may be running on this data. Stop it, or use another data folder.',
    );
  }
  const port = await findFreePort(taken);
  await writeFile(file, String(port));
  return port;
}

async function tail(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-logTailLines).join('\n');
  } catch {
    return '';
  }
}

interface Layout {
  readonly dataDir: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly outputFile: string;
}

async function prepareDataDir(options: PulsarStandaloneOptions): Promise<Layout> {
  const dataDir = resolve(options.dataDir ?? join(root, '.pulsegate', 'pulsar', 'data'));
  await mkdir(dataDir, { recursive: true });
  const file = (name: string) => join(dataDir, name);
  return {
    dataDir,
    configFile: file('standalone.conf'),
    logFile: file('pulsar.log'),
    outputFile: file('pulsar.out'),
  };
}

async function startProcess(
  runtime: PulsarRuntime,
  layout: Layout,
  ports: PulsarPorts,
  javaOptions: readonly string[],
): Promise<WatchedProcess> {
  await writeFile(layout.outputFile, '');
  const start = {
    ...layout,
    jars: jarsFolder,
    logConfig: join(standaloneFolder, 'log4j2.properties'),
    bookiePort: ports.bookie,
    javaOptions,
  };
  const common = { cwd: layout.dataDir, outputFile: layout.outputFile };
  if (runtime.kind === 'java') {
    return startWatchedProcess({ ...common, command: runtime.java, args: javaArguments(start) });
  }
  const name = `pulsegate-pulsar-${ports.binary}`;
  const args = containerArguments(name, start, ports);
  return startWatchedProcess({
    ...common,
    command: runtime.engine,
    args,
    afterStop: `${runtime.engine} rm -f ${name}`,
  });
}

class RunningStandalone implements PulsarStandalone {
  readonly serviceUrl: string;
  readonly adminUrl: string;
  private process: WatchedProcess | undefined;
  private readonly progress: (line: string) => void;

  constructor(
    private readonly runtime: PulsarRuntime,
    private readonly layout: Layout,
    private readonly ports: PulsarPorts,
    private readonly options: PulsarStandaloneOptions,
  ) {
    this.serviceUrl = `pulsar://127.0.0.1:${ports.binary}`;
    this.adminUrl = `http://127.0.0.1:${ports.http}`;
    this.progress = options.onProgress ?? (() => {});
  }

  get logFile(): string {
    return this.runtime.kind === 'java' ? this.layout.logFile : this.layout.outputFile;
  }

  get dataDir(): string {
    return this.layout.dataDir;
  }

  get pid(): number {
    if (!this.process) throw new Error('the embedded Pulsar is stopped');
    return this.process.pid;
  }

  async start(): Promise<void> {
    this.progress(`Pulsar ${pulsarVersion}: starting (log: ${this.logFile})`);
    const started = await startProcess(this.runtime, this.layout, this.ports, this.options.javaOptions ?? []);
    this.process = started;
    try {
      await waitUntilServing(this.adminUrl, started.ended, startTimeoutMs, (seconds) =>
        this.progress(`Pulsar ${pulsarVersion}: starting, ${seconds} s`),
      );
    } catch (error) {
      await this.stop();
      const said = [await tail(this.layout.outputFile), await tail(this.layout.logFile)]
        .filter(Boolean)
        .join('\n');
      throw new Error(`${(error as Error).message}; the end of its log (${this.logFile}):\n${said}`);
    }
    this.progress(`Pulsar ${pulsarVersion}: serves ${this.serviceUrl} and ${this.adminUrl}`);
    void started.ended.then((how) => {
      if (this.process !== started) return;
      this.process = undefined;
      this.options.onUnexpectedEnd?.(how);
    });
  }

  async stop(): Promise<void> {
    const running = this.process;
    this.process = undefined;
    await running?.stop();
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

/**
 * Starts it and resolves when it serves; its jars are resolved first where they are not there yet. It ends with this
 * process, however that ends. Rejects with a sentence for a person: what is missing or in the way, and what to do.
 */
export async function startPulsar(options: PulsarStandaloneOptions = {}): Promise<PulsarStandalone> {
  const runtime = await findPulsarRuntime(jarsComplete(jarsFolder));
  if (runtime.kind === 'java') {
    const pom = join(standaloneFolder, 'pom.xml');
    await resolvePulsarJars(runtime.maven, pom, jarsFolder, options.onProgress ?? (() => {}));
  }
  const binary = await choosePort(options.binaryPort, 'binary protocol', []);
  const http = await choosePort(options.httpPort, 'admin API', [binary]);
  const layout = await prepareDataDir(options);
  // Also tells whether a Pulsar runs on these data, so it comes before anything is wiped.
  const ports = { binary, http, bookie: await bookiePort(layout.dataDir, [binary, http]) };
  if (options.wipe) {
    for (const part of ['metadata', 'bookkeeper']) {
      await rm(join(layout.dataDir, part), { recursive: true, force: true });
    }
  }
  // A container's ports are published on the loopback interface; inside it they must be open to that forwarding.
  const bindAddress: Record<string, string> = runtime.kind === 'container' ? { bindAddress: '0.0.0.0' } : {};
  await writeFile(layout.configFile, standaloneConfig(ports, { ...bindAddress, ...options.config }));
  const standalone = new RunningStandalone(runtime, layout, ports, options);
  await standalone.start();
  return standalone;
}

export interface PulsarChoice extends PulsarStandaloneOptions {
  /** A Pulsar of the user's; then nothing is started. */
  readonly serviceUrl?: string;
  /** Its admin API; default port 8080 (8443 with TLS) of the first host of `serviceUrl`. */
  readonly adminUrl?: string;
}

/** A given Pulsar where there is one, else an embedded one. `stop` ends only what was started here. */
export async function obtainPulsar(
  choice: PulsarChoice,
): Promise<
  Pick<PulsarStandalone, 'serviceUrl' | 'adminUrl' | 'stop'> & { readonly standalone?: PulsarStandalone }
> {
  if (choice.serviceUrl === undefined) {
    const standalone = await startPulsar(choice);
    const { serviceUrl, adminUrl } = standalone;
    return { serviceUrl, adminUrl, standalone, stop: () => standalone.stop() };
  }
  const match = /^pulsar(\+ssl)?:\/\/(\[[^\]]+\]|[^:,/]+)/.exec(choice.serviceUrl);
  if (!match)
    throw new Error(`${choice.serviceUrl} is no Pulsar service URL; one looks like pulsar://host:6650`);
  const derived = match[1] ? `https://${match[2]}:8443` : `http://${match[2]}:8080`;
  return { serviceUrl: choice.serviceUrl, adminUrl: choice.adminUrl ?? derived, stop: async () => {} };
}
