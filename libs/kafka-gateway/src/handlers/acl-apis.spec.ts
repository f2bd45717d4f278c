import { describe, expect, it } from '@jest/globals';
import { type AuthorizationRule, SecurityStateError, type StoredRule } from '#libs/auth';
import {
  createAclsApi,
  deleteAclsApi,
  describeAclsApi,
  fetchApi,
  KafkaErrorCode as code,
} from '#libs/kafka-codec';
import { ReadingBed } from '../testing/fetch-bed.js';
import { createAclsHandler } from './create-acls.handler.js';
import { deleteAclsHandler } from './delete-acls.handler.js';
import { describeAclsHandler } from './describe-acls.handler.js';
import { fetchHandler } from './fetch.handler.js';

const acl = {
  ...{ resourceType: 2, resourceName: 'orders', resourcePatternType: 3, principal: 'User:alice' },
  ...{ host: '*', operation: 3, permissionType: 3 },
};
const any = {
  ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1 },
  ...{ principalFilter: null, hostFilter: null, operation: 1, permissionType: 1 },
};
const clusterRule = (effect: 'allow' | 'deny', ...actions: AuthorizationRule['actions'][number][]) => ({
  ...{ effect, principals: ['*'], actions },
  resource: { type: 'cluster', match: 'literal', name: 'cluster' } as const,
});

/** Rules as the gateways' state keeps them, with the authorizer that hears of them. */
function bedWith(...rules: AuthorizationRule[]) {
  const bed = new ReadingBed({
    rules,
    handlers: [describeAclsHandler, createAclsHandler, deleteAclsHandler, fetchHandler],
  });
  const stored = new Map<string, StoredRule>();
  const { authorizer } = bed.protocol.services;
  const state = { fault: undefined as SecurityStateError | undefined };
  const act = async (change: () => void) => {
    if (state.fault !== undefined) throw state.fault;
    change();
    authorizer.setRules(
      'acme',
      'state',
      [...stored.values()].map(({ rule }) => rule),
    );
  };
  const security = {
    rules: {
      rules: () => [...stored.values()],
      add: (_tenant: string, added: readonly AuthorizationRule[]) =>
        act(() => {
          for (const rule of added) stored.set(JSON.stringify(rule), { id: JSON.stringify(rule), rule });
        }),
      remove: (_tenant: string, ids: readonly string[]) =>
        act(() => {
          for (const id of ids) stored.delete(id);
        }),
    },
  };
  Object.assign(bed.protocol.services, { security });
  const { kafka } = bed.connect();
  return { bed, stored, state, kafka, authorizer };
}

type Kafka = ReturnType<typeof bedWith>['kafka'];
async function listed(kafka: Kafka, filter: Partial<typeof any> | object = {}, version = 3) {
  const { resources } = await kafka.call(describeAclsApi, version, { ...any, ...filter });
  return resources.flatMap(({ resourceName, patternType, acls }) =>
    acls.map(({ principal, operation }) => [principal, operation, resourceName, patternType]),
  );
}

