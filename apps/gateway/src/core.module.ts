import { type DynamicModule, Module } from '@nestjs/common';
import {
  Authenticator,
  Authorizer,
  type AuthSource,
  TenantBinder,
  type TenantBinderOptions,
} from '#libs/auth';
import { RateLimits } from '#libs/rate-limit';
import { TenantDirectory } from '#libs/tenancy';
import { type Log, Metrics } from '#libs/telemetry';
import { ClusterMembership } from './cluster-membership.service.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG } from './gateway.tokens.js';
import { JwtIdentities } from './jwt-identities.service.js';
import { NamespaceGate } from './namespaces/namespace-gate.service.js';
import { PulsarGrants } from './pulsar-identity/pulsar-grants.service.js';
import { PulsarLink } from './pulsar-link.service.js';
import { passwordOf, tenantsOf } from './tenants.js';
import { pulsegateVersion } from './version.js';

/** What all protocols share: Pulsar, tenants, who may do what, limits, metrics. */
@Module({})
export class CoreModule {
  static forRoot(config: GatewayConfig, log: Log): DynamicModule {
    const tenants = new TenantDirectory(tenantsOf(config));
    const provided = [
      { provide: GATEWAY_CONFIG, useValue: config },
      { provide: LOG, useValue: log },
      { provide: TenantDirectory, useValue: tenants },
      { provide: TenantBinder, useFactory: () => new TenantBinder(bindingOf(config, tenants)) },
      JwtIdentities,
      {
        provide: Authenticator,
        useFactory: (jwt: JwtIdentities) => authenticatorOf(config, tenants, log, jwt.sources),
        inject: [JwtIdentities],
      },
      { provide: Authorizer, useFactory: () => authorizerOf(config) },
      { provide: RateLimits, useFactory: () => new RateLimits(tenants) },
      { provide: Metrics, useFactory: () => new Metrics({ version: pulsegateVersion }) },
      PulsarLink,
      NamespaceGate,
      PulsarGrants,
      ClusterMembership,
    ];
    return { module: CoreModule, global: true, providers: provided, exports: provided };
  }
}

/** What clients are bound to tenants by, the same for all sources of identities. */
function bindingOf(config: GatewayConfig, tenants: TenantDirectory): TenantBinderOptions {
  return { tenants, listeners: listenersOf(config).map(({ listener }) => listener) };
}

function authenticatorOf(
  config: GatewayConfig,
  tenants: TenantDirectory,
  log: Log,
  sources: readonly AuthSource[],
): Authenticator {
  const users = config.tenants.flatMap((tenant) =>
    tenant.users.map((user) => ({
      name: user.name,
      tenant: tenant.name,
      password: passwordOf(user),
      groups: user.groups,
    })),
  );
  const listeners = listenersOf(config).map(({ listener }) => listener);
  return new Authenticator({ ...config.authentication, users, tenants, listeners, log, sources });
}

function authorizerOf(config: GatewayConfig): Authorizer {
  return new Authorizer(
    config.tenants.map(({ name, permissions }) => ({ tenant: name, rules: permissions })),
  );
}
