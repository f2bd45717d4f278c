import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import { type Acl, aclPatternType, anyName } from './acl.mapping.js';

/** Which ACLs a request is about: null and ANY stand for all. */
export interface AclFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

const any = 1;
/** Every pattern that the name given falls under. */
const matching = 2;

/** What a newer client may send and nobody here can read. @throws KafkaError INVALID_REQUEST */
export function requireKnown(filter: AclFilter): void {
  const { resourceTypeFilter, patternTypeFilter, operation, permissionType } = filter;
  const isKnown = (value: number, last: number) => value >= any && value <= last;
  if (
    isKnown(resourceTypeFilter, 7) &&
    isKnown(patternTypeFilter, aclPatternType.prefixed) &&
    isKnown(operation, 15) &&
    isKnown(permissionType, 3)
  ) {
    return;
  }
  throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, 'the filter has an element that is not known');
}

/** As `org.apache.kafka.common.acl.AclBindingFilter.matches`. */
export function aclMatches(filter: AclFilter, acl: Acl): boolean {
  const is = (wanted: number, value: number) => wanted === any || wanted === value;
  const isText = (wanted: string | null, value: string) => wanted === null || wanted === value;
  return (
    is(filter.resourceTypeFilter, acl.resourceType) &&
    is(filter.operation, acl.operation) &&
    is(filter.permissionType, acl.permissionType) &&
    isText(filter.principalFilter, acl.principal) &&
    isText(filter.hostFilter, acl.host) &&
    nameMatches(filter, acl)
  );
}

function nameMatches({ patternTypeFilter: type, resourceNameFilter: name }: AclFilter, acl: Acl): boolean {
  if (type !== any && type !== matching && type !== acl.patternType) return false;
  if (name === null || name === acl.resourceName) return true;
  if (type !== matching) return false;
  return acl.patternType === aclPatternType.prefixed
    ? name.startsWith(acl.resourceName)
    : acl.resourceName === anyName;
}
