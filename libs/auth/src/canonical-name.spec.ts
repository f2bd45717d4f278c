import { describe, expect, it } from '@jest/globals';
import { canonicalTopic } from './canonical-name.js';
import { acme } from './testing/tenants.js';

describe('canonicalTopic', () => {
  it.each([
    ['orders', 'orders'],
    ['a.b_c-D9', 'a.b_c-D9'],
    ['persistent://acme/main/orders', 'orders'],
    ['orders-partition-', 'orders-partition-'],
    ['orders-partition-1x', 'orders-partition-1x'],
    ['x'.repeat(249), 'x'.repeat(249)],
  ])('%.60s is the topic %.60s', (name, expected) => {
    expect(canonicalTopic(acme, name)).toEqual({ resource: { type: 'topic', name: expected } });
  });

  it.each([
    ...['', '.', '..', 'a b', 'a/b', 'a:b', 'ä', 'a\0', 'a\n', '%2e', 'x'.repeat(250)],
    ...['orders-partition-0', 'persistent://acme/main/orders-partition-12'],
    ...[
      '__change_events',
      '__consumer_offsets',
      '__pulsegate_groups',
      'persistent://acme/main/__transaction_buffer_snapshot',
    ],
    ...[
      'persistent://demo/main/orders',
      'persistent://acme/other/orders',
      'persistent://acme/main/',
      'acme/main/orders',
    ],
    ...[
      'non-persistent://acme/main/orders',
      'persistent://acme/main/persistent://acme/main/orders',
      'PERSISTENT://acme/main/a',
    ],
  ])('refuses %.60j', (name) => {
    expect(canonicalTopic(acme, name)).toEqual({ fault: expect.any(String) });
  });
});
