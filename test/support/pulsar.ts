// A Pulsar for a test: the run's shared one, or one of its own to stop, kill and restart.
export {
  findFreePort,
  type PulsarStandalone,
  type PulsarStandaloneOptions,
  startPulsar,
  startWatchedProcess,
} from '../../apps/cli/src/pulsar-standalone/index.js';

/** The Pulsar that all suites of a run share. */
export const testPulsar = {
  serviceUrl: process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650',
  adminUrl: process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080',
} as const;
