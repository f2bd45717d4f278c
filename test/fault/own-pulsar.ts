// A Pulsar that a suite may stop and kill, and gateways in front of one namespace of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { type OracleMessage, oracleRead } from '../support/pulsar-oracle.js';
import { type PulsarStandalone, startPulsar } from '../support/pulsar.js';

/** For hooks and tests that start brokers: on two busy cores one takes a minute. */
export const brokerTimeoutMs = 300_000;

/** Over the 30 s that clients and gateway wait for an answer by default. */
const stallMs = 45_000;
/** Topics are unloaded and clients told within a second or two. */
const stopMs = 5_000;
const namespace = 'public/faults';

export class OwnPulsar {
  private readonly gateways: TestGateway[] = [];

  private constructor(
    readonly broker: PulsarStandalone,
    private readonly dataDir: string,
  ) {}

  /** Without transactions, as Pulsar ships it. @param config settings of broker.conf, on top of ours */
  static async start(config: Readonly<Record<string, string>> = {}): Promise<OwnPulsar> {
    const dataDir = mkdtempSync(join(tmpdir(), 'pulsegate-faults-'));
    const settings = { transactionCoordinatorEnabled: 'false', ...config };
    return new OwnPulsar(await startPulsar({ dataDir, config: settings }), dataDir);
  }

  /**
   * Serves anonymous clients, of MQTT too if its settings are given. Several may stand before the namespace.
   * `kafka`, `namespaces`, `mqtt`: settings of these sections.
   */
  async gateway(
    kafka: Readonly<Record<string, unknown>> = {},
    namespaces: Readonly<Record<string, unknown>> = {},
    mqtt?: Readonly<Record<string, unknown>>,
  ): Promise<TestGateway> {
    const { serviceUrl, adminUrl } = this.broker;
    const gateway = await startGateway({
      tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
      listener: { anonymousTenant: 'acme' },
      stateNamespace: 'public/pulsegate-state',
      ...(mqtt === undefined ? {} : { mqtt: { listener: { anonymousTenant: 'acme' } } }),
      config: {
        pulsar: { serviceUrl, adminUrl },
        kafka,
        namespaces,
        ...(mqtt === undefined ? {} : { mqtt }),
      },
      // Its memory can be measured: see `measureMemory`.
      env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    });
    this.gateways.push(gateway);
    return gateway;
  }

  /** Needs a gateway, which has made the namespace. */
  async createTopic(name: string, partitions: number): Promise<void> {
    await this.admin('PUT', `${name}/partitions`, partitions);
  }

  async growTopic(name: string, partitions: number): Promise<void> {
    await this.admin('POST', `${name}/partitions`, partitions);
  }

  /** Though there are producers and consumers. */
  async deleteTopic(name: string): Promise<void> {
    await this.admin('DELETE', `${name}/partitions?force=true`);
  }

  /** Each into two, which leave the broker and come back. */
  async splitBundles(): Promise<void> {
    const path = `/namespaces/${namespace}`;
    const { boundaries } = (await this.call('GET', `${path}/bundles`)) as { boundaries: string[] };
    for (const [at, from] of boundaries.slice(0, -1).entries()) {
      await this.call('PUT', `${path}/${from}_${boundaries[at + 1]}/split?unload=true`);
    }
  }

  /** Its partitions, or one of them, leave the broker and come back. */
  async unload(topic: string): Promise<void> {
    await this.admin('PUT', `${topic}/unload`);
  }

  url(topic: string): string {
    return `persistent://${namespace}/${topic}`;
  }

  /** Everything that the official client finds in it. */
  read(topic: string): Promise<OracleMessage[]> {
    return oracleRead(this.broker.serviceUrl, this.url(topic), 'all');
  }

  /** Messages in a topic without partitions, or in one of them, as the broker counts them. */
  async count(topic: string): Promise<number> {
    const subscription = `${topic}/subscription/counted`;
    const earliest = { ledgerId: -1, entryId: -1, partitionIndex: -1 };
    await this.admin('PUT', subscription, earliest);
    const analysis = (await this.admin('POST', `${subscription}/analyzeBacklog`, earliest)) as {
      messages: number;
    };
    await this.admin('DELETE', subscription);
    return analysis.messages;
  }

  /** SIGKILL, and a start on the same data. */
  async crashBroker(): Promise<void> {
    await this.broker.kill();
    await this.broker.restart();
  }

  /** In order, as far as that goes: the bookie in its process goes first, and what it asks of that then never comes. */
  async stopBroker(): Promise<void> {
    process.kill(this.broker.pid, 'SIGTERM');
    await delay(stopMs);
    await this.broker.kill();
  }

  async restartBroker(): Promise<void> {
    await this.stopBroker();
    await this.broker.restart();
  }

  /** Its connections stay and nothing is answered, for longer than a request may take; then it does all it was sent. */
  async stallBroker(): Promise<void> {
    const { pid } = this.broker;
    process.kill(pid, 'SIGSTOP');
    await delay(stallMs);
    process.kill(pid, 'SIGCONT');
  }

  /** The broker is killed: in order it takes up to 20 s, for data that nobody needs any more. */
  async stop(): Promise<void> {
    for (const gateway of this.gateways) await gateway.stop();
    await this.broker.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** One call of the admin API on the namespace's topics, e.g. `admin('GET', 'orders/properties')`. */
  admin(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.call(method, `/persistent/${namespace}/${path}`, body);
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.broker.adminUrl}/admin/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
