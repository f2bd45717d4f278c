import { createHmac } from 'node:crypto';
import {
  Authenticator,
  type AuthSource,
  type ScramCredentialSource,
  type TenantBinderOptions,
  type UserCredential,
  UsersFileWatch,
} from '#libs/auth';
import type { TenantDirectory } from '#libs/tenancy';
import type { Log } from '#libs/telemetry';
import { secretsNeedTls } from './config/listener.schema.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';
import { passwordOf } from './tenants.js';

export interface Identities {
  readonly config: GatewayConfig;
  readonly tenants: TenantDirectory;
  readonly log: Log;
  /** Who knows tokens, in the order in which they are asked. */
  readonly sources?: readonly AuthSource[];
  /** SCRAM credentials that are kept elsewhere than with the users. */
  readonly scramSources?: readonly ScramCredentialSource[];
  /** What all gateways make the salts of users from that do not exist; while there is none, it is the cluster's secret. */
  readonly phantomKey?: () => Buffer | undefined;
}

/** What clients are bound to tenants by, the same for all sources of identities. */
export function bindingOf(config: GatewayConfig, tenants: TenantDirectory): TenantBinderOptions {
  const listeners = listenersOf(config).map(({ listener }) => listener);
  return { tenants, listeners, certificates: config.authentication.certificates };
}

/** Everybody whom the configuration and the users file know. @throws AuthenticatorError, UsersFileError */
export function authenticatorOf(identities: Identities): Authenticator {
  const { config, tenants, log, sources, scramSources, phantomKey } = identities;
  const users = usersOf(config);
  const listeners = listenersOf(config).map(({ listener }) => ({
    ...listener,
    secretsNeedTls: secretsNeedTls(listener),
  }));
  const { secret } = config.cluster;
  const ofSecret =
    secret === undefined ? undefined : createHmac('sha256', secret).update('phantom users').digest();
  const authenticator = new Authenticator({
    ...config.authentication,
    users,
    tenants,
    listeners,
    log,
    ...(sources && { sources }),
    ...(scramSources && { scramSources }),
    phantomKey: () => phantomKey?.() ?? ofSecret,
  });
  const { usersFile } = config.authentication;
  if (usersFile !== undefined) new UsersFileWatch({ file: usersFile, users: authenticator.users, log });
  return authenticator;
}

/** The users of the configuration, with their passwords from where it says that they are. @throws Error that says no secret */
export function usersOf(config: Pick<GatewayConfig, 'tenants'>): UserCredential[] {
  return config.tenants.flatMap((tenant) =>
    tenant.users.map((user) => ({
      name: user.name,
      tenant: tenant.name,
      password: passwordOf(user),
      groups: user.groups,
    })),
  );
}
