import { describe, expect, it } from '@jest/globals';
import { sliceOf, slicesTopic } from './slice-place.js';

describe("the place of a slice's records", () => {
  it("is never a partition of another tenant's topic", () => {
    const names = ['acme', 'acme-partition-1', 'acme.-partition-', 'acme-partitions'];
    expect(names.map((name) => slicesTopic('public/state', 'kafka-groups', name))).toEqual([
      'persistent://public/state/kafka-groups.acme',
      'persistent://public/state/kafka-groups.acme-Partition-1',
      'persistent://public/state/kafka-groups.acme.-Partition-',
      'persistent://public/state/kafka-groups.acme-partitions',
    ]);
  });

  it('does not change with versions of the gateway', () => {
    expect(['', 'a', 'b', 'orders', 'zahlungen-ä'].map((id) => sliceOf(id, 4))).toEqual([1, 0, 1, 0, 1]);
  });
});
