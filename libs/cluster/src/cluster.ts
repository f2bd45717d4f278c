import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { PulsarClient } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import { Listener } from '#libs/transport';
import { type ClusterClock, systemClock } from './cluster-clock.js';
import type { ClusterView, Forwarding, Splicing } from './cluster-view.js';
import type { Member, MemberListener } from './member.js';
import { Membership } from './membership.js';
import type { NodeIdTaken } from './node-id-taken.js';
import { PeerForwarding } from './peers/peer-forwarding.js';
import { peerProtocolName, ServedPeers } from './peers/served-peer.js';
import { pulsarMembersLog } from './pulsar-members-log.js';
import { PeerSplicing } from './splicing/peer-splicing.js';
import { rendezvous } from './rendezvous.js';

export interface ClusterOptions {
  /** As configured; absent: the lowest free one. */
  readonly nodeId?: number;
  /** `tenant/namespace`. */
  readonly stateNamespace: string;
  /** Silence after which a member is gone, in ms. */
  readonly memberTimeoutMs: number;
  /** Where other gateways connect. */
  readonly listen: {
    readonly host: string;
    /** 0 = any free one. */
    readonly port: number;
    readonly advertisedHost?: string;
    readonly advertisedPort?: number;
  };
  /** What gateways prove to each other; absent: each makes one up and tells it in the state namespace. */
  readonly secret?: string;
  /** `host:port` of the listeners that this gateway is about to open, those on any free port left out. */
  readonly bound: readonly string[];
}

export interface ClusterServices {
  readonly pulsar: PulsarClient;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether the state namespace has what it needs. */
  readonly stateServed: () => boolean;
  /** This gateway must not go on. */
  readonly onFatal: (error: NodeIdTaken) => void;
  readonly clock?: ClusterClock;
}

const mebibyte = 1024 * 1024;

/** Requests between two gateways. */
const peerLimits = {
  frameBytesMax: 64 * mebibyte,
  // A group's members wait in JoinGroup for each other: all of them must find room.
  requestsMax: 10_000,
  requestBytesMax: 128 * mebibyte,
  authenticationTimeoutMs: 5_000,
  sendBufferBytesMax: 4 * mebibyte,
};

/** Connections of clients that another gateway serves. Two gateways have some 28,000 ports between them. */
const spliceLimits = {
  splicesMax: 20_000,
  authenticationTimeoutMs: 5_000,
  spliceBufferBytesMax: mebibyte,
};

/** Of the internal listener, beside them. */
const listenerLimits = {
  connectionsMax: 65_536,
  connectionsPerAddressMax: 32_768,
  // A client may be silent for as long as its own protocol allows.
  idleTimeoutMs: 0,
  drainTimeoutMs: 1_000,
};

const secretBytes = 32;

/** This gateway among the others: who is there, who prefers what, and what they tell each other. */
export class Cluster implements ClusterView {
  readonly stateNamespace: string;
  readonly forwarding: Forwarding;
  readonly splicing: Splicing;
  readonly #membership: Membership;
  readonly #peers: PeerForwarding;
  readonly #splices: PeerSplicing;
  readonly #listener: Listener;
  readonly #log: Log;

  constructor(options: ClusterOptions, services: ClusterServices) {
    const { pulsar, log, metrics, stateServed, onFatal, clock = systemClock } = services;
    const { stateNamespace, memberTimeoutMs, listen, secret: given } = options;
    const secret = given ?? randomBytes(secretBytes).toString('base64url');
    this.stateNamespace = stateNamespace;
    this.#log = log;
    const membership = new Membership(
      { ...options, machine: hostname(), secret: given === undefined ? secret : undefined },
      {
        openLog: pulsarMembersLog(pulsar, { stateNamespace, sendTimeoutMs: memberTimeoutMs }),
        mayOpen: stateServed,
        clock,
        log,
        onFatal,
      },
    );
    this.#membership = membership;
    const served = new ServedPeers({ ...peerLimits, secret });
    const directory = {
      get self() {
        return membership.self;
      },
      members: () => membership.members(),
      secretOf: (nodeId: number) => given ?? membership.secretOf(nodeId),
      onChange: (listener: () => void) => membership.onChange(listener),
    };
    this.#peers = new PeerForwarding(peerLimits, directory, served, { log, metrics });
    this.forwarding = this.#peers;
    this.#splices = new PeerSplicing(spliceLimits, directory, served, { log, metrics });
    this.splicing = this.#splices;
    const protocol = peerProtocolName;
    const listenerOptions = { ...listen, ...listenerLimits, ...peerLimits, name: protocol, protocol };
    this.#listener = new Listener(listenerOptions, served, { log, metrics });
  }

  /** Adds what it counts to the process's metrics. */
  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_cluster_members',
      help: 'Gateways that are known to live, this one included.',
      read: () => this.members().length,
    });
    metrics.gauge({
      name: 'pulsegate_cluster_forwarded_in_flight',
      help: 'Requests that were sent on to other gateways and are not answered.',
      read: () => this.#peers.requestsInFlight,
    });
    metrics.gauge({
      name: 'pulsegate_cluster_splices_open',
      help: 'Connections of clients that are carried on to other gateways.',
      read: () => this.#splices.count,
    });
  }

  get self(): Member {
    return this.#membership.self;
  }

  get version(): number {
    return this.#membership.version;
  }

  /** Whether the others know this gateway; false while it is alone because Pulsar, or the state namespace, is away. */
  get isMember(): boolean {
    return this.#membership.isMember;
  }

  members(): readonly Member[] {
    return this.#membership.members();
  }

  onChange(listener: () => void): () => void {
    return this.#membership.onChange(listener);
  }

  nodeOf(key: string): Member {
    return rendezvous(key, this.#membership.members());
  }

  announce(kind: string, payload: string): void {
    this.#membership.announce(kind, payload);
  }

  onAnnouncement(kind: string, listener: (payload: string, from: number) => void): () => void {
    return this.#membership.announcements.on(kind, listener);
  }

  /**
   * Opens the internal listener and goes for a node id. The promise inside resolves when it has one: not while Pulsar is
   * away.
   *
   * @throws Error that names the port when it is taken; `claimed` rejects with NodeIdTaken
   */
  async start(): Promise<{ readonly claimed: Promise<void> }> {
    const { advertisedHost: host, advertisedPort: port } = await this.#listener.listen();
    this.#log.info({ event: 'cluster.listening', host, port }, 'other gateways may connect');
    this.#membership.start({ host, port });
    return { claimed: this.#membership.whenClaimed() };
  }

  /** The listeners are open: others may send clients here. */
  serve(listeners: readonly MemberListener[]): void {
    this.#membership.serve(listeners);
  }

  /** Before the listeners close: others take over what this gateway did. */
  drain(): Promise<void> {
    return this.#membership.drain();
  }

  /** After all else has ended but Pulsar's client. */
  async leave(): Promise<void> {
    this.#peers.close();
    this.#splices.close();
    await Promise.all([this.#membership.leave(), this.#listener.close()]);
  }
}
