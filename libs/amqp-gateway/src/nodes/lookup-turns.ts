import type { AmqpIdentity } from '../connection/amqp-identity.js';

/** Of one connection side by side: what it asks of Pulsar's REST and brokers before a link is attached. */
const parallelMax = 16;

interface Turns {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * What one connection has looked up, made and opened at the same time is bounded: a client may attach thousands of links at
 * once, whose number is bounded by its sessions and handles, and each costs several requests.
 */
export class LookupTurns {
  private readonly byConnection = new WeakMap<AmqpIdentity, Turns>();

  /** Calls `task` when it is its turn, in the order of the calls, and gives what it gives. */
  async run<T>(identity: AmqpIdentity, task: () => Promise<T>): Promise<T> {
    let turns = this.byConnection.get(identity);
    if (turns === undefined) this.byConnection.set(identity, (turns = { running: 0, waiting: [] }));
    const { waiting } = turns;
    if (turns.running < parallelMax) turns.running++;
    // Who ends hands its place over: nobody comes between.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) turns.running--;
      else next();
    }
  }
}
