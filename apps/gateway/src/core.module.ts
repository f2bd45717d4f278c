import { type DynamicModule, Module } from '@nestjs/common';
import { Authenticator, Authorizer, TenantBinder } from '#libs/auth';
import { RateLimits, registerQuotaMetrics } from '#libs/rate-limit';
import { TenantDirectory } from '#libs/tenancy';
import { type Log, Metrics } from '#libs/telemetry';
import { AdminAccess } from './admin/admin-access.js';
import { GatewayAudit } from './audit/gateway-audit.js';
import { AuditService } from './audit/audit.service.js';
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
  readonly audit: GatewayAudit;
}

/** What all protocols share: Pulsar, tenants, who may do what, limits, metrics. */
@Module({})
export class CoreModule {
  static forRoot({ config, configFile, access, audit }: GatewayParts): DynamicModule {
    const { log } = audit;
    const tenants = new TenantDirectory(tenantsOf(config));
    const provided = [
      { provide: GATEWAY_CONFIG, useValue: config },
      { provide: CONFIG_FILE, useValue: configFile },
      { provide: AdminAccess, useValue: access },
      { provide: GatewayAudit, useValue: audit },
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
      { provide: Authorizer, useFactory: () => authorizerOf(config, log) },
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
      AuditService,
      NamespaceGate,
      PulsarGrants,
      TenantSecurity,
      ClusterMembership,
    ];
    return { module: CoreModule, global: true, providers: provided, exports: provided };
  }
}

function authorizerOf({ tenants, audit }: GatewayConfig, log: Log): Authorizer {
  const authorizer = new Authorizer(
    tenants.map(({ name, permissions }) => ({ tenant: name, rules: permissions })),
  );
  if (audit?.allowed) authorizer.onAllowed = recordAllowed(log);
  return authorizer;
}

function recordAllowed({ audit }: Log): NonNullable<Authorizer['onAllowed']> {
  return ({ tenant, user }, action, { type, name }, clientId) =>
    audit?.record({
      ...{ kind: 'access', outcome: 'allowed', tenant: tenant.name, user, action, resource: { type, name } },
      ...(clientId !== '' && { clientId }),
    });
}
