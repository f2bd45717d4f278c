export {
  type AuthSource,
  type Credentials,
  type SaslMechanism,
  saslMechanisms,
} from './auth-source.js';
export {
  Authenticator,
  AuthenticatorError,
  type AuthenticatorListener,
  type AuthenticatorOptions,
} from './authenticator.js';
export {
  type AuthorizationRule,
  authorizationRuleFault,
  deadNameFault,
  type ResourceMatch,
  resourceMatches,
  type RuleOrigin,
} from './authorization-rule.js';
export {
  type AuthorizationPolicy,
  Authorizer,
  AuthorizerError,
  type Explanation,
  type PolicyAction,
  type RuleSet,
  type ScopeVerdict,
  type Verdict,
} from './authorizer.js';
export { type CertificateRule, certificateRuleFault } from './certificate-rule.js';
export { decodeName, encodeName } from './encoded-name.js';
export { nameMatches } from './glob.js';
export {
  type AuthDecision,
  type AuthPeer,
  anonymousUser,
  type CertificateAttribute,
  type DenyReason,
  type IdentitySource,
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
  type ConfiguredScramUsers,
  type ScramUser,
  type ScramUsers,
  type SecurityRules,
  SecurityStateError,
  type SecurityStateFault,
  type StoredRule,
} from './security-rules.js';
export { SecurityState, type SecurityStateOptions, type SecurityValues } from './state/security-state.js';
export {
  type MechanismExchange,
  type MechanismStep,
  type SaslAuthority,
  startMechanism,
} from './sasl/sasl-mechanism.js';
export { parsePlainToken, type PlainCredentials } from './sasl/sasl-plain.js';
export {
  isSameUser,
  type SaslDenial,
  SaslNegotiation,
  type SaslNegotiationOptions,
  type SaslStep,
} from './sasl/sasl-negotiation.js';
export { denyingRule, ruleText } from './denying-rule.js';
export { PermissionWatch, type WatchedPermission } from './permission-watch.js';
export { type EndOfIdentity, SessionWatch, type WatchedSession } from './session-watch.js';
export { scryptVerifier } from './password-verifier.js';
export type { ScramExchange, ScramStep } from './scram/scram-exchange.js';
export {
  credentialOf,
  formatScramVerifier,
  parseScramVerifier,
  scramCredential,
  scramCredentialFault,
  scramHash,
} from './scram/scram-verifier.js';
export {
  type NamedTenants,
  TenantBinder,
  type TenantBinderOptions,
  type TenantListener,
} from './tenant-binder.js';
export { looksLikeToken, tokenBytesMax } from './token-chain.js';
export { topicNameFault } from './topic-name.js';
export {
  type FileUser,
  fileUserFault,
  formatUsersFile,
  parseUsersFile,
  readUsersFile,
  UsersFileError,
} from './users/users-file.js';
export { passwordFault } from './users/password-verifiers.js';
export { UsersFileWatch, type UsersFileWatchOptions } from './users/users-file-watch.js';
export { claimedUser, userNameCharsMax, userNameFault } from './user-name.js';
export {
  type KnownUser,
  KnownUsers,
  type PreparedUsers,
  type UserCredential,
  type UserOrigin,
} from './users/known-users.js';
export { loadIssuerKeys, parseIssuerKeys } from './jwt/issuer-keys.js';
export { type JwtAlgorithm, jwtAlgorithms } from './jwt/jwt-algorithm.js';
export { type ClaimPath, claimPathMax, type JwtClaimNames } from './jwt/jwt-claims.js';
export {
  issuerCharsMax,
  type JwtIssuerOptions,
  jwtIssuerDefaults,
  jwtIssuerFaults,
} from './jwt/jwt-issuer.js';
export { JwtSource, type JwtSourceOptions } from './jwt/jwt-source.js';
