const waitMsMax = 60_000;
const lookMs = 20;

/**
 * Looks until it is so.
 *
 * @param what it is waited for, for the error; a function is asked when it did not come about
 */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string | (() => string) = `${isSo}`,
  msMax = waitMsMax,
): Promise<void> {
  for (const deadline = performance.now() + msMax; !(await isSo()); ) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${msMax} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
