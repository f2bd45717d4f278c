// A Pulsar for a test: the run's shared one, or one of its own to stop, kill and restart.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type PulsarStandalone,
  type PulsarStandaloneOptions,
  pulsarVersion,
  startPulsar as startEmbeddedPulsar,
} from '../../apps/cli/src/pulsar-standalone/index.js';
import { inForm } from './check-form.js';

export {
  findFreePort,
  type PulsarStandalone,
  type PulsarStandaloneOptions,
  startWatchedProcess,
} from '../../apps/cli/src/pulsar-standalone/index.js';

/** What a broker loads until it serves, as later ones map it into memory: half of their start. Made by the first, once. */
const classArchive = fileURLToPath(
  new URL(`../../../.pulsegate/pulsar/classes-${pulsarVersion}.jsa`, import.meta.url),
);

/**
 * Without the optimising compiler and parallel collectors, which a broker of a test does not live long enough to gain
 * from: it starts with 3 s of CPU instead of 14, and a run of all tests starts some forty.
 */
function javaOptions(): string[] {
  const classes = existsSync(classArchive)
    ? `-XX:SharedArchiveFile=${classArchive}`
    : '-XX:+RecordDynamicDumpInfo';
  return ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', classes];
}

/** For a test; a benchmark gives `javaOptions: []`. */
export function startPulsar(options: PulsarStandaloneOptions = {}): Promise<PulsarStandalone> {
  return startEmbeddedPulsar({ ...inForm({ short: { javaOptions: javaOptions() }, full: {} }), ...options });
}

/** What a broker that was started when there was none has loaded so far. A JDK without `jcmd` makes none. */
export function archiveClasses({ pid }: PulsarStandalone): void {
  if (existsSync(classArchive)) return;
  const part = `${classArchive}.${pid}`;
  if (spawnSync('jcmd', [String(pid), 'VM.cds', 'dynamic_dump', part]).status === 0 && existsSync(part))
    renameSync(part, classArchive);
}

/** The Pulsar that all suites of a run share. */
export const testPulsar = {
  serviceUrl: process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650',
  adminUrl: process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080',
} as const;

/** One call of the test Pulsar's admin API, e.g. `pulsarAdmin('PUT', '/tenants/t')`; throws on what is no success. */
export async function pulsarAdmin(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${testPulsar.adminUrl}/admin/v2${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** A new Pulsar tenant with one namespace, `<prefix>-<random>/n`, for a suite of its own. */
export async function createPulsarNamespace(prefix: string): Promise<string> {
  const tenant = `${prefix}-${randomBytes(4).toString('hex')}`;
  await pulsarAdmin('PUT', `/tenants/${tenant}`, { adminRoles: [], allowedClusters: ['standalone'] });
  await pulsarAdmin('PUT', `/namespaces/${tenant}/n`, {});
  return `${tenant}/n`;
}

export async function createPartitionedTopic(
  namespace: string,
  topic: string,
  partitions: number,
): Promise<void> {
  await pulsarAdmin('PUT', `/persistent/${namespace}/${topic}/partitions`, partitions);
}
