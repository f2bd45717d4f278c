import type { VhostTopology } from '../topology/vhost-topology.js';

interface Run {
  readonly done: Promise<void>;
  next: Promise<void> | undefined;
}

/** Asks for many whether a vhost is known up to now: what is asked while a question is on its way shares the next one. */
export class CatchUps {
  readonly #runs = new WeakMap<VhostTopology, Run>();

  /** As `VhostTopology.caughtUp`. */
  caughtUp(topology: VhostTopology): Promise<void> {
    const run = this.#runs.get(topology);
    if (run === undefined) return this.#ask(topology);
    const ask = () => this.#ask(topology);
    run.next ??= run.done.then(ask, ask);
    return run.next;
  }

  #ask(topology: VhostTopology): Promise<void> {
    const run: Run = {
      done: topology.caughtUp().finally(() => {
        if (this.#runs.get(topology) === run && run.next === undefined) this.#runs.delete(topology);
      }),
      next: undefined,
    };
    this.#runs.set(topology, run);
    return run.done;
  }
}
