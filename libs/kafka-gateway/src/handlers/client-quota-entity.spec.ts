import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { toEntityParts, toQuotaEntity } from './client-quota-entity.js';

const part = (entityType: string, entityName: string | null) => ({ entityType, entityName });

describe('whom a quota is for', () => {
  it('is read as it is shown', () => {
    for (const parts of [
      [part('user', 'ann')],
      [part('user', null), part('client-id', 'a/b')],
      [part('client-id', 'x'.repeat(1_024))],
    ]) {
      expect(toEntityParts(toQuotaEntity(parts))).toEqual(parts);
    }
  });

  it('has no name that fills what all tenants share, nor one that reads as the names of two', () => {
    for (const parts of [
      [],
      [part('ip', '::1')],
      [part('user', '')],
      [part('user', '*')],
      [part('user', 'ann'), part('user', null)],
      [part('client-id', 'x'.repeat(1_025))],
      [part('user', 'ann\0cjob')],
    ]) {
      expect(() => toQuotaEntity(parts)).toThrow(
        expect.objectContaining({ code: KafkaErrorCode.INVALID_REQUEST }),
      );
    }
  });
});
