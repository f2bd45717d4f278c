import { type AuthorizationRule, ruleText } from '#libs/auth';
import {
  type CreateAclsRequest,
  type CreateAclsRequestAclCreation as AclCreation,
  type CreateAclsResponse,
  type CreateAclsResponseAclCreationResult as CreationResult,
  createAclsApi,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { toRule } from '../mapping/acl.mapping.js';
import { changeableRules, requireAclAccess, requireFew, requireNoLockout } from './tenant-acls.js';

const done: CreationResult = { errorCode: 0, errorMessage: null };

/**
 * CreateAcls v0-3: rules of the tenant, which hold here when this is answered and a moment later on all gateways. An ACL
 * that is there already is created again without a change. Each has its own answer.
 */
export const createAclsHandler: ApiHandler<CreateAclsRequest, CreateAclsResponse> = {
  api: createAclsApi,
  versionMin: 0,
  versionMax: 3,
  async handle({ creations }, context) {
    const results: CreationResult[] = new Array(creations.length).fill(done);
    const accepted: { at: number; rule: AuthorizationRule }[] = [];
    for (const [at, creation] of creations.entries()) {
      try {
        requireFew(creations);
        accepted.push({ at, rule: ruleOf(creation, context) });
      } catch (error) {
        results[at] = refusal(error, context);
      }
    }
    if (accepted.length === 0) return { results };
    try {
      const rules = accepted.map(({ rule }) => rule);
      await changeableRules(context).add(context.principal.tenant.name, rules);
      for (const rule of rules) context.changed('acl.create', ruleText(rule));
    } catch (error) {
      const refused = refusal(error, context);
      for (const { at } of accepted) results[at] = refused;
    }
    return { results };
  },
};

/** @throws KafkaError */
function ruleOf(creation: AclCreation, context: RequestContext): AuthorizationRule {
  requireAclAccess('alter', context);
  const rule = toRule({ ...creation, patternType: creation.resourcePatternType });
  requireNoLockout(rule, context);
  return rule;
}

function refusal(error: unknown, context: RequestContext): CreationResult {
  const errorCode = kafkaErrorCode(error);
  const errorMessage = kafkaErrorMessage(error);
  context.refused(errorCode, errorMessage);
  return { errorCode, errorMessage };
}
