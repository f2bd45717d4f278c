import { type DynamicModule, Module } from '@nestjs/common';
import { Authenticator, Authorizer, TenantBinder } from '#libs/auth';
import { RateLimits, registerQuotaMetrics } from '#libs/rate-limit';
import { TenantDirectory } from '#libs/tenancy';
import { type Log, Metrics } from '#libs/telemetry';
import { AdminAccess } from './admin/admin-access.js';
import { ClusterMembership } from './cluster-membership.service.js';
import type { GatewayConfig } from './gateway.config.js';
import { CONFIG_FILE, GATEWAY_CONFIG, LOG } from './gateway.tokens.js';
import { authenticatorOf, bindingOf } from './identities.js';
import { JwtIdentities } from './jwt-identities.service.js';
import { NamespaceGate } from './namespaces/namespace-gate.service.js';
import { PulsarGrants } from './pulsar-identity/pulsar-grants.service.js';
import { PulsarTokens } from './pulsar-identity/pulsar-tokens.service.js';
import { PulsarLink } from './pulsar-link.service.js';
import { TenantSecurity } from './security/tenant-security.service.js';
import { tenantsOf } from './tenants.js';
import { pulsegateVersion } from './version.js';

/** What a process starts with. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  /** What it was read from. */
  readonly configFile: string | undefined;
  readonly access: AdminAccess;
  readonly log: Log;
}

/** What all protocols share: Pulsar, tenants, who may do what, limits, metrics. */
@Module({})
export class CoreModule {
  static forRoot({ config, configFile, access, log }: GatewayParts): DynamicModule {
    const tenants = new TenantDirectory(tenantsOf(config));
    const provided = [
      { provide: GATEWAY_CONFIG, useValue: config },
      { provide: CONFIG_FILE, useValue: configFile },
      { provide: AdminAccess, useValue: access },
      { provide: LOG, useValue: log },
      { provide: TenantDirectory, useValue: tenants },
      { provide: TenantBinder, useFactory: () => new TenantBinder(bindingOf(config, tenants)) },
      JwtIdentities,
      PulsarTokens,
      {
        provide: Authenticator,
        useFactory: (jwt: JwtIdentities, pulsar: PulsarTokens, security: TenantSecurity) => {
          // The issuers that are configured first: a token of theirs is no business of the brokers.
          const sources = [...jwt.sources, ...pulsar.sources];
          const scramSources = [security.scramSource];
          const phantomKey = () => security.phantomKey.value;
          const authenticator = authenticatorOf({ config, tenants, log, sources, scramSources, phantomKey });
          security.configuredBy(authenticator.users);
          return authenticator;
        },
        inject: [JwtIdentities, PulsarTokens, TenantSecurity],
      },
      { provide: Authorizer, useFactory: () => authorizerOf(config) },
      {
        provide: RateLimits,
        useFactory: (metrics: Metrics) => {
          const limits = new RateLimits(tenants, { gateway: config.limits });
          registerQuotaMetrics(metrics, limits);
          return limits;
        },
        inject: [Metrics],
      },
      { provide: Metrics, useFactory: () => new Metrics({ version: pulsegateVersion }) },
      PulsarLink,
      NamespaceGate,
      PulsarGrants,
      TenantSecurity,
      ClusterMembership,
    ];
    return { module: CoreModule, global: true, providers: provided, exports: provided };
  }
}

function authorizerOf(config: GatewayConfig): Authorizer {
  return new Authorizer(
    config.tenants.map(({ name, permissions }) => ({ tenant: name, rules: permissions })),
  );
}