describe("Kafka's ACL API", () => {
  it.each([1, 2, 3])('creates, lists and deletes, v%i', async (version) => {
    const { kafka, stored } = bedWith();
    const prefixed = { ...acl, resourceName: 'ord', resourcePatternType: 4, operation: 8 };
    const made = await kafka.call(createAclsApi, version, { creations: [acl, prefixed, acl] });
    expect(made.results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
    expect(stored.size).toBe(2);
    const alice = { principalFilter: 'User:alice' };
    expect(await listed(kafka, alice, version)).toEqual([
      ['User:alice', 3, 'orders', 3],
      ['User:alice', 8, 'ord', 4],
    ]);
    expect(
      await listed(kafka, { ...alice, patternTypeFilter: 2, resourceNameFilter: 'orders' }, version),
    ).toHaveLength(2);
    const gone = await kafka.call(deleteAclsApi, version, { filters: [{ ...any, ...alice, operation: 3 }] });
    expect(gone.filterResults[0]!.matchingAcls).toMatchObject([{ errorCode: 0, resourceName: 'orders' }]);
    expect(await listed(kafka, alice, version)).toEqual([['User:alice', 8, 'ord', 4]]);
  });

  it('v0 knows literal names only', async () => {
    const { kafka } = bedWith();
    const { resourcePatternType: _, ...old } = acl;
    await kafka.call(createAclsApi, 0, { creations: [old] });
    await kafka.call(createAclsApi, 1, {
      creations: [{ ...acl, resourceName: 'ord', resourcePatternType: 4 }],
    });
    const { patternTypeFilter: __, ...filter } = { ...any, principalFilter: 'User:alice' };
    const { resources } = await kafka.call(describeAclsApi, 0, filter);
    expect(resources.map(({ resourceName }) => resourceName)).toEqual(['orders']);
    const gone = await kafka.call(deleteAclsApi, 0, { filters: [filter] });
    expect(gone.filterResults[0]!.matchingAcls).toHaveLength(1);
    expect(await listed(kafka, { principalFilter: 'User:alice' })).toHaveLength(1);
  });

  it('deletes no rule that says more than the filter', async () => {
    const { kafka, stored, authorizer } = bedWith(clusterRule('allow', 'alter', 'describe'));
    const resource = { type: 'topic', match: 'literal', name: 'orders' } as const;
    const denied: AuthorizationRule = {
      ...{ effect: 'deny', principals: ['user:alice', 'user:bob'], actions: ['produce'] },
      resource,
    };
    stored.set('made elsewhere', { id: 'made elsewhere', rule: denied });
    authorizer.setRules('acme', 'state', [denied]);
    const filter = { ...any, principalFilter: 'User:alice', resourceNameFilter: 'orders' };
    const { filterResults } = await kafka.call(deleteAclsApi, 3, { filters: [filter] });
    expect(filterResults[0]!.matchingAcls.map(({ errorCode }) => errorCode)).toEqual([code.POLICY_VIOLATION]);
    expect(await listed(kafka, { principalFilter: 'User:bob' })).toHaveLength(1);
    await kafka.call(deleteAclsApi, 3, { filters: [{ ...filter, principalFilter: null }] });
    expect(stored.size).toBe(0);
  });

  it('acts at once', async () => {
    const { bed, kafka } = bedWith();
    bed.topic('orders').append(1);
    const ask = async () => {
      const topics = [
        { topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 }] },
      ];
      const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 1e6, topics };
      return (await kafka.call(fetchApi, 11, request)).responses[0]!.partitions[0]!.errorCode;
    };
    expect(await ask()).toBe(code.NONE);
    const deny = { ...acl, principal: 'User:*', permissionType: 2 };
    await kafka.call(createAclsApi, 3, { creations: [deny] });
    expect(await ask()).toBe(code.TOPIC_AUTHORIZATION_FAILED);
    await kafka.call(deleteAclsApi, 3, { filters: [{ ...any, permissionType: 2 }] });
    expect(await ask()).toBe(code.NONE);
  });

  it('keeps what the configuration file says, and does the rest', async () => {
    const { kafka } = bedWith();
    await kafka.call(createAclsApi, 3, { creations: [acl] });
    const { filterResults } = await kafka.call(deleteAclsApi, 3, { filters: [any] });
    const [{ errorCode, matchingAcls } = { errorCode: -1, matchingAcls: [] }] = filterResults;
    expect(errorCode).toBe(code.NONE);
    const outcomes = matchingAcls.map((each) => [each.principal, each.errorCode]);
    expect(outcomes).toEqual([
      ['User:alice', code.NONE],
      ...Array.from({ length: 4 }, () => ['User:*', code.POLICY_VIOLATION]),
    ]);
    expect(await listed(kafka)).toHaveLength(4);
  });

  it('answers each ACL for itself', async () => {
    const { kafka, stored } = bedWith();
    const creations = [{ ...acl, host: '10.0.0.1' }, acl, { ...acl, operation: 1 }];
    const { results } = await kafka.call(createAclsApi, 3, { creations });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      code.INVALID_REQUEST,
      0,
      code.INVALID_REQUEST,
    ]);
    expect(results[0]!.errorMessage).toContain('host');
    expect(stored.size).toBe(1);
  });

  it('lets nobody lock out who could take it back', async () => {
    const { kafka, stored } = bedWith();
    const cluster = { ...acl, resourceType: 4, resourceName: 'kafka-cluster', permissionType: 2 };
    const creations = [2, 7].map((operation) => ({ ...cluster, operation, principal: 'User:*' }));
    const { results } = await kafka.call(createAclsApi, 3, { creations });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([44, 44]);
    expect(stored.size).toBe(0);
    const others = { ...cluster, operation: 7, principal: 'User:mallory' };
    expect((await kafka.call(createAclsApi, 3, { creations: [others] })).results[0]!.errorCode).toBe(0);
  });

  it('needs describe, and alter, of the cluster', async () => {
    const { kafka, stored } = bedWith(clusterRule('deny', 'alter'));
    const made = await kafka.call(createAclsApi, 3, { creations: [acl] });
    expect(made.results[0]!.errorCode).toBe(code.CLUSTER_AUTHORIZATION_FAILED);
    const gone = await kafka.call(deleteAclsApi, 3, { filters: [any] });
    expect(gone.filterResults).toMatchObject([
      { errorCode: code.CLUSTER_AUTHORIZATION_FAILED, matchingAcls: [] },
    ]);
    expect(stored.size).toBe(0);
    expect((await kafka.call(describeAclsApi, 3, any)).errorCode).toBe(code.NONE);
    const blind = bedWith(clusterRule('deny', 'describe'));
    const seen = await blind.kafka.call(describeAclsApi, 3, any);
    expect([seen.errorCode, seen.resources]).toEqual([code.CLUSTER_AUTHORIZATION_FAILED, []]);
  });

  it('says what it could not do', async () => {
    const { bed, kafka, state, authorizer } = bedWith();
    const ask = async () => [
      (await kafka.call(createAclsApi, 3, { creations: [acl] })).results[0]!.errorCode,
      (await kafka.call(describeAclsApi, 3, { ...any, operation: 0 })).errorCode,
      (await kafka.call(deleteAclsApi, 3, { filters: [{ ...any, permissionType: 9 }] })).filterResults[0]!
        .errorCode,
    ];
    state.fault = new SecurityStateError('limit', 'too many rules');
    expect(await ask()).toEqual([code.POLICY_VIOLATION, code.INVALID_REQUEST, code.INVALID_REQUEST]);
    const many = { creations: new Array(1_001).fill(acl) };
    const { results } = await kafka.call(createAclsApi, 3, many);
    expect(new Set(results.map(({ errorCode }) => errorCode))).toEqual(new Set([code.INVALID_REQUEST]));
    Object.assign(bed.protocol.services, { security: undefined });
    expect((await ask())[0]).toBe(code.SECURITY_DISABLED);
    authorizer.setPolicy('acme', { version: 1, decide: () => true, decideAny: () => true });
    expect((await kafka.call(describeAclsApi, 3, any)).errorCode).toBe(code.SECURITY_DISABLED);
  });
});
