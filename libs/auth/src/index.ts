export {
  Authenticator,
  type AuthenticatorListener,
  type AuthenticatorOptions,
  type UserCredential,
} from './authenticator.js';
export { type AuthorizationRule, Authorizer, type Explanation, type RuleSet } from './authorizer.js';
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
export { scryptVerifier } from './password-verifier.js';
