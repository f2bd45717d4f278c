import {
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasRequestComponentData as Component,
  type DescribeClientQuotasResponse,
  describeClientQuotasApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { StoredKind } from '#libs/rate-limit';
import type { ApiHandler } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { clientQuotaRefusal, type KafkaEntityPart, quotaKeys, toEntityParts } from './client-quota-entity.js';

/** What a component of the filter matches (KIP-546). */
const matchTypes = { exact: 0, default: 1, any: 2 } as const;

/**
 * DescribeClientQuotas v0-1: limits of users and client ids of the tenant, those of the configuration and those that clients
 * have set. Limits of the whole tenant are the operator's business.
 */
export const describeClientQuotasHandler: ApiHandler<
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse
> = {
  api: describeClientQuotasApi,
  versionMin: 0,
  versionMax: 1,
  handle({ components, strict }, context) {
    try {
      new TopicAuthorization(context).requireCluster('describe-configs');
      requireMatchTypes(components);
      const { gateway, principal } = context;
      const quotas = gateway.clientQuotas?.list(principal.tenant.name) ?? [];
      const entries = quotas.flatMap(({ entity, rates }) => {
        const parts = toEntityParts(entity);
        if (!matches(parts, components, strict)) return [];
        const values = Object.entries(rates).map(([kind, value]) => ({
          key: quotaKeys[kind as StoredKind],
          value,
        }));
        return [{ entity: parts, values }];
      });
      return { errorMessage: null, entries };
    } catch (error) {
      const { code, message } = clientQuotaRefusal(error);
      context.refused(code, message);
      return { errorCode: code, errorMessage: message, entries: null };
    }
  },
};

/** Each component is to match; with `strict` the entity has nothing beside. */
function matches(parts: readonly KafkaEntityPart[], components: readonly Component[], strict: boolean) {
  if (strict && parts.length !== components.length) return false;
  return components.every(({ entityType, matchType, match }) => {
    const part = parts.find((each) => each.entityType === entityType);
    if (part === undefined) return false;
    if (matchType === matchTypes.any) return true;
    return part.entityName === (matchType === matchTypes.exact ? match : null);
  });
}

function requireMatchTypes(components: readonly Component[]): void {
  const types = new Set(components.map(({ entityType }) => entityType));
  if (types.size < components.length) {
    throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, 'an entity type is named twice');
  }
  const known: readonly number[] = Object.values(matchTypes);
  for (const { matchType } of components) {
    if (!known.includes(matchType)) {
      throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, `there is no match type ${matchType}`);
    }
  }
}
