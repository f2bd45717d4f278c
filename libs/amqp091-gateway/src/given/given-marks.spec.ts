import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Splice, SpliceAcceptor, SpliceEvents } from '#libs/cluster';
import { PulsarAdminError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { linkedClusters } from '../testing/linked-clusters.js';
import { GivenMarks, type GivenUse } from './given-marks.js';

const topic = 'persistent://acme/shop/work';
const at = (entryId: number) => ({ ledgerId: 3, entryId });
const late = Number.MAX_SAFE_INTEGER;
const loadedAt = '2026-01-01T00:00:00.000Z';

/** A consumer that is attached. */
async function consuming(marks: GivenMarks): Promise<GivenUse> {
  const use = await marks.use(topic, false);
  await use.attached();
  return use;
}

/** Gateways before one broker; `kill` ends what they have to do with each other. */
class Gateways {
  readonly marks: GivenMarks[] = [];
  /** What the broker says of the subscription. */
  cursor: object | undefined;
  asked = 0;
  readonly #clusters: ReturnType<typeof linkedClusters>;
  readonly #acceptors = new Map<number, SpliceAcceptor>();
  readonly #open = new Set<{ ends: readonly number[]; close: () => void }>();
  readonly #changed = new Set<() => void>();
  /** Members that nobody knows of. */
  #gone: number | undefined;

  constructor(count: number) {
    this.#clusters = linkedClusters(count);
    for (const [nodeId, cluster] of this.#clusters.entries()) {
      const splicing = {
        open: (to: number, _kind: string, header: Buffer, events: SpliceEvents) =>
          this.#splice(nodeId, to, header, events),
        serve: (_kind: string, accept: SpliceAcceptor) => void this.#acceptors.set(nodeId, accept),
      };
      const members = () => cluster.members().filter((each) => each.nodeId !== this.#gone);
      const onChange = (listener: () => void) => {
        this.#changed.add(listener);
        return () => this.#changed.delete(listener);
      };
      const admin = {
        internalStats: async () => {
          this.asked++;
          if (this.cursor === undefined) throw new PulsarAdminError(503, 'away', topic);
          return { cursors: { 'pulsegate.queue': this.cursor } } as never;
        },
      };
      this.marks.push(
        new GivenMarks({ admin, cluster: { ...cluster, members, onChange, splicing }, log: silentLog }),
      );
    }
  }

  /** It does not answer, for so long. */
  away(nodeId: number, isAway: boolean): void {
    this.#clusters[nodeId]!.isAway = isAway;
  }

  kill(nodeId: number): void {
    for (const each of [...this.#open]) if (each.ends.includes(nodeId)) each.close();
  }

  /** Its machine is gone, nobody closes anything; or it was not heard of yet. */
  leave(nodeId: number | undefined): void {
    this.#gone = nodeId;
    for (const listener of this.#changed) listener();
  }

  #splice(from: number, to: number, header: Buffer, events: SpliceEvents): Promise<Splice> {
    const connection = this.#acceptors.get(to)!({ log: silentLog } as never, header, from);
    const open = {
      ends: [from, to],
      close: () => {
        if (!this.#open.delete(open)) return;
        connection.onClose('gone');
        events.onClose('gone');
      },
    };
    this.#open.add(open);
    return Promise.resolve({
      send: (bytes: Buffer) => {
        for (const frame of connection.decoder.push(bytes)) connection.onFrame(frame);
        return true;
      },
      ...{ pause: () => {}, resume: () => {}, close: open.close },
    });
  }
}

const neverUsed = {
  ...{ readPosition: '3:0', state: 'Open', messagesConsumedCounter: 0, lastLedgerSwitchTimestamp: loadedAt },
};

describe('gateways that consume one queue', () => {
  it('know what one of them has given when it is killed, and not before', async () => {
    const gateways = new Gateways(3);
    gateways.cursor = neverUsed;
    const [first, second, third] = await Promise.all(gateways.marks.map(consuming));
    for (let entryId = 0; entryId < 10; entryId++) first!.given(at(entryId));
    second!.given(at(20));
    await turn();
    first!.given(at(10));
    await turn();
    const judged = (entryId: number) =>
      [second!, third!].map((each) => each.mayHaveBeenGiven(at(entryId), late));
    expect(judged(10)).toEqual([false, false]);
    gateways.kill(0);
    expect([judged(10), judged(11)]).toEqual([
      [true, true],
      [false, false],
    ]);
    // The broker gives again what any of those has that are there.
    third!.brokerLost();
    expect([judged(20), judged(21)]).toEqual([
      [false, true],
      [false, false],
    ]);
  });

  it('know it too when nothing ends but the member', async () => {
    const gateways = new Gateways(2);
    gateways.cursor = neverUsed;
    const [first, second] = await Promise.all(gateways.marks.map(consuming));
    first!.given(at(4));
    await turn();
    gateways.leave(0);
    expect([4, 5].map((entryId) => second!.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
  });

  it('tell one that comes later', async () => {
    const gateways = new Gateways(2);
    gateways.cursor = neverUsed;
    const first = await consuming(gateways.marks[0]!);
    first.given(at(7));
    gateways.cursor = { ...neverUsed, state: 'NoLedger' };
    const second = await consuming(gateways.marks[1]!);
    expect([7, 8].map((entryId) => second.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
    // Somebody knows: it is not that what was published before the broker came may have been given.
    expect(second.mayHaveBeenGiven(at(8), 0)).toBe(false);
    first.given(at(9));
    await turn();
    gateways.kill(0);
    expect(second.mayHaveBeenGiven(at(9), late)).toBe(true);
  });
});

describe('gateways that begin to consume before they know each other', () => {
  it('tell each other when they do', async () => {
    const gateways = new Gateways(2);
    gateways.cursor = neverUsed;
    gateways.leave(1);
    const first = await consuming(gateways.marks[0]!);
    gateways.leave(0);
    const second = await consuming(gateways.marks[1]!);
    gateways.leave(undefined);
    await turn();
    first.given(at(4));
    second.given(at(9));
    await turn();
    gateways.kill(1);
    expect([9, 10].map((entryId) => first.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
    expect([4, 5].map((entryId) => second.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
  });
});

describe('a gateway that does not answer', () => {
  it('is told what is given as soon as it does, or gives something itself', async () => {
    const gateways = new Gateways(2);
    gateways.cursor = neverUsed;
    const first = await consuming(gateways.marks[0]!);
    gateways.away(0, true);
    const second = await consuming(gateways.marks[1]!);
    gateways.away(0, false);
    await delay(700);
    second.given(at(9));
    await turn();
    gateways.kill(1);
    expect([9, 10].map((entryId) => first.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
  });
});

describe('a gateway that comes to a queue', () => {
  it('learns from the broker what it has dispatched, and that it does not know what was before it', async () => {
    const gateways = new Gateways(1);
    gateways.cursor = { ...neverUsed, readPosition: '3:5', state: 'NoLedger' };
    const use = await consuming(gateways.marks[0]!);
    expect([4, 5].map((entryId) => use.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
    expect(use.mayHaveBeenGiven(at(5), Date.parse(loadedAt) - 1)).toBe(true);
  });

  it('takes all for given where the broker cannot be asked', async () => {
    const gateways = new Gateways(1);
    const before = Date.now() - 1;
    const use = await consuming(gateways.marks[0]!);
    expect([before, late].map((ms) => use.mayHaveBeenGiven(at(0), ms))).toEqual([true, false]);
  });

  it('asks the others what they have given until it was attached', async () => {
    const gateways = new Gateways(2);
    gateways.cursor = neverUsed;
    const [first, second] = gateways.marks as [GivenMarks, GivenMarks];
    const later = await first.use(topic, false);
    const other = await consuming(second);
    other.given(at(6));
    await later.attached();
    expect([6, 7].map((entryId) => later.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
  });

  it('asks once while it has consumers, and, when it is alone, once for all; nothing of a queue of its own', async () => {
    const gateways = new Gateways(1);
    gateways.cursor = neverUsed;
    const marks = gateways.marks[0]!;
    await (await marks.use('persistent://acme/shop/own', true)).attached();
    expect(gateways.asked).toBe(0);
    const [one, other] = await Promise.all([consuming(marks), consuming(marks)]);
    one!.given(at(3));
    one!.leave();
    one!.leave();
    other!.leave();
    const again = await consuming(marks);
    expect(gateways.asked).toBe(1);
    expect([3, 4].map((entryId) => again.mayHaveBeenGiven(at(entryId), late))).toEqual([true, false]);
  });
});
