import { pbkdf2Sync } from 'node:crypto';
import { expect } from '@jest/globals';
import {
  alterUserScramCredentialsApi,
  apiVersionsApi,
  createAclsApi,
  deleteAclsApi,
  describeAclsApi,
  alterClientQuotasApi,
  describeClientQuotasApi,
  describeClusterApi,
  describeUserScramCredentialsApi,
  KafkaErrorCode as code,
  saslAuthenticateApi,
  saslHandshakeApi,
} from '#libs/kafka-codec';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { type Side, topic, type KafkaWall } from './kafka-side.js';

const acl = {
  ...{ resourceType: 2, resourceName: topic, resourcePatternType: 3, principal: 'User:guest' },
  ...{ host: '*', operation: 3, permissionType: 3 },
};
const guests = {
  ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1 },
  ...{ principalFilter: 'User:guest', hostFilter: null, operation: 1, permissionType: 1 },
};

async function aclsOfGuest(side: Side): Promise<number> {
  const { resources } = await side.call(describeAclsApi, 3, guests);
  return resources.flatMap(({ acls }) => acls).length;
}

async function scramUsers(side: Side): Promise<string[]> {
  const { results } = await side.call(describeUserScramCredentialsApi, 0, { users: null });
  return results.map(({ user }) => user);
}

export const clusterWalls: Readonly<Record<string, KafkaWall>> = {
  ApiVersions: async (acme, beta) => {
    const request = { clientSoftwareName: 'walls', clientSoftwareVersion: '1' };
    expect(await acme.call(apiVersionsApi, 4, request)).toEqual(await beta.call(apiVersionsApi, 4, request));
  },
  SaslHandshake: async (acme) => {
    const socket = await KafkaSocket.open(acme.address);
    const { mechanisms } = await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    socket.destroy();
    expect(mechanisms.join()).not.toMatch(/acme|beta/);
  },
  SaslAuthenticate: async (acme) => {
    for (const login of [
      '\0acme/app\0secret-of-beta',
      '\0beta/app\0secret-of-acme',
      'beta/app\0acme/app\0secret-of-acme',
    ]) {
      const socket = await KafkaSocket.open(acme.address);
      await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
      const answer = await socket.call(saslAuthenticateApi, 2, { authBytes: Buffer.from(login) });
      socket.destroy();
      expect(answer.errorCode).toBe(code.SASL_AUTHENTICATION_FAILED);
      expect(answer.errorMessage).not.toMatch(/acme|beta/);
    }
  },
  DescribeCluster: async (acme, beta) => {
    const [mine, theirs] = [
      await acme.call(describeClusterApi, 1, {}),
      await beta.call(describeClusterApi, 1, {}),
    ];
    expect(mine.clusterId).not.toBe(theirs.clusterId);
    expect(mine.brokers).toEqual(theirs.brokers);
  },
  AlterClientQuotas: async (acme) => {
    const entity = [{ entityType: 'user', entityName: 'app' }];
    const ops = [{ key: 'producer_byte_rate', value: 1e9, remove: false }];
    const { entries } = await acme.call(alterClientQuotasApi, 1, { entries: [{ entity, ops }] });
    expect(entries.map(({ errorCode }) => errorCode)).toEqual([code.NONE]);
  },
  DescribeClientQuotas: async (acme, beta) => {
    const quotas = async (side: Side) => {
      const answer = await side.call(describeClientQuotasApi, 1, { components: [], strict: false });
      return answer.entries?.map(({ values }) => values);
    };
    expect(await quotas(acme)).toEqual([[{ key: 'producer_byte_rate', value: 1e9 }]]);
    expect(await quotas(beta)).toEqual([]);
  },
  CreateAcls: async (acme, beta) => {
    const { results } = await acme.call(createAclsApi, 3, { creations: [acl] });
    expect(results).toEqual([{ errorCode: code.NONE, errorMessage: null }]);
    expect([await aclsOfGuest(acme), await aclsOfGuest(beta)]).toEqual([1, 0]);
  },
  DescribeAcls: async (acme, beta) => {
    const everything = { ...guests, principalFilter: null };
    const principals = async (side: Side) => {
      const { resources } = await side.call(describeAclsApi, 3, everything);
      return [...new Set(resources.flatMap(({ acls }) => acls.map(({ principal }) => principal)))].sort();
    };
    expect([await principals(acme), await principals(beta)]).toEqual([['User:*', 'User:guest'], ['User:*']]);
  },
  DeleteAcls: async (acme, beta) => {
    const { filterResults } = await beta.call(deleteAclsApi, 3, { filters: [guests] });
    expect(filterResults).toMatchObject([{ errorCode: code.NONE, matchingAcls: [] }]);
    expect(await aclsOfGuest(acme)).toBe(1);
    await acme.call(deleteAclsApi, 3, { filters: [guests] });
    expect(await aclsOfGuest(acme)).toBe(0);
  },
  AlterUserScramCredentials: async (acme, beta) => {
    const salt = Buffer.alloc(16, 7);
    const saltedPassword = pbkdf2Sync('secret-of-guest', salt, 4_096, 32, 'sha256');
    const upsertion = { name: 'guest', mechanism: 1, iterations: 4_096, salt, saltedPassword };
    const set = await acme.call(alterUserScramCredentialsApi, 0, { deletions: [], upsertions: [upsertion] });
    expect(set.results).toMatchObject([{ user: 'guest', errorCode: code.NONE }]);
    const removed = await beta.call(alterUserScramCredentialsApi, 0, {
      ...{ deletions: [{ name: 'guest', mechanism: 1 }], upsertions: [] },
    });
    expect(removed.results).toMatchObject([{ errorCode: code.RESOURCE_NOT_FOUND }]);
  },
  DescribeUserScramCredentials: async (acme, beta) => {
    expect([await scramUsers(acme), await scramUsers(beta)]).toEqual([['guest'], []]);
  },
};
