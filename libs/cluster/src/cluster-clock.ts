/** Time, so that tests need not wait for it. */
export interface ClusterClock {
  /** Milliseconds; never goes back. */
  now(): number;
  after(ms: number, call: () => void): { cancel(): void };
}

export const systemClock: ClusterClock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
