import {
  type DescribeAclsRequest,
  type DescribeAclsResponse,
  type DescribeAclsResponseDescribeAclsResource as AclsOfResource,
  describeAclsApi,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { type Acl, aclPatternType } from '../mapping/acl.mapping.js';
import { aclMatches, requireKnown } from '../mapping/acl-filter.js';
import { listedRules, requireAclAccess } from './tenant-acls.js';

/** DescribeAcls v0-3: the tenant's rules, those of the configuration file too. v0 knows literal names only. */
export const describeAclsHandler: ApiHandler<DescribeAclsRequest, DescribeAclsResponse> = {
  api: describeAclsApi,
  versionMin: 0,
  versionMax: 3,
  handle(request, context) {
    try {
      requireAclAccess('describe', context);
      requireKnown(request);
      const acls = listedRules(context).flatMap((rule) => rule.acls);
      const { apiVersion } = context.header;
      const matching = acls.filter(
        (acl) => aclMatches(request, acl) && (apiVersion > 0 || acl.patternType === aclPatternType.literal),
      );
      return { errorMessage: null, resources: byResource(matching) };
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      const errorMessage = kafkaErrorMessage(error);
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage, resources: [] };
    }
  },
};

/** Each ACL once, with the others of its resource. */
function byResource(acls: readonly Acl[]): AclsOfResource[] {
  const resources = new Map<string, AclsOfResource>();
  const told = new Set<string>();
  for (const { resourceType, resourceName, patternType, ...acl } of acls) {
    const key = JSON.stringify([resourceType, patternType, resourceName]);
    let resource = resources.get(key);
    if (resource === undefined) {
      resource = { resourceType, resourceName, patternType, acls: [] };
      resources.set(key, resource);
    }
    const whole = key + JSON.stringify([acl.principal, acl.operation, acl.permissionType]);
    if (!told.has(whole)) resource.acls.push(acl);
    told.add(whole);
  }
  return [...resources.values()];
}
