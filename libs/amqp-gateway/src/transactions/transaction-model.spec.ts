import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Delivery, PulsarError } from '#libs/pulsar';
import { Metrics } from '#libs/telemetry';
import { FakePulsarTransactions } from '../testing/fake-transactions.js';
import { heldBytesMax } from './transaction-limits.js';

const whichOf = { in: fc.nat(2) };
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ do: fc.constant('post' as const), ...whichOf, bytes: fc.constantFrom(1, heldBytesMax + 1) },
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  fc.record({ do: fc.constant('enlist' as const), ...whichOf, acknowledges: fc.boolean() }),
  fc.record({ do: fc.constant('discharge' as const), ...whichOf, fail: fc.boolean() }),
  fc.record({ do: fc.constantFrom('refuse' as const, 'expect' as const), ...whichOf }),
  fc.record({ do: fc.constantFrom('hold' as const, 'confirm' as const, 'arrive' as const) }),
);
const faulty = fc.option(fc.constantFrom('begin', 'partitions', 'send', 'ack', 'subscriptions', 'commit'));

describe('whatever a client does with three transactions', () => {
  it('each message, outcome and discharge is told once, and nothing is sent behind an end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        faulty,
        fc.boolean(),
        async (steps, fault, holding) => {
          const pulsar = new FakePulsarTransactions();
          pulsar.holding = holding;
          if (fault) pulsar.faults.set(fault, new PulsarError('TransactionConflict', 'no'));
          const ids = [0, 1, 2].map(() => pulsar.scope.declare());
          const told: number[] = [];
          const arriving: (() => void)[] = [];
          let asked = 0;
          const once = () => {
            const at = asked++;
            return () => void (told[at] = (told[at] ?? 0) + 1);
          };
          for (const each of steps) {
            const id = 'in' in each ? (ids[each.in] as Buffer) : Buffer.alloc(0);
            if (each.do === 'post') pulsar.scope.post(id, pulsar.post('a', 'x'.repeat(each.bytes)), once());
            else if (each.do === 'discharge') pulsar.scope.discharge(id, each.fail, once());
            else if (each.do === 'refuse') pulsar.scope.refused(id, { condition: 'amqp:x' } as never);
            else if (each.do === 'expect') arriving.push(pulsar.scope.expect(id));
            else if (each.do === 'arrive') arriving.shift()?.();
            else if (each.do === 'hold') pulsar.holding = true;
            else if (each.do === 'confirm') pulsar.confirm();
            else if (each.do === 'turn') await new Promise(setImmediate);
            else if (each.do === 'enlist') {
              const consumer = pulsar.consumer('q');
              const acknowledgement = each.acknowledges
                ? { consumer, delivery: {} as Delivery, batchIndex: undefined }
                : undefined;
              pulsar.scope.enlist(id, { acknowledgement, onEnd: once() });
            }
          }
          pulsar.scope.close();
          for (const arrived of arriving) arrived();
          for (let turn = 0; turn < 20; turn++) {
            if (turn > 5) pulsar.confirm();
            await new Promise(setImmediate);
          }
          expect(told).toEqual(new Array(asked).fill(1));
          expect(pulsar.late).toEqual([]);
          const metrics = new Metrics({ processMetrics: false });
          pulsar.front.register(metrics);
          const counts = await metrics.exposition();
          expect(counts).toMatch(/transactions_open 0$/m);
          expect(counts).toMatch(/held_bytes 0$/m);
        },
      ),
      { numRuns: 150 },
    );
  });
});
