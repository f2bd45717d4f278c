import type { ServiceHost } from './service-url.js';

const backoffFirstMs = 100;
const backoffMaxMs = 2_000;

interface HostState {
  readonly host: ServiceHost;
  failures: number;
  retryAtMs: number;
}

/**
 * The order in which the hosts of a service URL are tried: the one that served last first, those that failed
 * lately last. When all of them failed lately, the first one has to be waited for.
 */
export class ServiceHosts {
  readonly #states: HostState[];
  readonly #now: () => number;

  constructor(hosts: readonly ServiceHost[], now: () => number = () => performance.now()) {
    this.#now = now;
    this.#states = hosts.map((host) => ({ host, failures: 0, retryAtMs: 0 }));
  }

  /** `waitMs` is how long to hold back before the first. */
  order(): { waitMs: number; hosts: ServiceHost[] } {
    const now = this.#now();
    const sorted = this.#states.toSorted((a, b) => Math.max(a.retryAtMs, now) - Math.max(b.retryAtMs, now));
    const waitMs = Math.max(0, Math.ceil((sorted[0]?.retryAtMs ?? 0) - now));
    return { waitMs, hosts: sorted.map((state) => state.host) };
  }

  succeeded(host: ServiceHost): void {
    const at = this.#states.findIndex((each) => each.host === host);
    const [state] = this.#states.splice(at, 1);
    if (!state) return;
    state.failures = 0;
    state.retryAtMs = 0;
    this.#states.unshift(state);
  }

  /** The delay doubles from 100 ms to 2 s; up to a quarter is taken off at random, so that gateways spread. */
  failed(host: ServiceHost): void {
    const state = this.#states.find((each) => each.host === host);
    if (!state) return;
    const delayMs = Math.min(backoffFirstMs * 2 ** state.failures, backoffMaxMs);
    state.failures = Math.min(state.failures + 1, 16);
    state.retryAtMs = this.#now() + delayMs * (1 - Math.random() / 4);
  }
}
