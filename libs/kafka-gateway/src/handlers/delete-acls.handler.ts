import { type AuthorizationRule, ruleText } from '#libs/auth';
import {
  type DeleteAclsRequest,
  type DeleteAclsResponse,
  type DeleteAclsResponseDeleteAclsFilterResult as FilterResult,
  deleteAclsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { type Acl, aclPatternType } from '../mapping/acl.mapping.js';
import { type AclFilter, aclMatches, requireKnown } from '../mapping/acl-filter.js';
import {
  changeableRules,
  type ListedRule,
  listedRules,
  requireAclAccess,
  requireFew,
} from './tenant-acls.js';

type Result = Encodable<FilterResult>;

/** What one filter is about: rules to be removed, and what must stay. */
interface Matches {
  readonly rules: readonly { readonly id: string; readonly rule: AuthorizationRule }[];
  readonly removed: readonly Acl[];
  readonly kept: readonly Acl[];
}

const operators = new KafkaError(
  KafkaErrorCode.POLICY_VIOLATION,
  'the rule is in the configuration file of the gateway, where alone it can be changed, or it says more than the filter',
);

/**
 * DeleteAcls v0-3: what a filter matches is gone here when this is answered and a moment later on all gateways. Rules of
 * the configuration file stay, and say so; the others that match go all the same.
 */
export const deleteAclsHandler: ApiHandler<DeleteAclsRequest, DeleteAclsResponse> = {
  api: deleteAclsApi,
  versionMin: 0,
  versionMax: 3,
  async handle({ filters }, context) {
    const filterResults: Result[] = [];
    for (const filter of filters) {
      if (loopTurn.isOver) await loopTurn.next();
      filterResults.push(await remove(filter, filters, context));
    }
    return { filterResults };
  },
};

async function remove(
  filter: AclFilter,
  filters: readonly AclFilter[],
  context: RequestContext,
): Promise<Result> {
  try {
    requireFew(filters);
    requireAclAccess('alter', context);
    requireKnown(filter);
    const { rules, removed, kept } = matchesOf(filter, listedRules(context), context.header.apiVersion);
    if (rules.length > 0) {
      const ids = rules.map(({ id }) => id);
      await changeableRules(context).remove(context.principal.tenant.name, ids);
    }
    for (const { rule } of rules) context.changed('acl.delete', ruleText(rule));
    const { code, message } = operators;
    if (kept.length > 0) context.refused(code, message);
    return {
      errorMessage: null,
      matchingAcls: [
        ...removed.map((acl) => ({ ...acl, errorMessage: null })),
        ...kept.map((acl) => ({ ...acl, errorCode: code, errorMessage: message })),
      ],
    };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    context.refused(errorCode, errorMessage);
    return { errorCode, errorMessage, matchingAcls: [] };
  }
}

function matchesOf(filter: AclFilter, listed: readonly ListedRule[], apiVersion: number): Matches {
  const rules: Matches['rules'][number][] = [];
  const removed: Acl[] = [];
  const kept: Acl[] = [];
  for (const { id, rule, acls } of listed) {
    const matching = acls.filter(
      (acl) => aclMatches(filter, acl) && (apiVersion > 0 || acl.patternType === aclPatternType.literal),
    );
    // What Kafka's clients make is one ACL each. A rule that somebody else made may be several, of which some were not meant.
    if (id === undefined || matching.length < acls.length) kept.push(...matching);
    else if (matching.length > 0) {
      rules.push({ id, rule });
      removed.push(...matching);
    }
  }
  return { rules, removed, kept };
}
