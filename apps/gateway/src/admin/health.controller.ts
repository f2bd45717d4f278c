import { Controller, Get, HttpStatus, Inject, Res } from '@nestjs/common';
import { ClusterMembership } from '../cluster-membership.service.js';
import { NamespaceGate } from '../namespaces/namespace-gate.service.js';
import { PulsarLink } from '../pulsar-link.service.js';
import { ListenerSet } from '../listener-set.service.js';
import { TenantSecurity } from '../security/tenant-security.service.js';

interface Reply {
  status(code: number): Reply;
  send(body: unknown): void;
}

/** Liveness never depends on Pulsar: a restart of the gateway mends no broker. Readiness does. */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(PulsarLink) private readonly pulsar: PulsarLink,
    @Inject(NamespaceGate) private readonly namespaces: NamespaceGate,
    @Inject(ClusterMembership) private readonly membership: ClusterMembership,
    @Inject(TenantSecurity) private readonly security: TenantSecurity,
    @Inject(ListenerSet) private readonly listeners: ListenerSet,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(@Res() reply: Reply): Promise<void> {
    const pulsar = await this.pulsar.probe();
    const namespaces = this.namespaces.report();
    const cluster = this.membership.report();
    const draining = this.listeners.draining;
    const security = { known: this.security.state.ready };
    const served = cluster.state.served && security.known && namespaces.every((each) => each.served);
    const ready = pulsar.reachable && !draining && served;
    reply
      .status(ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
      .send({ status: ready ? 'ready' : 'not ready', draining, pulsar, namespaces, cluster, security });
  }
}
