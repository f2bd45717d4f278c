import { Worker } from 'node:worker_threads';
import { ConfigError, type ConfigText, type LocatedFault, parseConfig } from '../config-file.js';
import type { GatewayConfig } from '../gateway.config.js';
import { type TenantsOnce, unchangeable } from './config-change.js';

/** What a configuration may take to be read; 8 MiB of 20,000 tenants take some 10 s and 600 MB. */
const limitsDefault = { readMsMax: 45_000, heapMebibytesMax: 1_024 };

/** Up to here it is read at once, mostly in less than 50 ms (0.3 s where aliases repeat much): a thread takes longer to start. */
const textLengthMax = 8_192;

export interface ConfigToCheck extends Pick<ConfigText, 'name' | 'folder' | 'environment'> {
  readonly text: string;
  /** What it is to take the place of. */
  readonly running: GatewayConfig;
  /** Of {@link unchangeable}. */
  readonly known: TenantsOnce;
}

export type CheckedConfig = { readonly config: GatewayConfig } | { readonly faults: readonly LocatedFault[] };

/** @throws ConfigError */
export function checkAtOnce({ text, running, known, ...options }: ConfigToCheck): GatewayConfig {
  const judge = (config: GatewayConfig) => unchangeable(running, config, known);
  return parseConfig(text, { ...options, references: true, judge });
}

/**
 * Reads and checks a configuration, with what it points to; a long one in a thread of its own: YAML of some MB takes seconds,
 * in which clients would stand still. What takes too much time or memory is refused.
 *
 * @throws ConfigError
 */
export async function checkedConfig(
  toCheck: ConfigToCheck,
  { readMsMax, heapMebibytesMax } = limitsDefault,
): Promise<GatewayConfig> {
  if (toCheck.text.length <= textLengthMax) return checkAtOnce(toCheck);
  const worker = new Worker(new URL('./config-check.worker.js', import.meta.url), {
    workerData: { ...toCheck, environment: { ...toCheck.environment } },
    resourceLimits: { maxOldGenerationSizeMb: heapMebibytesMax },
  });
  const tooMuch = (of: string) =>
    new ConfigError([
      {
        ...{ where: toCheck.name, key: '' },
        message: `takes more than ${of} to read: it has too many values; move users to authentication.usersFile, and say permissions of many by pattern`,
      },
    ]);
  // A gateway that stops does not wait for it.
  worker.unref();
  const { promise, resolve, reject } = Promise.withResolvers<CheckedConfig>();
  const timer = setTimeout(() => reject(tooMuch(`${readMsMax / 1_000} s`)), readMsMax).unref();
  worker.once('message', resolve);
  worker.once('error', (error: NodeJS.ErrnoException) =>
    reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`${heapMebibytesMax} MiB of memory`) : error),
  );
  worker.once('exit', () => reject(new Error('the check of the configuration ended without an answer')));
  try {
    const checked = await promise;
    if ('faults' in checked) throw new ConfigError(checked.faults);
    return checked.config;
  } finally {
    clearTimeout(timer);
    // The next one is taken up when this one takes nothing more.
    await worker.terminate();
  }
}
