import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaGatewayModule, KafkaProtocol } from '#libs/kafka-gateway';
import type { Log } from '#libs/telemetry';
import { Metrics } from '#libs/telemetry';
import { HealthController } from './admin/health.controller.js';
import { MetricsController } from './admin/metrics.controller.js';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG, PROTOCOLS } from './gateway.tokens.js';
import { ListenerSet, type ServedProtocol } from './listener-set.service.js';
import { NamespaceGate } from './namespaces/namespace-gate.service.js';
import { PulsarLink } from './pulsar-link.service.js';

/** The process, as a table of contents. A protocol is its module and one line in PROTOCOLS. */
@Module({})
export class GatewayModule {
  static forRoot(config: GatewayConfig, log: Log): DynamicModule {
    return {
      module: GatewayModule,
      global: true,
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: GATEWAY_CONFIG, useValue: config },
        { provide: LOG, useValue: log },
        { provide: Metrics, useFactory: () => new Metrics() },
        PulsarLink,
        NamespaceGate,
        ListenerSet,
      ],
    };
  }
}
