// Links that clients send on, against a model: any sizes, frames, settle modes, and receipts in any order.
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { FakeTarget, TakenMessage } from '../testing/fake-nodes.js';
import { SessionBed, type SessionBedSettings } from '../testing/session-bed.js';

const linkCreditMessages = 8;
const options = { linkCreditMessages, sessionWindowFrames: 12, publishBytesInFlightMax: 4_000 };

/** A client that sends on one link, in frames of 100 bytes, whatever it has credit and window for. */
class SendingModel {
  readonly bed: SessionBed;
  credit = 0;
  readonly windowMax: number;
  window: number;
  frames = 0;
  sent: Buffer[] = [];
  readonly pending: TakenMessage[] = [];
  readonly outcomes = new Map<number, string>();
  readonly expected = new Map<number, string>();
  readonly #left: Buffer[] = [];

  constructor(settings: SessionBedSettings = {}) {
    this.bed = new SessionBed({ ...settings, options: { ...options, ...settings.options } });
    this.windowMax = settings.options?.sessionWindowFrames ?? options.sessionWindowFrames;
    this.window = this.windowMax;
    this.bed.nodes.onTarget = (target) => {
      target.isPrompt = false;
    };
    this.bed.send({
      ...{ type: 'attach', name: 'l', handle: 0, role: false, initialDeliveryCount: 0 },
      target: { type: 'target', address: 'q' },
    });
  }

  get target(): FakeTarget {
    return this.bed.nodes.targets.get('q')!;
  }

  async turn(): Promise<void> {
    await this.bed.turn();
    for (const { performative: said } of this.bed.frames.splice(0)) {
      if (said.type === 'flow') {
        this.window = said.nextIncomingId! + said.incomingWindow - this.frames;
        expect(said.incomingWindow).toBeLessThanOrEqual(this.windowMax);
        if (said.handle !== undefined)
          this.credit = said.deliveryCount! + said.linkCredit! - this.sent.length;
        expect(this.credit).toBeLessThanOrEqual(linkCreditMessages);
      } else if (said.type === 'disposition') {
        for (let id = said.first; id <= (said.last ?? said.first); id++) {
          expect(this.outcomes.has(id)).toBe(false);
          this.outcomes.set(id, said.state!.type);
        }
      } else expect(['attach', 'begin']).toContain(said.type);
    }
    this.pending.push(...this.target.taken.splice(0));
  }

