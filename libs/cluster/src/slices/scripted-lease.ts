import { Buffer } from 'node:buffer';
import { type LeaseOptions, type LeaseState, PulsarError } from '#libs/pulsar';
import type { SliceGround, SliceState } from './held-slice.js';

/** Keeps what it is given. */
export class Notes implements SliceState {
  readonly notes = new Map<string, string>();
  isServing = false;
  isClosed = false;

  constructor(readonly ground: SliceGround) {}

  get count(): number {
    return this.notes.size;
  }

  replay(key: string, value: Buffer | null): void {
    this.notes.set(key, String(value));
  }

  serve(): void {
    this.isServing = true;
  }

  settle?: () => Promise<void>;

  close(): void {
    this.isClosed = true;
  }
}

/** Its state is what the test says. */
export class ScriptedLease {
  state: LeaseState = 'queued';
  released = 0;

  constructor(readonly options: LeaseOptions) {}

  become(state: LeaseState): void {
    this.state = state;
    this.options.onStateChange?.(state, state === 'lost' ? new PulsarError('ProducerFenced', '') : undefined);
  }

  record(key: string, value: string): void {
    const place = { ledgerId: 1, entryId: 1, batchIndex: -1 };
    this.options.onRecord({ key, value: Buffer.from(value), ...place });
  }

  release(): Promise<void> {
    this.released++;
    return Promise.resolve();
  }
}
