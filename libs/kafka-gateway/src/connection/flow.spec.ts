import { describe, expect, it } from '@jest/globals';
import { KafkaDecodeError, KafkaFrameDecoder } from '#libs/kafka-codec';
import { CountedDecoder, PartialFrames } from './partial-frames.js';
import { ProcessBudget } from './process-budget.js';
import { blocked, ReadGate } from './read-gate.js';
import { type Pending, ResponseOrder } from './response-order.js';

describe('ReadGate', () => {
  it('pauses the link once, however many reasons hold, and resumes it when none does', () => {
    const calls: string[] = [];
    const gate = new ReadGate({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });
    gate.set(blocked.muted, true);
    gate.set(blocked.inFlight, true);
    gate.set(blocked.muted, true);
    gate.set(blocked.muted, false);
    expect(calls).toEqual(['pause']);
    gate.set(blocked.inFlight, false);
    gate.set(blocked.inFlight, false);
    expect(calls).toEqual(['pause', 'resume']);
  });
});

describe('ProcessBudget', () => {
  it('says that it is exhausted above its bound, and that it is not at three quarters of it', () => {
    const budget = new ProcessBudget(100);
    const heard: boolean[] = [];
    budget.watch((exhausted) => heard.push(exhausted));
    budget.add(100);
    expect(heard).toEqual([]);
    budget.add(1);
    budget.add(50);
    budget.remove(75);
    expect(heard).toEqual([true]);
    budget.remove(1);
    expect(heard).toEqual([true, false]);
    expect(budget.bytes).toBe(75);
  });

  it('tells a newcomer that it is exhausted, and nobody who has left', () => {
    const budget = new ProcessBudget(10);
    budget.add(11);
    const heard: boolean[] = [];
    const leave = budget.watch((exhausted) => heard.push(exhausted));
    expect(heard).toEqual([true]);
    leave();
    budget.remove(11);
    expect(heard).toEqual([true]);
  });

  it('says what is left, of the tenant and of all', () => {
    const budget = new ProcessBudget(100);
    const [acme, beta] = [budget.share('acme'), budget.share('beta')];
    acme.add(30);
    expect([acme.left, beta.left, budget.left]).toEqual([20, 50, 70]);
    beta.add(60);
    expect([acme.left, beta.left, budget.left]).toEqual([10, 0, 10]);
  });

  it('gives one tenant half of it, so that the others go on', () => {
    const budget = new ProcessBudget(100);
    const [acme, beta] = [budget.share('acme'), budget.share('beta')];
    expect(budget.share('acme')).toBe(acme);
    acme.add(51);
    expect([acme.exhausted, beta.exhausted, budget.exhausted, budget.bytes]).toEqual([
      true,
      false,
      false,
      51,
    ]);
    beta.add(50);
    expect([beta.exhausted, budget.exhausted]).toEqual([false, true]);
    acme.remove(51);
    beta.remove(50);
    expect([acme.exhausted, beta.exhausted, budget.exhausted, budget.bytes]).toEqual([
      false,
      false,
      false,
      0,
    ]);
  });
});

describe('CountedDecoder', () => {
  const half = (bytes: number) => Buffer.concat([Buffer.from([0, 0, 0xff, 0]), Buffer.alloc(bytes)]);

  it('ends the connection whose incomplete frame is one too many, and gives back what it held', () => {
    const all = new PartialFrames(1_000);
    const decoders = [1, 2, 3].map(() => new CountedDecoder(new KafkaFrameDecoder(65_536, 65_536), all));
    decoders[0]!.push(half(496));
    decoders[1]!.push(half(496));
    expect(all.bytes).toBe(1_000);
    expect(() => decoders[2]!.push(half(0))).toThrow(KafkaDecodeError);
    decoders[2]!.release();
    expect(all.bytes).toBe(1_000);
    decoders[1]!.release();
    expect(all.bytes).toBe(500);
    expect(decoders[0]!.push(Buffer.alloc(0xff00 - 496))).toHaveLength(1);
    expect(all.bytes).toBe(0);
  });
});

describe('ResponseOrder', () => {
  it('releases in the order of the requests, whichever is ready first', () => {
    const released: unknown[] = [];
    const order = new ResponseOrder<Pending<string>>((pending) => released.push(pending.answer));
    const requests: Pending<string>[] = [1, 2, 3].map(() => ({ answer: undefined }));
    for (const request of requests) order.add(request);
    requests[1]!.answer = 'second';
    order.flush();
    expect(released).toEqual([]);
    requests[0]!.answer = 'first';
    order.flush();
    expect(released).toEqual(['first', 'second']);
    expect(order.size).toBe(1);
    requests[2]!.answer = 'third';
    order.flush();
    expect(released).toEqual(['first', 'second', 'third']);
  });
});
