import { setTimeout as delay } from 'node:timers/promises';
import { PulsarAdminError } from './admin-http.js';

const triesMax = 50;
const pauseMs = 20;

/**
 * Two that make one subscription at the same moment move its cursor both, and the broker answers 412 to the second, which
 * would be 409 a moment later. So it is asked again.
 */
export async function whenNotBusy<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!isBusy(error) || tries === triesMax) throw error;
      await delay(pauseMs);
    }
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof PulsarAdminError && error.status === 412 && error.reason.includes('Subscription Busy')
  );
}
