import type { AnyApiHandler } from './handler.js';

export interface ApiRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** What is served. What is advertised is computed from it, so the two cannot differ. */
export class ApiTable {
  readonly #handlers = new Map<number, AnyApiHandler>();
  readonly ranges: readonly ApiRange[];

  /** @throws RangeError when an API is there twice or with versions that the codec does not have */
  constructor(handlers: readonly AnyApiHandler[]) {
    for (const handler of handlers) {
      const { api, versionMin, versionMax } = handler;
      if (this.#handlers.has(api.key)) throw new RangeError(`${api.name} is registered twice`);
      if (versionMin < api.versionMin || versionMax > api.versionMax || versionMin > versionMax) {
        throw new RangeError(`${api.name} has no versions ${versionMin}-${versionMax}`);
      }
      this.#handlers.set(api.key, handler);
    }
    this.ranges = [...this.#handlers.values()]
      .map(({ api, versionMin, versionMax }) => ({
        apiKey: api.key,
        minVersion: versionMin,
        maxVersion: versionMax,
      }))
      .sort((a, b) => a.apiKey - b.apiKey);
  }

  find(apiKey: number): AnyApiHandler | undefined {
    return this.#handlers.get(apiKey);
  }
}
