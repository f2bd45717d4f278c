import { randomBytes } from 'node:crypto';
import { allowAll, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.js';
import { type PulsarStandalone, startPulsar } from '../support/pulsar.js';

/** An embedded Pulsar of the benchmark's own and a gateway in front of it. */
export interface BenchPlace {
  readonly pulsar: PulsarStandalone;
  readonly gateway: TestGateway;
  readonly namespace: string;
}

/**
 * With a sync to disk per group of entries the disk of the machine is measured, and not the gateway. Without one there is
 * nothing to wait for in groups either: the journal's wait of 1 ms would bound whoever has few requests on the way.
 */
const journalSync = process.env.PULSEGATE_BENCH_JOURNAL_SYNC === 'true';
const journal: Readonly<Record<string, string>> = journalSync
  ? {}
  : { journalSyncData: 'false', journalMaxGroupWaitMSec: '0', journalFlushWhenQueueEmpty: 'true' };

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const startBenchPulsar = (): Promise<PulsarStandalone> =>
  startPulsar({
    ...{ dataDir: '.pulsegate/bench-pulsar', wipe: true, javaOptions: [], config: journal },
    onProgress: say,
  });

/** Starts both, runs the benchmark and stops them. */
export async function inBenchPlace(
  run: (place: BenchPlace) => Promise<void>,
  options: Partial<TestGatewayOptions> = {},
): Promise<void> {
  const pulsar = await startBenchPulsar();
  const namespace = 'bench/kafka';
  const { serviceUrl, adminUrl } = pulsar;
  const gateway = await startGateway({
    tenants: [{ name: 'bench', namespace, permissions: [allowAll] }],
    listener: { anonymousTenant: 'bench' },
    config: { pulsar: { serviceUrl, adminUrl }, log: { level: 'warn' } },
    ...options,
  });
  try {
    await run({ pulsar, gateway, namespace });
  } finally {
    await gateway.stop();
    await pulsar.stop();
  }
}

/** A fresh topic in the tenant's namespace, as Kafka names it. */
export async function newTopic({ pulsar, namespace }: BenchPlace, partitions: number): Promise<string> {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const url = `${pulsar.adminUrl}/admin/v2/persistent/${namespace}/${name}/partitions`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'PUT', headers, body: String(partitions) });
  if (!answer.ok) throw new Error(`creating ${name}: ${answer.status} ${await answer.text()}`);
  return name;
}
