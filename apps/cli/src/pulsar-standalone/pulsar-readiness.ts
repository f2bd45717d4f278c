// Waits until a Pulsar that was just started takes work, not merely connections.
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 250;
const requestTimeoutMs = 5_000;

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) });
    await response.arrayBuffer();
    // With authentication on, a refusal is an answer too: this waiter has no credentials.
    return response.ok || response.status === 401 || response.status === 403;
  } catch {
    return false;
  }
}

/**
 * Resolves when the admin API lists clusters and a namespace can be looked up (its bundle has an owner); a broker that
 * only listens answers neither. Rejects with `describeFailure`'s words when the process ends first or time is up.
 */
export async function waitUntilServing(
  adminUrl: string,
  ended: Promise<string>,
  timeoutMs: number,
  onWaiting: (seconds: number) => void,
): Promise<void> {
  const startedAt = Date.now();
  let endedWith: string | undefined;
  void ended.then((how) => {
    endedWith = how;
  });
  let reportedSeconds = 0;
  for (;;) {
    if (endedWith !== undefined) throw new Error(`Pulsar ended before it served (${endedWith})`);
    if (
      (await answers(`${adminUrl}/admin/v2/clusters`)) &&
      (await answers(`${adminUrl}/lookup/v2/topic/persistent/public/default/pulsegate-readiness`))
    ) {
      return;
    }
    const seconds = Math.floor((Date.now() - startedAt) / 1_000);
    if (seconds * 1_000 >= timeoutMs) throw new Error(`Pulsar did not serve within ${timeoutMs / 1_000} s`);
    if (seconds >= reportedSeconds + 5) {
      reportedSeconds = seconds;
      onWaiting(seconds);
    }
    await delay(pollMs);
  }
}
