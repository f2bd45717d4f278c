import { describe, expect, it } from '@jest/globals';
import { groupsTopic } from './group-slice.js';

describe("the topic of a tenant's groups", () => {
  it("is never a partition of another tenant's", () => {
    const names = ['acme', 'acme-partition-1', 'acme.-partition-', 'acme-partitions'];
    expect(names.map((name) => groupsTopic('public/state', name))).toEqual([
      'persistent://public/state/kafka-groups.acme',
      'persistent://public/state/kafka-groups.acme-Partition-1',
      'persistent://public/state/kafka-groups.acme.-Partition-',
      'persistent://public/state/kafka-groups.acme-partitions',
    ]);
  });
});
