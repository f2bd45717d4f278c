import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Authorizer } from '#libs/auth';
import { GrantWatch } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG, LOG } from '../gateway.tokens.js';
import { PulsarLink } from '../pulsar-link.service.js';
import { PulsarPolicy } from './pulsar-policy.js';

/** Lets Pulsar's grants decide for the tenants that have `authorization: pulsar`. Until they are read nothing is allowed. */
@Injectable()
export class PulsarGrants implements OnModuleDestroy {
  private readonly watch: GrantWatch | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(PulsarLink) pulsar: PulsarLink,
    @Inject(Authorizer) authorizer: Authorizer,
    @Inject(LOG) log: Log,
  ) {
    const tenants = config.tenants.filter(({ authorization }) => authorization === 'pulsar');
    if (tenants.length === 0) return;
    const namespaces = tenants.map(({ namespace }) => namespace);
    this.watch = new GrantWatch({ admin: pulsar.client.admin, namespaces, log });
    for (const { name, namespace } of tenants) {
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
}
