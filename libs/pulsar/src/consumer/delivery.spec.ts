import { describe, expect, it } from '@jest/globals';
import type { BrokerEntry } from '../entry.js';
import type { MessageFields } from '../wire/hot-commands.js';
import { Delivery } from './delivery.js';

const entry = { ledgerId: 3, entryId: 4, isBatch: true, numMessages: 4 } as BrokerEntry;

function delivered(ackSet?: readonly bigint[]): Delivery {
  return new Delivery(entry, { redeliveryCount: 1, ackSet } as MessageFields, 1, 4, 4);
}

describe('Delivery', () => {
  it('of which messages are acknowledged after it was given back says only that of those', () => {
    const delivery = delivered();
    expect(delivery.acknowledge(1)).toBe(1);
    expect([delivery.giveBack(), delivery.giveBack()]).toEqual([3, 0]);
    expect([delivery.acknowledge(2), delivery.isAcked]).toEqual([0, false]);
    expect(delivery.position()).toEqual({ ledgerId: 3, entryId: 4, ackSet: [0b1001n], batchSize: 4 });
    expect([delivery.acknowledge(0), delivery.acknowledge(3), delivery.isAcked]).toEqual([0, 0, true]);
    expect(delivery.position()).toEqual({ ledgerId: 3, entryId: 4 });
  });

  it('needs its bytes only until it is read', () => {
    const delivery = delivered([0b0110n]);
    expect(delivery.entry).toBe(entry);
    delivery.dropBytes();
    expect(() => delivery.entry).toThrow('dropped');
    expect([delivery.isUnacked(0), delivery.isUnacked(2), delivery.acknowledge(1)]).toEqual([false, true, 1]);
    expect(delivery.position()).toMatchObject({ ledgerId: 3, entryId: 4, ackSet: [0b1101n] });
  });
});
