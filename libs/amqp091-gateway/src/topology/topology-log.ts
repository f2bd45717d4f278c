import type { Buffer } from 'node:buffer';
import { type AgreedState, AgreedStateError } from '#libs/cluster';
import { Amqp091Error } from '#libs/amqp091-codec';
import { preconditionFailed, topologyAway } from './refusals.js';
import { encodeTopologyRecord, recordBytesMax, type TopologyRecord } from './topology-record.js';

/** The tenant's log, as all gateways read it. */
export interface TopologyAgreement extends AgreedState {
  /** Resolves when all was read that was stored before the call. Rejects while the log cannot be asked. */
  caughtUp(): Promise<void>;
}

/** Changes that are on their way at once, and that wait for their turn: as many clients may come back together. */
export const topologyPutsMax = 500;
const waitingPutsMax = 20_000;

/** Writes to the log, and reads from it, with the protocol's errors. */
export class TopologyLog {
  #asking: Promise<void> | undefined;
  #nextAsking: Promise<void> | undefined;
  #putting = 0;
  /** Of each kind, what is being declared and is not there yet: it needs room, too. */
  readonly making: Record<TopologyRecord['kind'], number> = { exchange: 0, queue: 0, binding: 0, unused: 0 };
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly state: TopologyAgreement) {}

  get ready(): boolean {
    return this.state.ready;
  }

  /** Resolves when it was read back: what was written before it, by whom ever, has been applied here. */
  async put(key: string, record: TopologyRecord | null): Promise<void> {
    const value = record && encodeTopologyRecord(record);
    if (value !== null && value.length > recordBytesMax) {
      throw preconditionFailed(`arguments of over ${recordBytesMax} bytes`);
    }
    if (record !== null) this.making[record.kind]++;
    try {
      await this.#put(key, value);
    } finally {
      if (record !== null) this.making[record.kind]--;
    }
  }

  async #put(key: string, value: Buffer | null): Promise<void> {
    if (this.#putting >= topologyPutsMax) await this.#turn();
    else this.#putting++;
    try {
      await this.state.put(key, value);
    } catch (error) {
      throw faultOf(error);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#putting--;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= waitingPutsMax) {
      return Promise.reject(topologyAway(new Error(`${waitingPutsMax} changes wait already`)));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Resolves when all has been applied here that was answered before the call. One question to the log is for all who ask
   * before it is sent.
   */
  caughtUp(): Promise<void> {
    if (this.#asking === undefined) {
      this.#asking = this.#ask();
      return this.#asking;
    }
    // What is on its way may have been asked too early for this one.
    this.#nextAsking ??= this.#asking
      .catch(() => {})
      .then(() => {
        this.#nextAsking = undefined;
        this.#asking = this.#ask();
        return this.#asking;
      });
    return this.#nextAsking;
  }

  async #ask(): Promise<void> {
    try {
      await this.state.caughtUp();
    } catch (error) {
      throw faultOf(error);
    } finally {
      this.#asking = undefined;
    }
  }
}

function faultOf(error: unknown): Amqp091Error {
  if (error instanceof Amqp091Error) return error;
  if (error instanceof AgreedStateError && error.fault === 'full') {
    return preconditionFailed('cannot declare more: the limit of what is declared is reached');
  }
  return topologyAway(error);
}
