// jest's test sequencer for `npm test`: suites that take long begin first, so that no worker ends with one alone. jest's own
// goes by the durations of earlier runs, of which a fresh clone has none.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../', import.meta.url));

/** Seconds on two cores, of suites that take twenty or more. A number that is out of date costs time only. */
const seconds: Readonly<Record<string, number>> = {
  'test/fault/consume-trouble.spec': 90,
  'test/e2e/kafka/sparse-offsets.spec': 84,
  'test/fault/group-churn.check': 80,
  'test/fault/pulsar-away.spec': 80,
  'test/fault/idempotent-producer.check': 79,
  'test/e2e/gateway/pulsar-grants.spec': 69,
  'test/e2e/gateway/pulsar-identities.spec': 67,
  'test/fault/group-failover.spec': 61,
  'test/conformance/kafka-consumers.check': 55,
  'test/conformance/kafka-acls.check': 52,
  'test/conformance/kafka-identities.check': 48,
  'test/conformance/kafka-tools.check': 47,
  'test/conformance/kafka-streams.check': 47,
  'test/fault/security-state.spec': 46,
  'test/e2e/kafka/consumer-protocol.spec': 44,
  'test/fault/plain-producer.check': 44,
  'test/e2e/gateway/namespace-verification.spec': 41,
  'test/fault/group-state.spec': 40,
  'test/e2e/pulsar/authentication.spec': 38,
  'test/e2e/gateway/hidden-index.spec': 38,
  'test/e2e/gateway/command-line.spec': 29,
  'test/fault/pulsar-restart.spec': 27,
  'test/e2e/pulsar/oracle.spec': 27,
  'test/fault/group-coordinator.spec': 27,
};

/** Of suites that are not above: the kinds that start brokers and clients of their own take longer. */
const kindSeconds: readonly (readonly [folder: string, seconds: number])[] = [
  ['test/conformance/', 15],
  ['test/fault/', 15],
  ['test/abuse/', 20],
  ['test/walls/', 12],
  ['test/e2e/', 10],
  ['test/', 5],
];

interface Suite {
  readonly path: string;
}

/** As a guess before it has run. */
export function expectedSeconds({ path }: Suite): number {
  const name = relative(dist, path).replaceAll('\\', '/').replace(/\.js$/, '');
  return seconds[name] ?? kindSeconds.find(([folder]) => name.startsWith(folder))?.[1] ?? 1;
}

/** The shape jest calls; see its documentation on `testSequencer`. */
export default class LongestFirst {
  sort<T extends Suite>(suites: readonly T[]): T[] {
    return suites.toSorted(
      (a, b) => expectedSeconds(b) - expectedSeconds(a) || (a.path < b.path ? -1 : Number(a.path > b.path)),
    );
  }

  allFailedTests<T extends Suite>(suites: readonly T[]): T[] {
    return [...suites];
  }

  cacheResults(): void {}
}
