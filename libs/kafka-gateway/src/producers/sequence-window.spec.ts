import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { positionMax, toSequenceId } from './pulsar-sequence.js';
import { batchesRemembered, type SequencedBatch, SequenceWindow } from './sequence-window.js';

function take(window: SequenceWindow<number>, epoch: number, sequence: number, count: number) {
  const verdict = window.examine(epoch, sequence, count);
  if (!('first' in verdict)) throw new Error(verdict.kind);
  return window.begin(epoch, verdict.first, count);
}

function store(window: SequenceWindow<number>, epoch: number, sequence: number, count: number, offset = 0) {
  const batch = take(window, epoch, sequence, count);
  window.stored(batch, offset);
  return batch;
}

describe('SequenceWindow', () => {
  it('starts at 0, or where the client says with nothing known, then takes only the next', () => {
    const window = new SequenceWindow<number>();
    expect(window.examine(3, 0, 5)).toEqual({ kind: 'next', first: 0 });
    expect(window.examine(3, 17, 5)).toEqual({ kind: 'mid-stream', first: 17 });
    store(window, 3, 17, 5);
    expect(window.examine(3, 22, 1)).toEqual({ kind: 'next', first: 22 });
    expect(window.examine(3, 23, 1)).toEqual({ kind: 'out-of-order', expected: 22 });
    expect(window.examine(3, 10, 2)).toEqual({ kind: 'out-of-order', expected: 22 });
  });

  it('knows the last five batches by their offsets, older ones only as stored', () => {
    const window = new SequenceWindow<number>();
    for (let at = 0; at < 8; at++) store(window, 0, at * 10, 10, at * 100);
    for (let at = 8 - batchesRemembered; at < 8; at++) {
      expect(window.examine(0, at * 10, 10)).toMatchObject({ kind: 'known', batch: { outcome: at * 100 } });
    }
    expect(window.examine(0, 20, 10)).toEqual({ kind: 'forgotten' });
    expect(window.examine(0, 0, 10)).toEqual({ kind: 'forgotten' });
  });

  it('refuses what overlaps with remembered batches and is cut differently', () => {
    const window = new SequenceWindow<number>();
    store(window, 0, 0, 10);
    store(window, 0, 10, 10);
    expect(window.examine(0, 5, 10).kind).toBe('out-of-order');
    expect(window.examine(0, 15, 10).kind).toBe('out-of-order');
    expect(window.examine(0, 10, 5).kind).toBe('out-of-order');
  });

  it('counts batches in flight as appended, and finds them again', () => {
    const window = new SequenceWindow<number>();
    const first = take(window, 0, 0, 10);
    const second = take(window, 0, 10, 10);
    expect(window.inFlight).toBe(2);
    expect(window.examine(0, 0, 10)).toEqual({ kind: 'known', batch: first });
    expect(window.examine(0, 20, 1)).toEqual({ kind: 'next', first: 20 });
    window.stored(second, 10);
    window.stored(first, 0);
    expect(window.inFlight).toBe(0);
    expect(window.examine(0, 0, 10)).toMatchObject({ kind: 'known', batch: { state: 'stored', outcome: 0 } });
  });

  it('keeps every batch in flight, however many', () => {
    const window = new SequenceWindow<number>();
    const batches = Array.from({ length: 20 }, (_, at) => take(window, 0, at, 1));
    expect(
      batches.every((batch, at) => window.examine(0, at, 1).kind === 'known' && batch.first === at),
    ).toBe(true);
  });

  it('starts a higher epoch at 0 and refuses a lower one', () => {
    const window = new SequenceWindow<number>();
    store(window, 1, 0, 10);
    expect(window.examine(2, 10, 1)).toEqual({ kind: 'out-of-order', expected: 0 });
    expect(window.examine(2, 0, 1)).toEqual({ kind: 'next', first: 0 });
    store(window, 2, 0, 1);
    expect(window.examine(1, 10, 1)).toEqual({ kind: 'stale-epoch', epoch: 2 });
    expect(window.epoch).toBe(2);
  });

  it('goes on over the end of the numbers', () => {
    const window = new SequenceWindow<number>();
    store(window, 0, 2 ** 31 - 5, 10, 7);
    expect(window.examine(0, 5, 3)).toEqual({ kind: 'next', first: 2 ** 31 + 5 });
    expect(window.examine(0, 2 ** 31 - 5, 10)).toMatchObject({ kind: 'known', batch: { outcome: 7 } });
  });

  it('asks for a new epoch when the positions of one are used up', () => {
    const window = new SequenceWindow<number>();
    window.restore(toSequenceId(0, positionMax - 5));
    expect(window.examine(0, 2 ** 31 - 5, 6).kind).toBe('out-of-order');
    expect(window.examine(0, 2 ** 31 - 5, 5).kind).toBe('next');
    expect(window.examine(1, 0, 6).kind).toBe('next');
  });

  describe('after a failure', () => {
    it('expects the failed sequence again', () => {
      const window = new SequenceWindow<number>();
      store(window, 0, 0, 10);
      window.failed(take(window, 0, 10, 10));
      expect(window.examine(0, 10, 4)).toEqual({ kind: 'next', first: 10 });
    });

    it('still expects the first batch before all others', () => {
      const window = new SequenceWindow<number>();
      window.failed(take(window, 4, 0, 10));
      expect(window.examine(4, 10, 1)).toEqual({ kind: 'out-of-order', expected: 0 });
      expect(window.examine(4, 0, 3)).toEqual({ kind: 'next', first: 0 });
    });

    it('takes nothing new while later batches are in flight, and all again when they failed too', () => {
      const window = new SequenceWindow<number>();
      store(window, 0, 0, 1);
      const [a, b, c] = [take(window, 0, 1, 1), take(window, 0, 2, 1), take(window, 0, 3, 1)];
      window.failed(a);
      expect(window.examine(0, 4, 1).kind).toBe('out-of-order');
      expect(window.examine(0, 1, 1).kind).toBe('out-of-order');
      window.failed(b);
      window.failed(c);
      expect(window.examine(0, 1, 1)).toEqual({ kind: 'next', first: 1 });
    });

    it('gives the epoch up when a later batch was stored, and never calls the lost one a duplicate', () => {
      const window = new SequenceWindow<number>();
      const [a, b] = [take(window, 0, 0, 5), take(window, 0, 5, 5)];
      window.failed(a);
      window.stored(b, 100);
      for (let at = 0; at < 12; at++) expect(window.examine(0, at, 1).kind).toBe('out-of-order');
      expect(window.examine(0, 0, 5).kind).toBe('out-of-order');
      expect(window.examine(0, 5, 5)).toMatchObject({ kind: 'known', batch: { outcome: 100 } });
      expect(window.examine(1, 0, 5).kind).toBe('next');
    });
  });

  describe('restored from the broker', () => {
    it('takes nothing more of an epoch in which a later batch is stored than one that failed: it would pass for a duplicate', () => {
      for (const isLearnt of [true, false]) {
        const window = new SequenceWindow<number>();
        store(window, 0, 0, 10);
        const failed = take(window, 0, 10, 10);
        const behind = take(window, 0, 20, 10);
        window.failed(failed);
        if (isLearnt) window.stored(behind, 20);
        window.restore(toSequenceId(0, 29));
        expect(window.examine(0, 10, 10)).toEqual({ kind: 'out-of-order', expected: 30 });
        expect(window.examine(1, 0, 10)).toEqual({ kind: 'next', first: 0 });
      }
    });

    it('goes on where the failed batch and those behind it are not stored, and where another gateway has stored more', () => {
      for (const [position, verdict] of [
        [9, { kind: 'next', first: 10 }],
        [19, { kind: 'ask-broker', first: 10 }],
        [39, { kind: 'ask-broker', first: 10 }],
      ] as const) {
        const window = new SequenceWindow<number>();
        store(window, 0, 0, 10);
        const failed = take(window, 0, 10, 10);
        take(window, 0, 20, 10);
        window.failed(failed);
        window.restore(toSequenceId(0, position));
        expect(window.examine(0, 10, 10)).toEqual(verdict);
        if (position >= 19) expect(window.examine(0, position + 1, 10).kind).toBe('next');
      }
    });

    it('goes on where the broker is, and asks it about what may be stored', () => {
      const window = new SequenceWindow<number>();
      window.restore(toSequenceId(2, 99));
      expect(window.epoch).toBe(2);
      expect(window.examine(2, 100, 10)).toEqual({ kind: 'next', first: 100 });
      expect(window.examine(2, 90, 10)).toEqual({ kind: 'ask-broker', first: 90 });
      expect(window.examine(2, 95, 10).kind).toBe('out-of-order');
      expect(window.examine(2, 110, 10).kind).toBe('out-of-order');
      expect(window.examine(1, 0, 1).kind).toBe('stale-epoch');
      expect(window.examine(3, 0, 1).kind).toBe('next');
    });

    it('remembers what it asked about', () => {
      const window = new SequenceWindow<number>();
      window.restore(toSequenceId(0, 99));
      const asked = take(window, 0, 90, 10);
      take(window, 0, 100, 5);
      expect(window.examine(0, 90, 10)).toEqual({ kind: 'known', batch: asked });
      window.stored(asked, 1000);
      expect(window.examine(0, 90, 10)).toMatchObject({ kind: 'known', batch: { outcome: 1000 } });
      expect(window.examine(0, 105, 1).kind).toBe('next');
    });

    it('forgets a question that was not answered without expecting its sequence again', () => {
      const window = new SequenceWindow<number>();
      window.restore(toSequenceId(0, 99));
      window.failed(take(window, 0, 90, 10));
      expect(window.examine(0, 90, 10).kind).toBe('ask-broker');
      expect(window.examine(0, 100, 1).kind).toBe('next');
    });

    it('drops batches of unknown outcome that the broker does not have', () => {
      const window = new SequenceWindow<number>();
      store(window, 0, 0, 10, 5);
      take(window, 0, 10, 10);
      take(window, 0, 20, 10);
      window.restore(toSequenceId(0, 19));
      expect(window.examine(0, 0, 10)).toMatchObject({ kind: 'known', batch: { outcome: 5 } });
      expect(window.examine(0, 10, 10).kind).toBe('ask-broker');
      expect(window.examine(0, 20, 10).kind).toBe('next');
    });

    it('keeps what this process stored when the broker remembers nothing', () => {
      const window = new SequenceWindow<number>();
      store(window, 0, 0, 10, 5);
      take(window, 0, 10, 10);
      window.restore(-1);
      expect(window.examine(0, 0, 10)).toMatchObject({ kind: 'known', batch: { outcome: 5 } });
      expect(window.examine(0, 10, 3).kind).toBe('next');
      const empty = new SequenceWindow<number>();
      take(empty, 0, 0, 10);
      take(empty, 0, 10, 10);
      empty.restore(-1);
      expect(empty.examine(0, 10, 10).kind).toBe('out-of-order');
      expect(empty.examine(0, 0, 10).kind).toBe('next');
    });

    it('follows another gateway into a newer epoch', () => {
      const window = new SequenceWindow<number>();
      store(window, 0, 0, 10);
      window.restore(toSequenceId(1, 4));
      expect(window.examine(0, 10, 1).kind).toBe('stale-epoch');
      expect(window.examine(1, 5, 1).kind).toBe('next');
    });
  });

  it('lets each position be stored once and in order, whatever client and broker do', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('send' as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('resend' as const), back: fc.integer({ min: 0, max: 7 }) }),
      fc.record({ do: fc.constant('confirm' as const) }),
      fc.record({ do: fc.constant('lose' as const), reached: fc.integer({ min: 0, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const simulation = new Simulation();
        for (const each of steps) simulation.run(each);
        simulation.check();
      }),
    );
  });
});

