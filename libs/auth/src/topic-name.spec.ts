import { describe, expect, it } from '@jest/globals';
import { topicNameFault } from './topic-name.js';

describe('topic names', () => {
  it.each([
    ...['a', 'orders.v1_x-Y', '_schemas', 'a.b_c-D9', 'pulsegate', 'x'.repeat(249)],
    ...['a-partition', 'a-partition-', 'a-partition-x', 'a-partition-1x'],
  ])('%.60s is one', (name) => {
    expect(topicNameFault(name)).toBeUndefined();
  });

  it.each([
    ...['', '.', '..', 'a b', 'a/b', 'a:b', 'ä', 'a\0', 'a\n', '%2e', 'x'.repeat(250)],
    ...['orders-partition-0', 'orders-partition-12'],
    ...['__change_events', '__consumer_offsets', '__transaction_buffer_snapshot', 'pulsegate.lease'],
    'orders-billing__transaction_pending_ack',
    ...['persistent://acme/main/orders', 'non-persistent://acme/main/orders', 'acme/main/orders'],
  ])('%.60j is none', (name) => {
    expect(topicNameFault(name)).toEqual(expect.any(String));
  });
});
