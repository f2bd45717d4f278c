import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Authorizer } from '#libs/auth';
import { GrantWatch, type NamespaceGrants } from '#libs/pulsar';
import { type Log, Metrics } from '#libs/telemetry';
import type { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG, LOG } from '../gateway.tokens.js';
import { PulsarLink } from '../pulsar-link.service.js';
import { PulsarPolicy } from './pulsar-policy.js';

/** A tenant whose connections act for a role of Pulsar's. */
interface ActedFor {
  readonly tenant: string;
  readonly role: string;
  consuming: ReadonlySet<string>;
}

/**
 * Heeds what Pulsar has granted. It decides for the tenants that have `authorization: pulsar`: until it is read nothing is
 * allowed. And where a tenant's connections act for a role that loses a grant, its readers are opened anew, because brokers
 * end such producers by themselves but such readers not.
 */
@Injectable()
export class PulsarGrants implements OnModuleDestroy {
  private readonly watch: GrantWatch | undefined;
  private readonly actedFor = new Map<string, ActedFor>();

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(PulsarLink) private readonly pulsar: PulsarLink,
    @Inject(Authorizer) authorizer: Authorizer,
    @Inject(Metrics) metrics: Metrics,
    @Inject(LOG) private readonly log: Log,
  ) {
    for (const { name, namespace, pulsar: own } of config.tenants) {
      if (own?.role === undefined || own.auth !== undefined) continue;
      this.actedFor.set(namespace, { tenant: name, role: own.role, consuming: new Set() });
    }
    const deciding = config.tenants.filter(({ authorization }) => authorization === 'pulsar');
    metrics.gauge({
      name: 'pulsegate_pulsar_grants_age_seconds',
      help: 'Since what Pulsar has granted was read; over 30 nobody of the tenant may do anything.',
      labelNames: ['tenant'],
      read: () =>
        deciding.map(({ name, namespace }) => ({
          labels: { tenant: name },
          value: (this.watch?.ageMs(namespace) ?? 0) / 1_000,
        })),
    });
    const namespaces = [...new Set([...this.actedFor.keys(), ...deciding.map(({ namespace }) => namespace)])];
    if (namespaces.length === 0) return;
    const onRead = (namespace: string, grants: NamespaceGrants) => this.heed(namespace, grants);
    this.watch = new GrantWatch({ admin: pulsar.client.admin, namespaces, log, onRead });
    for (const { name, namespace } of deciding) {
      authorizer.setPolicy(name, new PulsarPolicy(this.watch, namespace));
    }
  }

  /** Resolves when all were looked at once. The namespaces must have been verified: a missing one is made by that. */
  async start(): Promise<void> {
    await this.watch?.start();
  }

  onModuleDestroy(): void {
    this.watch?.close();
  }

  private heed(namespace: string, grants: NamespaceGrants): void {
    const actedFor = this.actedFor.get(namespace);
    if (actedFor === undefined) return;
    const { tenant, role, consuming } = actedFor;
    actedFor.consuming = grants.grounds(role, 'consume');
    const lost = [...consuming].some((each) => !actedFor.consuming.has(each));
    if (lost) {
      this.log.info(
        { event: 'pulsar-grants.lost', tenant, role },
        'a role lost a grant: its readers open anew',
      );
    }
    // Without any grant there may still be readers: of a grant that came and went between two looks.
    if (lost || actedFor.consuming.size === 0) this.pulsar.client.renewReading(tenant);
  }
}
