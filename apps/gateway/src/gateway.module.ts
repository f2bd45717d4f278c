import { type DynamicModule, Module } from '@nestjs/common';
import { Amqp091GatewayModule, Amqp091Protocol } from '#libs/amqp091-gateway';
import { AmqpGatewayModule, AmqpProtocol } from '#libs/amqp-gateway';
import { Authenticator, Authorizer } from '#libs/auth';
import { KafkaGatewayModule, KafkaProtocol } from '#libs/kafka-gateway';
import { MqttGatewayModule, MqttProtocol } from '#libs/mqtt-gateway';
import { RateLimits } from '#libs/rate-limit';
import { type Log, Metrics } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { FirstBytesProtocol } from '#libs/transport';
import { ConfigController } from './admin/config.controller.js';
import { HealthController } from './admin/health.controller.js';
import { MetricsController } from './admin/metrics.controller.js';
import { ClusterMembership } from './cluster-membership.service.js';
import { CoreModule, type GatewayParts } from './core.module.js';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG, PROTOCOLS } from './gateway.tokens.js';
import { ListenerSet, type ServedProtocol } from './listener-set.service.js';
import { NamespaceGate } from './namespaces/namespace-gate.service.js';
import { PulsarLink } from './pulsar-link.service.js';
import { ConfigFileWatch } from './reload/config-file-watch.service.js';
import { ConfigReload } from './reload/config-reload.service.js';
import { TenantSecurity } from './security/tenant-security.service.js';
import { pulsegateVersion } from './version.js';

/** What every protocol works with, as Nest injects it. */
const injected = [
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
];

type Injected = [
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
];

function providedBy(...services: Injected) {
  const [
    ,
    log,
    pulsar,
    authenticator,
    authorizer,
    limits,
    metrics,
    namespaces,
    membership,
    tenants,
    security,
  ] = services;
  return {
    pulsar: pulsar.client,
    authenticator,
    authorizer,
    security: { rules: security.state, scram: security.state.scram },
    limits,
    clientQuotas: security.clientQuotas,
    log,
    metrics,
    cluster: membership.cluster,
    tenants,
    tenantRefusal: (tenant: string) => namespaces.refusal(tenant) ?? security.refusal(),
    offsetsOf: (tenant: string) => namespaces.offsetsOf(tenant),
  };
}

const kafka = KafkaGatewayModule.forRootAsync({
  inject: injected,
  useFactory: (...services: Injected) => {
    const [config] = services;
    return { ...providedBy(...services), options: config.kafka };
  },
});

const mqtt = MqttGatewayModule.forRootAsync({
  inject: injected,
  useFactory: (...services: Injected) => {
    const [config, , , , , , , namespaces] = services;
    const stateServed = () => namespaces.stateReport().served;
    return { ...providedBy(...services), options: config.mqtt, version: pulsegateVersion, stateServed };
  },
});

const amqp = AmqpGatewayModule.forRootAsync({
  inject: injected,
  useFactory: (...services: Injected) => {
    const [config] = services;
    return { ...providedBy(...services), options: config.amqp, version: pulsegateVersion };
  },
});

const amqp091 = Amqp091GatewayModule.forRootAsync({
  inject: injected,
  useFactory: (...services: Injected) => {
    const [config, , , , , , , namespaces] = services;
    return {
      ...{ ...providedBy(...services), options: config.amqp091, version: pulsegateVersion },
      stateServed: () => namespaces.stateReport().served,
      namespaceRefusal: (namespace: string) => namespaces.namespaceRefusal(namespace),
    };
  },
});

/** Both AMQPs come to one port, and say in their first bytes which they are. */
function amqpPort(amqpProtocol: AmqpProtocol, amqp091Protocol: Amqp091Protocol): FirstBytesProtocol {
  return new FirstBytesProtocol({
    name: 'amqp',
    protocols: [amqpProtocol, amqp091Protocol],
    refusal: amqpProtocol.refusal,
  });
}

/** The process, as a table of contents. A protocol is its module above and one line in PROTOCOLS. */
@Module({})
export class GatewayModule {
  static forRoot(parts: GatewayParts): DynamicModule {
    const { config } = parts;
    return {
      module: GatewayModule,
      imports: [CoreModule.forRoot(parts), kafka, mqtt, amqp, amqp091],
      controllers: [ConfigController, HealthController, MetricsController],
      providers: [
        {
          provide: PROTOCOLS,
          inject: [KafkaProtocol, MqttProtocol, AmqpProtocol, Amqp091Protocol],
          useFactory: (
            kafkaProtocol: KafkaProtocol,
            mqttProtocol: MqttProtocol,
            amqpProtocol: AmqpProtocol,
            amqp091Protocol: Amqp091Protocol,
          ): ServedProtocol[] => [
            { protocol: kafkaProtocol, listeners: config.kafka.listeners },
            { protocol: mqttProtocol, listeners: config.mqtt.listeners },
            { protocol: amqpPort(amqpProtocol, amqp091Protocol), listeners: config.amqp.listeners },
          ],
        },
        ListenerSet,
        ConfigReload,
        ConfigFileWatch,
      ],
    };
  }
}
