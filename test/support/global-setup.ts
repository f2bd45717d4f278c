// Before the first suite: one embedded Pulsar for the whole run, unless the environment names one.
import { fileURLToPath } from 'node:url';
import { type PulsarStandalone, startPulsar } from '../../apps/cli/src/pulsar-standalone/index.js';

const dataDir = fileURLToPath(new URL('../../../.pulsegate/pulsar/test-data', import.meta.url));

declare global {
  var pulsegateTestPulsar: PulsarStandalone | undefined;
}

export default async function setUp(): Promise<void> {
  if (process.env.PULSEGATE_TEST_PULSAR_URL) return;
  const standalone = await startPulsar({
    dataDir,
    wipe: true,
    onProgress: (line) => process.stdout.write(`       ${line}\n`),
    onUnexpectedEnd: (how) =>
      process.stdout.write(`       the embedded Pulsar ended during the run (${how})\n`),
  });
  globalThis.pulsegateTestPulsar = standalone;
  process.env.PULSEGATE_TEST_PULSAR_URL = standalone.serviceUrl;
  process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL = standalone.adminUrl;
}