  /** Sends one frame: the rest of a message, or of a new one. False: it may not. */
  sendFrame(bytes: number): boolean {
    if (this.window === 0 || (this.#left.length === 0 && this.credit === 0)) return false;
    const deliveryId = this.#left.length === 0 ? this.sent.length : undefined;
    if (deliveryId !== undefined) this.#begin(bytes);
    const payload = this.#left.shift()!;
    const deliveryTag = deliveryId === undefined ? undefined : Buffer.from(`${deliveryId}`);
    this.window--;
    this.frames++;
    const more = this.#left.length > 0;
    this.bed.send({ type: 'transfer', handle: 0, deliveryId, deliveryTag, more }, payload);
    return true;
  }

  #begin(bytes: number): void {
    const message = Buffer.alloc(bytes, this.sent.length);
    this.credit--;
    this.sent.push(message);
    for (let at = 0; at === 0 || at < bytes; at += 100) this.#left.push(message.subarray(at, at + 100));
  }

  answer(at: number, fails: boolean): void {
    const [message] = this.pending.splice(at % Math.max(1, this.pending.length), 1);
    if (message === undefined) return;
    const id = this.sent.findIndex((each) => each.equals(message.bytes));
    this.expected.set(id, fails ? 'rejected' : 'accepted');
    message.done(fails ? new AmqpError(AmqpErrorCondition.INTERNAL_ERROR, 'no') : undefined);
  }

  async finish(): Promise<void> {
    await this.turn();
    while (this.#left.length > 0 || this.pending.length > 0) {
      if (this.#left.length > 0) this.sendFrame(0);
      this.answer(0, false);
      await this.turn();
    }
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      bytes: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 900 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), at: fc.nat(20), fails: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
);

describe('a link that a client sends on', () => {
  it('passes on each message whole, settles each once as it ended, and always gives credit again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
        const model = new SendingModel();
        await model.turn();
        for (const each of steps) {
          if (each.kind === 'send') model.sendFrame(each.bytes);
          else if (each.kind === 'answer') model.answer(each.at, each.fails);
          else await model.turn();
        }
        await model.finish();
        expect(model.outcomes).toEqual(model.expected);
        expect(model.outcomes.size).toBe(model.sent.length);
        // With nothing in flight there is credit, however large the messages were.
        expect(model.credit).toBeGreaterThan(0);
        expect(model.window).toBeGreaterThan(0);
        expect(model.bed.pauses).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

describe('what one client has in flight', () => {
  it('stops its reading when it is twice the bound: it had credit for it', async () => {
    const model = new SendingModel({ options: { sessionWindowFrames: 1_000 } });
    await model.turn();
    for (let frame = 0; frame < 8 * 11; frame++) model.sendFrame(1_100);
    await model.turn();
    expect(model.bed.pauses).toBe(1);
    expect(model.pending).toHaveLength(8);
    model.answer(0, false);
    expect(model.bed.pauses).toBe(1);
    for (let i = 0; i < 5; i++) model.answer(0, false);
    expect(model.bed.pauses).toBe(0);
  });

  it('is slowed to what the tenant may send, first by credit and then by not being read', async () => {
    const limits = { messagesIn: { perSecond: 100, burst: 1 }, throttleMsMax: 100 };
    const model = new SendingModel({ limits });
    await model.turn();
    for (let i = 0; i < 4; i++) model.sendFrame(10);
    await model.turn();
    for (let i = 0; i < 4; i++) model.answer(0, false);
    await model.turn();
    // One was free, three are owed: 30 ms.
    expect([model.credit, model.bed.pauses]).toEqual([4, 0]);
    expect(model.bed.counters.creditWithheld).toBe(1);
    for (let i = 0; i < 4; i++) model.sendFrame(10);
    await model.turn();
    expect(model.bed.pauses).toBe(1);
    for (let i = 0; i < 4; i++) model.answer(0, false);
    const began = performance.now();
    while (model.credit === 0 && performance.now() - began < 5_000) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await model.turn();
    }
    expect([model.credit, model.bed.pauses]).toEqual([8, 0]);
  });

  it.each([
    // 16 MiB of four messages; with one of them gone there is room for the others.
    { links: 4, frames: 5, refused: 1 },
    // First frames count as others do.
    { links: 18, frames: 1, refused: 2 },
  ])('is bounded in messages that are not whole, over all links: %p', async ({ links, frames, refused }) => {
    const bed = new SessionBed({ options: { sessionWindowFrames: 10_000 } });
    bed.nodes.onTarget = (target) => {
      target.messageBytesMax = 6 * 1024 * 1024;
    };
    const chunk = Buffer.alloc(1024 * 1024 - 1_024);
    for (let handle = 0; handle < links; handle++) {
      bed.send({
        ...{ type: 'attach', name: `l${handle}`, handle, role: false, initialDeliveryCount: 0 },
        target: { type: 'target', address: `q${handle}` },
      });
    }
    await bed.turn();
    for (let i = 0; i < frames; i++) {
      for (let handle = 0; handle < links; handle++) {
        const first = i === 0 ? { deliveryId: handle, deliveryTag: Buffer.from('t') } : {};
        bed.send({ type: 'transfer', handle, more: true, ...first }, chunk);
      }
    }
    await bed.turn();
    const detached = bed.frames.flatMap(({ performative }) =>
      performative.type === 'detach' ? [performative.error?.condition] : [],
    );
    expect(detached).toEqual(Array.from({ length: refused }, () => 'amqp:resource-limit-exceeded'));
  });
});
