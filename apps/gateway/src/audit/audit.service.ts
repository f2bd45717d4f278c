import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '#libs/telemetry';
import { PulsarLink } from '../pulsar-link.service.js';
import { GatewayAudit } from './gateway-audit.js';

/** Gives the trail its Pulsar, and its end. */
@Injectable()
export class AuditService implements OnModuleInit {
  constructor(
    @Inject(GatewayAudit) private readonly audit: GatewayAudit,
    @Inject(PulsarLink) private readonly pulsar: PulsarLink,
    @Inject(Metrics) metrics: Metrics,
  ) {
    metrics.counter({
      name: 'pulsegate_audit_records_total',
      help: 'Logins, denials and changes that were recorded, repetitions included.',
      read: () => audit.trail?.recorded ?? 0,
    });
    metrics.counter({
      name: 'pulsegate_audit_lost_total',
      help: 'Records that the audit topic did not take in time.',
      read: () => audit.topic?.lost ?? 0,
    });
    pulsar.beforeClose(() => audit.close());
  }

  onModuleInit(): void {
    this.audit.topic?.start(this.pulsar.client);
  }
}
