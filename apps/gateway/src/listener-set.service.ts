import { setTimeout } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics as MetricsType } from '#libs/telemetry';
import { Metrics } from '#libs/telemetry';
import { Listener, type ListenerInfo, type Protocol } from '#libs/transport';
import { ClusterMembership } from './cluster-membership.service.js';
import type { ListenerConfig, MqttListenerConfig } from './config/listener.schema.js';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG, PROTOCOLS } from './gateway.tokens.js';
import { NamespaceGate } from './namespaces/namespace-gate.service.js';
import { TenantSecurity } from './security/tenant-security.service.js';
import { PulsarGrants } from './pulsar-identity/pulsar-grants.service.js';

const firstVerificationMsMax = 10_000;
/** While Pulsar is away the others cannot be told, and a stop must not wait for that. */
const handOverMsMax = 2_000;

/** A protocol and the listeners that the configuration gives it. */
export interface ServedProtocol {
  readonly protocol: Protocol;
  readonly listeners: readonly (ListenerConfig | MqttListenerConfig)[];
}

/** Opens all listeners once Nest is up; on shutdown stops accepting and answers what is in flight. */
@Injectable()
export class ListenerSet implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly listeners: Listener[] = [];
  private opened: ListenerInfo[] = [];
  private readonly abandoned = Promise.withResolvers<void>();
  draining = false;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(PROTOCOLS) private readonly protocols: readonly ServedProtocol[],
    @Inject(NamespaceGate) private readonly namespaces: NamespaceGate,
    @Inject(PulsarGrants) private readonly grants: PulsarGrants,
    @Inject(ClusterMembership) private readonly membership: ClusterMembership,
    @Inject(TenantSecurity) private readonly security: TenantSecurity,
    @Inject(RateLimits) private readonly limits: RateLimits,
    @Inject(Metrics) private readonly metrics: MetricsType,
    @Inject(LOG) private readonly log: Log,
  ) {
    metrics.gauge({
      name: 'pulsegate_tls_certificate_expiry_seconds',
      help: 'When a certificate that is served ends, or the first one in its chain: seconds since 1970.',
      labelNames: ['listener', 'certificate'],
      read: () =>
        this.opened.flatMap(({ name }, at) =>
          this.listeners[at]!.certificates.map(({ certificate, expiresAtMs }) => ({
            labels: { listener: name, certificate },
            value: expiresAtMs / 1_000,
          })),
        ),
    });
  }

  /** @throws when a port or the node id is taken: the process then ends, with the sentence that names it. */
  async onApplicationBootstrap(): Promise<void> {
    // Before the first client: else its first request meets a tenant that nobody has looked at. But a Pulsar that
    // does not answer must not keep the health endpoints from saying so.
    const late = new AbortController();
    this.security.start();
    await Promise.race([
      this.namespaces
        .start()
        .then(() => this.grants.start())
        .then(() => this.joinCluster()),
      this.membership.failed,
      setTimeout(firstVerificationMsMax, undefined, { signal: late.signal }).catch(() => {}),
      this.abandoned.promise,
    ]).finally(() => late.abort());
    if (this.draining) return;
    for (const { protocol, listeners } of this.protocols) {
      for (const each of listeners) {
        const options = {
          ...each,
          protocol: protocol.name,
          drainTimeoutMs: this.config.shutdown.drainTimeoutMs,
        };
        const listener = new Listener(options, protocol, {
          log: this.log,
          metrics: this.metrics,
          arrivals: this.limits.arrivals,
        });
        this.listeners.push(listener);
        this.opened.push(await this.open(listener));
      }
    }
    this.membership.serve(this.opened);
  }

  /** Told to stop before all is up: what waits for Pulsar waits no longer, and nothing is opened any more. */
  abandonStart(): void {
    this.draining = true;
    this.abandoned.resolve();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    await Promise.all([
      // Others take over while this gateway answers what it has.
      Promise.race([this.membership.cluster.drain(), setTimeout(handOverMsMax, undefined, { ref: false })]),
      ...this.listeners.map((each) => each.drain()),
    ]);
    await Promise.all(this.listeners.map((each) => each.close()));
  }

  /** Where clients connect, as it was opened: port 0 has become a real one. */
  infos(): readonly ListenerInfo[] {
    return this.opened;
  }

  /** Resolves when this gateway has a node id, or at once where that cannot be soon. */
  private async joinCluster(): Promise<void> {
    // The stop itself ends what the verification waited for.
    if (this.draining) return;
    const { claimed } = await this.membership.cluster.start();
    if (this.namespaces.stateReport().served) await claimed;
    await this.security.known;
  }

  private async open(listener: Listener): Promise<ListenerInfo> {
    const info = await listener.listen();
    const { name, protocol, host, port, tls } = info;
    this.log.info(
      { event: 'listener.opened', listener: name, protocol, host, port, tls },
      'listener is open',
    );
    return info;
  }
}
