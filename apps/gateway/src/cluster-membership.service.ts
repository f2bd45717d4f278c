import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Cluster, type Member } from '#libs/cluster';
import { type Log, Metrics } from '#libs/telemetry';
import type { ListenerInfo } from '#libs/transport';
import { type GatewayConfig, listenersOf } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG } from './gateway.tokens.js';
import { NamespaceGate, type NamespaceStatus } from './namespaces/namespace-gate.service.js';
import { PulsarLink } from './pulsar-link.service.js';

/** A farewell that Pulsar does not take in time is not said: silence says the same. */
const leaveMsMax = 3_000;

export interface ClusterReport {
  readonly nodeId: number;
  /** False while this gateway is alone because Pulsar or the state namespace is away. */
  readonly joined: boolean;
  readonly members: readonly Pick<Member, 'nodeId' | 'state' | 'listeners'>[];
  readonly state: NamespaceStatus;
}

/** This process as one of several gateways. */
@Injectable()
export class ClusterMembership {
  readonly cluster: Cluster;
  private readonly fatal = Promise.withResolvers<never>();

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(PulsarLink) pulsar: PulsarLink,
    @Inject(NamespaceGate) private readonly namespaces: NamespaceGate,
    @Inject(Metrics) metrics: Metrics,
    @Inject(LOG) log: Log,
  ) {
    this.fatal.promise.catch(() => {});
    const bound = listenersOf(config)
      .filter(({ listener }) => listener.port !== 0)
      .map(({ listener: { host, port } }) => `${host}:${port}`);
    this.cluster = new Cluster(
      { ...config.cluster, nodeId: config.kafka.nodeId, bound },
      {
        pulsar: pulsar.client,
        log,
        metrics,
        stateServed: () => namespaces.stateReport().served,
        onFatal: (error) => this.fatal.reject(error),
      },
    );
    pulsar.beforeClose(() =>
      Promise.race([this.cluster.leave(), delay(leaveMsMax, undefined, { ref: false })]),
    );
    this.cluster.register(metrics);
  }

  /** Rejects, with a sentence for a person, when this gateway must not go on; never resolves. */
  get failed(): Promise<never> {
    return this.fatal.promise;
  }

  /** The listeners are open. */
  serve(infos: readonly ListenerInfo[]): void {
    this.cluster.serve(
      infos.map(({ name, protocol, advertisedHost, advertisedPort, tls }) => ({
        name,
        protocol,
        host: advertisedHost,
        port: advertisedPort,
        tls,
      })),
    );
  }

  report(): ClusterReport {
    const { cluster } = this;
    return {
      nodeId: cluster.self.nodeId,
      joined: cluster.isMember,
      members: cluster.members().map(({ nodeId, state, listeners }) => ({ nodeId, state, listeners })),
      state: this.namespaces.stateReport(),
    };
  }
}
