export {
  Authenticator,
  AuthenticatorError,
  type AuthenticatorListener,
  type AuthenticatorOptions,
  type UserCredential,
} from './authenticator.js';
export { type AuthorizationRule, authorizationRuleFault, type RuleOrigin } from './authorization-rule.js';
export {
  type AuthorizationPolicy,
  Authorizer,
  AuthorizerError,
  type Explanation,
  type PolicyAction,
  type RuleSet,
} from './authorizer.js';
export {
  type AuthDecision,
  type AuthPeer,
  anonymousUser,
  type DenyReason,
  type Principal,
} from './principal.js';
export {
  type Action,
  actions,
  clusterResource,
  type Resource,
  type ResourceType,
  resourceTypes,
} from './resource.js';
export {
  type ScramCredential,
  type ScramCredentialSource,
  scramIterations,
  type ScramMechanism,
  scramMechanisms,
} from './scram-credential.js';
export {
  type ScramUser,
  type ScramUsers,
  type SecurityRules,
  SecurityStateError,
  type SecurityStateFault,
  type StoredRule,
} from './security-rules.js';
export { SecurityState, type SecurityStateOptions, type SecurityValues } from './state/security-state.js';
export { isScryptVerifier, parseScryptVerifier, scryptVerifier } from './password-verifier.js';
export { topicNameFault } from './topic-name.js';
export { userNameFault } from './user-name.js';
