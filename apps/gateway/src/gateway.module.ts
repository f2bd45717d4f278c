import { type DynamicModule, Module } from '@nestjs/common';
import { Authenticator, Authorizer } from '#libs/auth';
import { KafkaGatewayModule, KafkaProtocol } from '#libs/kafka-gateway';
import { RateLimits } from '#libs/rate-limit';
import { type Log, Metrics } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { HealthController } from './admin/health.controller.js';
import { MetricsController } from './admin/metrics.controller.js';
import { ClusterMembership } from './cluster-membership.service.js';
import { CoreModule } from './core.module.js';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG, PROTOCOLS } from './gateway.tokens.js';
import { ListenerSet, type ServedProtocol } from './listener-set.service.js';
import { NamespaceGate } from './namespaces/namespace-gate.service.js';
import { PulsarLink } from './pulsar-link.service.js';
import { TenantSecurity } from './security/tenant-security.service.js';

const kafka = KafkaGatewayModule.forRootAsync({
  inject: [
    GATEWAY_CONFIG,
    LOG,
    PulsarLink,
    Authenticator,
    Authorizer,
    RateLimits,
    Metrics,
    NamespaceGate,
    ClusterMembership,
    TenantDirectory,
    TenantSecurity,
  ],
  useFactory: (
    config: GatewayConfig,
    log: Log,
    pulsar: PulsarLink,
    authenticator: Authenticator,
    authorizer: Authorizer,
    limits: RateLimits,
    metrics: Metrics,
    namespaces: NamespaceGate,
    membership: ClusterMembership,
    tenants: TenantDirectory,
    security: TenantSecurity,
  ) => ({
    pulsar: pulsar.client,
    authenticator,
    authorizer,
    security: { rules: security.state, scram: security.state.scram },
    limits,
    options: config.kafka,
    log,
    metrics,
    cluster: membership.cluster,
    tenants,
    tenantRefusal: (tenant: string) => namespaces.refusal(tenant) ?? security.refusal(),
    offsetsOf: (tenant: string) => namespaces.offsetsOf(tenant),
  }),
});

/** The process, as a table of contents. A protocol is its module above and one line in PROTOCOLS. */
@Module({})
export class GatewayModule {
  static forRoot(config: GatewayConfig, log: Log): DynamicModule {
    return {
      module: GatewayModule,
      imports: [CoreModule.forRoot(config, log), kafka],
      controllers: [HealthController, MetricsController],
      providers: [
        {
          provide: PROTOCOLS,
          inject: [KafkaProtocol],
          useFactory: (protocol: KafkaProtocol): ServedProtocol[] => [
            { protocol, listeners: config.kafka.listeners },
          ],
        },
        ListenerSet,
      ],
    };
  }
}
