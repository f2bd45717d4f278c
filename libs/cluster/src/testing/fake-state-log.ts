import type { KeyedRecord } from '#libs/pulsar';
import type { LogPosition, OpenStateLog, StateLog, StateLogListener } from '../state-log.js';

interface Attached {
  readonly listener: StateLogListener;
  /** Of the entries, which it is given whole. */
  next: number;
  readonly receipts: (() => void)[];
  isClosed: boolean;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A log in memory that several states share; entry ids count, in one ledger. */
export class FakeStateLog {
  /** What `attached` says for all. */
  attached = true;
  /** Why it cannot be opened. */
  refusal: Error | undefined;
  opened = 0;
  #entries: (readonly KeyedRecord[])[] = [];
  #holdsReceipts = false;
  #holdsDelivery = false;
  readonly #all = new Set<Attached>();

  readonly open: OpenStateLog = async (listener) => {
    await turn();
    this.opened++;
    if (this.refusal !== undefined) throw this.refusal;
    const attached: Attached = { listener, next: 0, receipts: [], isClosed: false };
    this.#deliver(attached);
    this.#all.add(attached);
    return this.#log(attached);
  };

  /** Of somebody else; `record` as it lies in the log. */
  write(key: string, value: string | null): void {
    this.#store([{ key, value: value === null ? null : Buffer.from(value) }]);
  }

  /** From here on receipts, or what was stored, come when they are let go. */
  hold(what: 'receipts' | 'delivery'): void {
    if (what === 'receipts') this.#holdsReceipts = true;
    else this.#holdsDelivery = true;
  }

  release(): void {
    this.#holdsReceipts = false;
    this.#holdsDelivery = false;
    for (const attached of this.#all) {
      this.#deliver(attached);
      for (const receipt of attached.receipts.splice(0)) receipt();
    }
  }

  /** Ends by itself for all. */
  end(): void {
    for (const attached of [...this.#all]) {
      this.#all.delete(attached);
      attached.isClosed = true;
      attached.listener.onClosed('the topic was deleted');
    }
  }

  /** All that was written has been read, and what was answered to it too. */
  async settled(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await turn();
  }

  #log(attached: Attached): StateLog {
    const isAttached = () => this.attached;
    return {
      get attached() {
        return isAttached();
      },
      append: (records, done) => {
        const position = this.#store(
          records.map(({ key, value }) => ({ key, value: value && Buffer.from(value) })),
        );
        const receipt = () => {
          if (attached.isClosed) done(new Error('closed'), { ledgerId: -1, entryId: -1 });
          else done(undefined, position);
        };
        if (this.#holdsReceipts) attached.receipts.push(receipt);
        else setImmediate(receipt);
      },
      reachEnd: async () => {
        if (!this.attached) throw new Error('away');
        const end = this.#entries.length;
        while (attached.next < end && !attached.isClosed) await turn();
      },
      close: async () => {
        attached.isClosed = true;
        this.#all.delete(attached);
        for (const receipt of attached.receipts.splice(0)) receipt();
      },
    };
  }

  #store(records: readonly KeyedRecord[]): LogPosition {
    this.#entries.push(records);
    const position = { ledgerId: 1, entryId: this.#entries.length - 1 };
    if (!this.#holdsDelivery) for (const attached of this.#all) setImmediate(() => this.#deliver(attached));
    return position;
  }

  #deliver(attached: Attached): void {
    while (!attached.isClosed && !this.#holdsDelivery && attached.next < this.#entries.length) {
      for (const { key, value } of this.#entries[attached.next]!) attached.listener.onRecord(key, value);
      attached.listener.onRead({ ledgerId: 1, entryId: attached.next++ });
    }
  }
}
