// A Pulsar for a test: the run's shared one, or one of its own to stop, kill and restart.
import { randomBytes } from 'node:crypto';
import {
  type PulsarStandalone,
  type PulsarStandaloneOptions,
  startPulsar as startEmbeddedPulsar,
} from '../../apps/cli/src/pulsar-standalone/index.js';
import { inForm } from './check-form.js';

export {
  findFreePort,
  type PulsarStandalone,
  type PulsarStandaloneOptions,
  startWatchedProcess,
} from '../../apps/cli/src/pulsar-standalone/index.js';

/**
 * Without the optimising compiler, which a broker of a test does not live long enough to gain from: it starts with 6 s of
 * CPU instead of 14, and a run of all tests starts some forty.
 */
const javaOptions = inForm({ short: ['-XX:TieredStopAtLevel=1'], full: [] });

/** For a test; a benchmark gives `javaOptions: []`. */
export function startPulsar(options: PulsarStandaloneOptions = {}): Promise<PulsarStandalone> {
  return startEmbeddedPulsar({ javaOptions, ...options });
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
