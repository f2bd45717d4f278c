// Before the first suite: one embedded Pulsar for the whole run, unless the environment names one.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveClasses, type PulsarStandalone, startPulsar } from './pulsar.js';

const dataDir = fileURLToPath(new URL('../../../.pulsegate/pulsar/test-data', import.meta.url));

/** Gateways' files of earlier runs stay for a look at their logs, but not for ever. */
const gatewayFiles = fileURLToPath(new URL('../../../.pulsegate/test-gateways', import.meta.url));
const gatewayFilesKeptMs = 6 * 3_600_000;

function removeOldGatewayFiles(): void {
  if (!existsSync(gatewayFiles)) return;
  for (const name of readdirSync(gatewayFiles)) {
    const folder = join(gatewayFiles, name);
    if (Date.now() - statSync(folder).mtimeMs > gatewayFilesKeptMs) rmSync(folder, { recursive: true });
  }
}

declare global {
  var pulsegateTestPulsar: PulsarStandalone | undefined;
}

export default async function setUp(): Promise<void> {
  removeOldGatewayFiles();
  if (process.env.PULSEGATE_TEST_PULSAR_URL) return;
  const standalone = await startPulsar({
    dataDir,
    wipe: true,
    onProgress: (line) => process.stdout.write(`       ${line}\n`),
    onUnexpectedEnd: (how) =>
      process.stdout.write(`       the embedded Pulsar ended during the run (${how})\n`),
  });
  archiveClasses(standalone);
  globalThis.pulsegateTestPulsar = standalone;
  process.env.PULSEGATE_TEST_PULSAR_URL = standalone.serviceUrl;
  process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL = standalone.adminUrl;
}
