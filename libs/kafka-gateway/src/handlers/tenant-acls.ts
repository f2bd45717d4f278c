import { Authorizer, type AuthorizationRule, clusterResource, type SecurityRules } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import { type Acl, toAcls } from '../mapping/acl.mapping.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';

/** One rule as Kafka's clients see it. */
export interface ListedRule {
  /** Undefined: it is in the configuration file, which clients cannot change. */
  readonly id: string | undefined;
  readonly rule: AuthorizationRule;
  readonly acls: readonly Acl[];
}

/** @throws KafkaError CLUSTER_AUTHORIZATION_FAILED, SECURITY_DISABLED where rules do not decide */
export function requireAclAccess(action: 'describe' | 'alter', context: RequestContext): void {
  new TopicAuthorization(context).requireCluster(action);
  const { gateway, principal } = context;
  if (!gateway.authorizer.hasPolicy(principal.tenant.name)) return;
  throw new KafkaError(
    KafkaErrorCode.SECURITY_DISABLED,
    "the permissions of this tenant are Pulsar's grants, which pulsar-admin lists and changes",
  );
}

/** ACLs or filters of one request; tools send a handful. */
const elementsMax = 1_000;

/** @throws KafkaError INVALID_REQUEST */
export function requireFew(elements: readonly unknown[]): void {
  if (elements.length <= elementsMax) return;
  throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, `more than ${elementsMax} ACLs in one request`);
}

/** All rules of the tenant. @throws SecurityStateError */
export function listedRules({ gateway, principal }: RequestContext): ListedRule[] {
  const { name } = principal.tenant;
  const configured = gateway.authorizer.rulesOf(name).filter(({ origin }) => origin === 'config');
  const stored = gateway.security?.rules.rules(name) ?? [];
  return [
    ...configured.map(({ rule }) => ({ id: undefined, rule, acls: toAcls(rule) })),
    ...stored.map(({ id, rule }) => ({ id, rule, acls: toAcls(rule) })),
  ];
}

/** @throws KafkaError SECURITY_DISABLED where nothing is kept that could be changed */
export function changeableRules({ gateway }: RequestContext): SecurityRules {
  if (gateway.security !== undefined) return gateway.security.rules;
  throw new KafkaError(
    KafkaErrorCode.SECURITY_DISABLED,
    'this gateway keeps no rules beside its configuration file',
  );
}

/**
 * A deny wins over the rules of the configuration file too: without this, somebody could lock out everyone who could
 * take it back. Whoever makes a rule stays able to.
 *
 * @throws KafkaError POLICY_VIOLATION
 */
export function requireNoLockout(rule: AuthorizationRule, { principal }: RequestContext): void {
  if (rule.effect !== 'deny') return;
  const alone = new Authorizer([{ tenant: principal.tenant.name, rules: [rule] }]);
  if (alone.explain(principal, 'alter', clusterResource).rule === undefined) return;
  throw new KafkaError(
    KafkaErrorCode.POLICY_VIOLATION,
    'the rule would take from you the permission to take it back',
  );
}
