import type { ClusterSight } from './cluster-sight.js';

/**
 * Whether all gateways have told what they have, since there were other members: until then a keeper does not know who has
 * what. One that does not speak is waited for so long, and no longer.
 */
export class Hearing {
  readonly #heard = new Set<string>();
  #over = Promise.withResolvers<void>();
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sight: ClusterSight,
    private readonly waitMs: number,
    /** All have been heard, or it is not waited for any longer. */
    private readonly onOver: () => void,
  ) {
    this.restart();
  }

  /** All of them have told. */
  get isComplete(): boolean {
    for (const instance of this.sight.instances) if (!this.#heard.has(instance)) return false;
    return true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  whenOver(): Promise<void> {
    return this.#over.promise;
  }

  /** There are other members than before. */
  restart(): void {
    this.#heard.clear();
    if (this.#isOver) this.#over = Promise.withResolvers<void>();
    this.#isOver = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), this.waitMs).unref();
  }

  heard(instance: string): void {
    this.#heard.add(instance);
    if (this.isComplete) this.#end();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#over.resolve();
  }

  #end(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#over.resolve();
    this.onOver();
  }
}
