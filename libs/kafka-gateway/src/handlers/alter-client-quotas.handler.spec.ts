import { describe, expect, it } from '@jest/globals';
import { type AlterClientQuotasResponse, KafkaErrorCode } from '#libs/kafka-codec';
import type { QuotaEntity } from '#libs/rate-limit';
import type { RequestContext } from '../handler.js';
import { alterClientQuotasHandler } from './alter-client-quotas.handler.js';

const { INVALID_REQUEST, REQUEST_TIMED_OUT } = KafkaErrorCode;

function bed() {
  const altered: string[] = [];
  const changed: string[] = [];
  const clientQuotas = {
    alter: async (_tenant: string, { user }: QuotaEntity) => {
      await Promise.resolve();
      if (user === 'slow') throw Object.assign(new Error('not read back in time'), { fault: 'unconfirmed' });
      altered.push(user!);
    },
  };
  const context = {
    gateway: { clientQuotas },
    principal: { tenant: { name: 'acme' } },
    authorize: () => true,
    changed: (_what: string, name: string) => changed.push(name),
    refused: () => {},
  } as unknown as RequestContext;
  const alter = async (users: readonly string[], value = 1) => {
    const ops = [{ key: 'producer_byte_rate', value, remove: false }];
    const entries = users.map((user) => ({ entity: [{ entityType: 'user', entityName: user }], ops }));
    const request = { entries, validateOnly: false };
    const response = await alterClientQuotasHandler.handle(request as never, context);
    return (response as AlterClientQuotasResponse).entries.map(({ errorCode }) => errorCode ?? 0);
  };
  return { altered, changed, alter };
}

describe('AlterClientQuotas', () => {
  it('answers for each entity whether it was altered, and tells the audit of those alone', async () => {
    const { altered, changed, alter } = bed();
    const codes = await alter(['ann', 'slow', 'bob', 'bob', 'eve']);
    expect(codes).toEqual([0, REQUEST_TIMED_OUT, INVALID_REQUEST, INVALID_REQUEST, 0]);
    expect([altered, changed]).toEqual([
      ['ann', 'eve'],
      ['user ann', 'user eve'],
    ]);
  });

  it('takes whole numbers above 0 alone: by a part of a byte nobody was limited', async () => {
    const { altered, alter } = bed();
    for (const value of [0, -1, 5e-324, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      expect(await alter(['ann'], value)).toEqual([INVALID_REQUEST]);
    }
    expect(altered).toEqual([]);
    for (const value of [1, 1_000_000, 2 ** 63]) expect(await alter(['ann'], value)).toEqual([0]);
  });

  it('alters nothing for a request of more than a tenant may have', async () => {
    const { altered, alter } = bed();
    const users = Array.from({ length: 1_001 }, (_, at) => `u${at}`);
    expect(new Set(await alter(users))).toEqual(new Set([INVALID_REQUEST]));
    expect(altered).toEqual([]);
    expect(new Set(await alter(users.slice(1)))).toEqual(new Set([0]));
  });
});
