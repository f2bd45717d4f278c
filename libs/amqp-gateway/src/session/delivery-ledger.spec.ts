import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeliveryLedger } from './delivery-ledger.js';
import { serialAdd, serialDistance } from './serial-number.js';

describe('serial numbers', () => {
  it('go round, and are compared across the turn (RFC 1982)', () => {
    expect(serialAdd(0xffff_ffff, 1)).toBe(0);
    expect(serialDistance(0xffff_fffe, 3)).toBe(5);
    expect(serialDistance(3, 0xffff_fffe)).toBe(-5);
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(0x7fff_ffff), (from, ahead) => {
        expect(serialDistance(from, serialAdd(from, ahead))).toBe(ahead);
      }),
    );
  });
});

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), gap: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat(400) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('visit' as const), at: fc.nat(400), to: fc.nat(400) }),
  },
);

describe('the ledger of unsettled deliveries', () => {
  it('finds, visits and forgets as a sorted list would, also where the ids go round', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 0xffff_fff0, 0x7fff_fffa),
        fc.array(step, { maxLength: 300, size: 'max' }),
        (start, steps) => {
          const ledger = new DeliveryLedger<{ deliveryId: number }>();
          const model = new Map<number, { deliveryId: number }>();
          let next: number = start;
          for (const each of steps) {
            if (each.kind === 'add') {
              next = serialAdd(next, 1 + each.gap);
              const entry = { deliveryId: next };
              ledger.add(entry);
              model.set(next, entry);
            } else if (each.kind === 'delete') {
              const id = serialAdd(start, each.at);
              expect(ledger.get(id)).toBe(model.get(id));
              expect(ledger.delete(id)).toBe(model.delete(id));
            } else {
              const [first, last] = [serialAdd(start, each.at), serialAdd(start, each.at + each.to)];
              const visited: number[] = [];
              ledger.visit(first, last, ({ deliveryId }) => {
                visited.push(deliveryId);
                if (deliveryId % 2 === 0) {
                  ledger.delete(deliveryId);
                  model.delete(deliveryId);
                }
              });
              const inRange = visited.filter((id) => id % 2 !== 0);
              const wanted = [...model.keys()].filter(
                (id) => serialDistance(first, id) >= 0 && serialDistance(id, last) >= 0,
              );
              expect(inRange).toEqual(wanted);
            }
            expect(ledger.size).toBe(model.size);
          }
          expect([...ledger]).toEqual([...model.values()]);
        },
      ),
    );
  });

  it('does not visit what is added meanwhile, as if it had been sent before', () => {
    const ledger = new DeliveryLedger<{ deliveryId: number }>();
    ledger.add({ deliveryId: 0 });
    ledger.visit(0, 0x7fff_ffff, ({ deliveryId }) => {
      ledger.delete(deliveryId);
      ledger.add({ deliveryId: deliveryId + 1 });
    });
    expect([...ledger]).toEqual([{ deliveryId: 1 }]);
  });

  it('takes as much memory as there are entries: one that is never settled keeps no places of others', () => {
    const ledger = new DeliveryLedger<{ deliveryId: number }>();
    ledger.add({ deliveryId: 0 });
    for (let id = 1; id < 100_000; id++) {
      ledger.add({ deliveryId: id });
      ledger.visit(id, id, () => ledger.delete(id));
    }
    expect(ledger.size).toBe(1);
    expect(ledger.places).toBeLessThan(5_000);
  });

  it('finds what is added late: deliveries begin in order, and those of several frames end in any', () => {
    const ledger = new DeliveryLedger<{ deliveryId: number }>();
    for (const deliveryId of [1, 0xffff_ffff, 3, 0, 2]) ledger.add({ deliveryId });
    expect([...ledger].map(({ deliveryId }) => deliveryId)).toEqual([0xffff_ffff, 0, 1, 2, 3]);
    expect(ledger.delete(0)).toBe(true);
    ledger.visit(0xffff_ffff, 2, ({ deliveryId }) => ledger.delete(deliveryId));
    expect([...ledger]).toEqual([{ deliveryId: 3 }]);
  });

  it('costs what a range touches, whatever the range: a client that leaves one unsettled cannot make each costly', () => {
    const ledger = new DeliveryLedger<{ deliveryId: number }>();
    const count = 200_000;
    for (let id = 0; id < count; id++) ledger.add({ deliveryId: id });
    let visited = 0;
    ledger.visit(1, count - 2, ({ deliveryId }) => {
      visited++;
      ledger.delete(deliveryId);
    });
    const began = performance.now();
    for (let i = 0; i < 10_000; i++) ledger.visit(0, 0x7fff_ffff, () => visited++);
    expect(visited).toBe(count - 2 + 2 * 10_000);
    // Walking over what is gone would take 2,000,000,000 steps.
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
