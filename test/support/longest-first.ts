// jest's test sequencer for `npm test`: suites that take long begin first, so that no worker ends with one alone. jest's own
// goes by the durations of earlier runs, of which a fresh clone has none.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../', import.meta.url));

/** Seconds on two cores, of suites that take twenty or more, or much longer than their kind. A number that is out of date costs time only. */
const seconds: Readonly<Record<string, number>> = {
  'test/fault/consume-trouble.spec': 90,
  'test/fault/group-churn.check': 80,
  'test/fault/pulsar-away.spec': 75,
  'test/e2e/kafka/sparse-offsets.spec': 60,
  'test/fault/idempotent-producer.check': 58,
  'test/e2e/gateway/pulsar-grants.spec': 50,
  'test/e2e/kafka/consumer-protocol.spec': 46,
  'test/fault/group-failover.spec': 45,
  'test/fault/mqtt-devices.check': 44,
  'test/e2e/gateway/pulsar-identities.spec': 42,
  'test/conformance/kafka-identities.check': 32,
  'test/conformance/amqp091-clients.check': 32,
  'test/e2e/gateway/namespace-verification.spec': 31,
  'test/fault/plain-producer.check': 30,
  'test/fault/security-state.spec': 29,
  'test/conformance/kafka-streams.check': 28,
  'test/fault/group-coordinator.spec': 28,
  'test/conformance/kafka-clients.check': 26,
  'test/e2e/pulsar/authentication.spec': 27,
  'test/conformance/kafka-consumers.check': 25,
  'test/fault/gateway-stop.spec': 24,
  'test/e2e/gateway/hidden-index.spec': 22,
  'test/e2e/pulsar/lease.spec': 22,
  'test/fault/group-state.spec': 20,
  'libs/transport/src/tls/half-open.spec': 14,
  'libs/transport/src/websocket/websocket-listener.spec': 8,
  'libs/transport/src/listener.spec': 6,
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
