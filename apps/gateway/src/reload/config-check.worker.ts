import { parentPort, workerData } from 'node:worker_threads';
import { ConfigError } from '../config-file.js';
import { checkAtOnce, type CheckedConfig, type ConfigToCheck } from './config-check.js';

/** The thread of one configuration: says what it is, or its faults, and ends. */
function checked(toCheck: ConfigToCheck): CheckedConfig {
  try {
    return { config: checkAtOnce(toCheck) };
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.faults };
    throw error;
  }
}

parentPort?.postMessage(checked(workerData as ConfigToCheck));