type Step =
  | { do: 'send'; count: number }
  | { do: 'resend'; back: number }
  | { do: 'confirm' }
  | { do: 'lose'; reached: number };

/** A client that resends what it does not know to be stored, and a broker with Pulsar's deduplication. */
class Simulation {
  private readonly window = new SequenceWindow<number>();
  private readonly log: number[] = [];
  private readonly sent: { sequence: number; count: number }[] = [];
  private next = 0;
  private flight: { batch: SequencedBatch<number>; duplicate: boolean }[] = [];

  run(step: Step): void {
    if (step.do === 'send') {
      this.sent.push({ sequence: this.next, count: step.count });
      this.offer(this.next, step.count);
      this.next += step.count;
    } else if (step.do === 'resend') {
      const again = this.sent.at(-1 - step.back);
      if (again !== undefined) this.offer(again.sequence, again.count);
    } else if (step.do === 'confirm') {
      const entry = this.flight.shift();
      if (entry !== undefined) this.confirm(entry);
    } else {
      // The first `reached` of those in flight are stored, and nobody is told.
      for (const entry of this.flight.splice(0, step.reached)) this.persist(entry.batch);
      this.flight = [];
      this.window.restore(this.log.length - 1);
    }
  }

  check(): void {
    for (const entry of this.flight.splice(0)) this.confirm(entry);
    expect(this.log).toEqual(this.log.map((_, at) => at));
  }

  private offer(sequence: number, count: number): void {
    const verdict = this.window.examine(0, sequence, count);
    if (verdict.kind === 'mid-stream') return;
    if (verdict.kind === 'next' || verdict.kind === 'ask-broker') {
      this.flight.push({ batch: this.window.begin(0, verdict.first, count), duplicate: false });
    } else if (verdict.kind === 'known' && verdict.batch.state === 'stored') {
      expect(verdict.batch.outcome).toBe(sequence);
    } else if (verdict.kind === 'forgotten') {
      expect(sequence + count).toBeLessThanOrEqual(this.log.length);
    }
  }

  private confirm({ batch }: { batch: SequencedBatch<number> }): void {
    this.persist(batch);
    this.window.stored(batch, batch.first);
  }

  private persist(batch: SequencedBatch<number>): void {
    if (batch.first < this.log.length) return;
    for (let at = batch.first; at <= batch.last; at++) this.log.push(at);
  }
}
