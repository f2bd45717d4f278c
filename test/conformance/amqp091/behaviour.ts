import type { BehaviourBed } from './behaviour-bed.js';

/** What RabbitMQ does, as its documentation or the specification has it, and a test of whether the gateway does so too. */
export interface Behaviour {
  /** Names the test; unique in the whole table. */
  readonly id: string;
  readonly says: string;
  /** `spec` with a clause of 0-9-1, or pages of RabbitMQ's documentation, e.g. `docs/ttl`. */
  readonly source: string;
  /** Of an exception: what the gateway does in its place, which is what is tested then. */
  readonly instead?: string;
  /** Throws where the gateway behaves otherwise. */
  run(bed: BehaviourBed): Promise<void>;
}

export interface BehaviourArea {
  readonly title: string;
  readonly behaviours: readonly Behaviour[];
}
