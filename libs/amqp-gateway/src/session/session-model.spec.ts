// Sessions against a model of what the specification allows, with clients that say anything in any order.
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SessionBed } from '../testing/session-bed.js';

const linkCount = 3;
const handleOf = fc.nat(linkCount - 1);

const receivingStep = fc.oneof(
  fc.record({ kind: fc.constant('credit' as const), handle: handleOf, n: fc.nat(12), drain: fc.boolean() }),
  fc.record({ kind: fc.constant('window' as const), n: fc.nat(8) }),
  fc.record({ kind: fc.constant('offer' as const), handle: handleOf, n: fc.nat(10), bytes: fc.nat(2_000) }),
  fc.record({ kind: fc.constant('settle' as const), from: fc.nat(50), n: fc.nat(30), settled: fc.boolean() }),
  fc.record({ kind: fc.constant('writable' as const), is: fc.boolean() }),
);

/** What a client knows of one link that it receives on. */
interface ModelLink {
  deliveries: number;
  /** The delivery count up to which it may be sent. */
  allowedUpTo: number;
  readonly texts: string[];
  partial: Buffer[];
}

/** A client that receives on some links, and checks each frame against what it has allowed. */
class ReceivingModel {
  readonly links: ModelLink[] = [];
  readonly offered: string[][] = Array.from({ length: linkCount }, () => []);
  readonly unsettled = new Set<number>();
  frames = 0;
  windowEnd: number;

  constructor(
    readonly bed: SessionBed,
    window: number,
  ) {
    this.windowEnd = window;
    for (let handle = 0; handle < linkCount; handle++) {
      bed.send({
        ...{ type: 'attach', name: `l${handle}`, handle, role: true },
        source: { type: 'source', address: `q${handle}` },
      });
      this.links.push({ deliveries: 0, allowedUpTo: 0, texts: [], partial: [] });
    }
  }

  flow(fields: { handle?: number; deliveryCount?: number; linkCredit?: number; drain?: boolean }): void {
    this.bed.send({
      ...{ type: 'flow', nextIncomingId: this.frames, incomingWindow: this.windowEnd - this.frames },
      ...{ nextOutgoingId: 0, outgoingWindow: 0, ...fields },
    });
  }

  check(): void {
    for (const { performative, payload } of this.bed.frames.splice(0)) {
      if (performative.type === 'transfer') this.#onTransfer(performative, payload);
      else if (performative.type === 'flow' && performative.handle !== undefined) {
        const link = this.links[performative.handle]!;
        // A drain has used up what was left of the credit then, and no more than that.
        expect(performative).toMatchObject({ drain: true, linkCredit: 0 });
        expect(performative.deliveryCount).toBeGreaterThanOrEqual(link.deliveries);
        expect(performative.deliveryCount).toBeLessThanOrEqual(link.allowedUpTo);
        link.deliveries = performative.deliveryCount!;
      } else if (performative.type === 'disposition') {
        for (let id = performative.first; id <= (performative.last ?? performative.first); id++) {
          expect(this.unsettled.delete(id)).toBe(true);
        }
      }
    }
  }

  #onTransfer(
    { handle, deliveryId, more }: { handle: number; deliveryId?: number | undefined; more: boolean },
    payload: Buffer,
  ): void {
    const link = this.links[handle]!;
    expect(++this.frames).toBeLessThanOrEqual(this.windowEnd);
    if (link.partial.length === 0) {
      expect(++link.deliveries).toBeLessThanOrEqual(link.allowedUpTo);
      this.unsettled.add(deliveryId!);
    }
    link.partial.push(payload);
    if (more) return;
    link.texts.push(Buffer.concat(link.partial).subarray(8).toString());
    link.partial = [];
  }
}

describe('a session that sends', () => {
  it('never sends beyond window or credit, keeps the order, settles once, and lets no link wait for ever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(10),
        fc.array(receivingStep, { maxLength: 60, size: 'max' }),
        async (window, steps) => {
          const begin = { incomingWindow: window };
          const bed = new SessionBed({ begin, peerFrameBytesMax: 512, options: { unsettledMax: 20 } });
          const model = new ReceivingModel(bed, window);
          await bed.turn();
          bed.frames.length = 0;
          for (const step of steps) {
            apply(step, model);
            await bed.turn();
            model.check();
          }
          await finish(model);
          expect(model.links.map(({ texts }) => texts)).toEqual(model.offered);
          expect(bed.failure).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });
});

function apply(
  step: typeof receivingStep extends fc.Arbitrary<infer S> ? S : never,
  model: ReceivingModel,
): void {
  const { bed } = model;
  switch (step.kind) {
    case 'credit': {
      const link = model.links[step.handle]!;
      link.allowedUpTo = link.deliveries + step.n;
      model.flow({
        handle: step.handle,
        deliveryCount: link.deliveries,
        linkCredit: step.n,
        drain: step.drain,
      });
      break;
    }
    case 'window':
      model.windowEnd = Math.max(model.windowEnd, model.frames + step.n);
      model.flow({});
      break;
    case 'offer': {
      const texts = model.offered[step.handle]!;
      for (let i = 0; i < step.n; i++) {
        const text = `${texts.length}:`.padEnd(step.bytes, 'x');
        texts.push(text);
        bed.nodes.sources.get(`q${step.handle}`)!.offer(text);
      }
      break;
    }
    case 'settle':
      settle(model, step.from, step.from + step.n, step.settled);
      break;
    case 'writable':
      bed.writable = step.is;
      if (step.is) bed.session.onWritable();
  }
}

/** Accepts, and what waits for an answer is gone when it comes. */
function settle({ bed, unsettled }: ReceivingModel, first: number, last: number, settled: boolean): void {
  bed.send({ type: 'disposition', role: true, first, last, settled, state: { type: 'accepted' } });
  if (settled) for (const id of unsettled) if (id >= first && id <= last) unsettled.delete(id);
}

/** Everything is allowed now, so everything has to come. */
async function finish(model: ReceivingModel): Promise<void> {
  const { bed } = model;
  bed.writable = true;
  bed.session.onWritable();
  for (let round = 0; round < 400; round++) {
    await bed.turn();
    model.check();
    if (model.links.every(({ texts }, i) => texts.length >= model.offered[i]!.length)) break;
    settle(model, 0, 0x7000_0000, true);
    model.windowEnd = model.frames + 5;
    // Drains that waited for the window are answered by it.
    model.flow({});
    await bed.turn();
    model.check();
    for (let handle = 0; handle < linkCount; handle++) {
      const link = model.links[handle]!;
      link.allowedUpTo = link.deliveries + 3;
      model.flow({ handle, deliveryCount: link.deliveries, linkCredit: 3 });
    }
  }
}
