export interface ClockTimer {
  cancel(): void;
}

/** Time as the group coordinator knows it; tests pass one that they turn by hand. */
export interface CoordinatorClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `fn` once after `ms`, unless cancelled. Does not keep the process alive. */
  after(ms: number, fn: () => void): ClockTimer;
}

/** Longest delay of one timer of Node; more is taken in steps. */
const delayMsMax = 0x7fffffff;

export const systemClock: CoordinatorClock = {
  now: () => Date.now(),
  after(ms, fn) {
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      const step = Math.min(left, delayMsMax);
      timer = setTimeout(() => (left > step ? wait(left - step) : fn()), step).unref();
    };
    wait(Math.max(0, ms));
    return { cancel: () => clearTimeout(timer) };
  },
};
