import type { ScramUser } from '#libs/auth';
import {
  type DescribeUserScramCredentialsRequest,
  type DescribeUserScramCredentialsResponse,
  describeUserScramCredentialsApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { scramMechanismType, scramUsersOf } from './scram-users.js';

/** DescribeUserScramCredentials v0 (KIP-554): who has which mechanism with how many iterations, never a secret. */
export const describeUserScramCredentialsHandler: ApiHandler<
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse
> = {
  api: describeUserScramCredentialsApi,
  versionMin: 0,
  versionMax: 0,
  handle({ users }, context) {
    try {
      new TopicAuthorization(context).requireCluster('describe');
      const known = byUser(scramUsersOf(context).list(context.principal.tenant.name));
      const asked = users === null || users.length === 0 ? [...known.keys()].sort() : namesOf(users);
      const times = countOf(asked);
      return {
        errorMessage: null,
        results: [...times].map(([user, count]) => describe(user, count, known.get(user), context)),
      };
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      const errorMessage = kafkaErrorMessage(error);
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage, results: [] };
    }
  },
};

function describe(user: string, count: number, found: readonly ScramUser[] = [], context: RequestContext) {
  const { DUPLICATE_RESOURCE, RESOURCE_NOT_FOUND } = KafkaErrorCode;
  if (count > 1) {
    const errorMessage = `cannot describe the credentials of a user twice in one request: ${user}`;
    context.refused(DUPLICATE_RESOURCE, errorMessage);
    return { user, errorCode: DUPLICATE_RESOURCE, errorMessage, credentialInfos: [] };
  }
  if (found.length === 0) {
    const errorMessage = `there is no such user credential: ${user}`;
    context.refused(RESOURCE_NOT_FOUND, errorMessage);
    return { user, errorCode: RESOURCE_NOT_FOUND, errorMessage, credentialInfos: [] };
  }
  const credentialInfos = found.map(({ mechanism, iterations }) => ({
    mechanism: scramMechanismType(mechanism),
    iterations,
  }));
  return {
    user,
    errorMessage: null,
    credentialInfos: credentialInfos.sort((a, b) => a.mechanism - b.mechanism),
  };
}

function byUser(users: readonly ScramUser[]): Map<string, ScramUser[]> {
  const grouped = new Map<string, ScramUser[]>();
  for (const each of users) {
    const ofUser = grouped.get(each.user);
    if (ofUser === undefined) grouped.set(each.user, [each]);
    else ofUser.push(each);
  }
  return grouped;
}

function namesOf(users: readonly { readonly name: string }[]): string[] {
  return users.map(({ name }) => name);
}

function countOf(names: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}
