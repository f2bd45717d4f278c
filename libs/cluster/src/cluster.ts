import { hostname } from 'node:os';
import type { PulsarClient } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import { type ClusterClock, systemClock } from './cluster-clock.js';
import { type ClusterView, type Forwarding, PeerUnavailable } from './cluster-view.js';
import type { Member, MemberListener } from './member.js';
import { Membership } from './membership.js';
import type { NodeIdTaken } from './node-id-taken.js';
import { pulsarMembersLog } from './pulsar-members-log.js';
import { rendezvous } from './rendezvous.js';

export interface ClusterOptions {
  /** As configured; absent: the lowest free one. */
  readonly nodeId?: number;
  /** `tenant/namespace`. */
  readonly stateNamespace: string;
  /** Silence after which a member is gone, in ms. */
  readonly memberTimeoutMs: number;
  /** `host:port` of the listeners that this gateway is about to open, those on any free port left out. */
  readonly bound: readonly string[];
}

export interface ClusterServices {
  readonly pulsar: PulsarClient;
  readonly log: Log;
  /** Whether the state namespace has what it needs. */
  readonly stateServed: () => boolean;
  /** This gateway must not go on. */
  readonly onFatal: (error: NodeIdTaken) => void;
  readonly clock?: ClusterClock;
}

/** This gateway among the others: who is there, who prefers what, and what they tell each other. */
export class Cluster implements ClusterView {
  readonly stateNamespace: string;
  readonly #membership: Membership;

  constructor(options: ClusterOptions, services: ClusterServices) {
    const { pulsar, log, stateServed, onFatal, clock = systemClock } = services;
    const { stateNamespace, memberTimeoutMs } = options;
    this.stateNamespace = stateNamespace;
    this.#membership = new Membership(
      { ...options, machine: hostname() },
      {
        openLog: pulsarMembersLog(pulsar, { stateNamespace, sendTimeoutMs: memberTimeoutMs }),
        mayOpen: stateServed,
        clock,
        log,
        onFatal,
      },
    );
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

  readonly forwarding: Forwarding = {
    request: (nodeId) => Promise.reject(new PeerUnavailable(nodeId, 'there is no internal listener')),
    serve() {},
  };

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

  /** Goes for a node id. Resolves when it has one: not while Pulsar is away. @throws NodeIdTaken */
  start(): Promise<void> {
    this.#membership.start({ host: '127.0.0.1', port: 0 });
    return this.#membership.whenClaimed();
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
  leave(): Promise<void> {
    return this.#membership.leave();
  }
}
