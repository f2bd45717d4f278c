import { HeldSlices, sliceCluster, systemSliceClock, type SliceClock } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { EntryPosition } from '#libs/pulsar';
import type { Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import type { OpenRequest, SessionDirectory, SessionOpening } from '../session/session-directory.js';
import { type ClaimRequest, SessionSlice, sessionSlicesPerTenant } from './session-slice.js';
import { registerSliceMetrics } from './slice.metrics.js';
import { sessionSlice, SliceOwners } from './slice-owners.js';
import type { SliceSessionsParts } from './slice-parts.js';
import { isAway, TransientClaims } from './transient-claims.js';

/** Part of the slices' keys and topics. */
const sessionsKind = 'mqtt-sessions';
/** Appends of one slice without a receipt: the journal has far fewer. */
const pendingEntriesMax = 1_000;
/** Between two attempts to find the owner of a slice. */
const retryMs = 50;

/** Who has which session: by the slices of all tenants, each of which one gateway holds by lease. */
export class SliceSessions implements SessionDirectory {
  readonly #slices: HeldSlices<SessionSlice>;
  readonly #owners: SliceOwners;
  readonly #transients: TransientClaims;
  readonly #clock: SliceClock;
  readonly #dropped = { messages: 0 };

  constructor(private readonly parts: SliceSessionsParts) {
    const { pulsar, cluster, tenants, options, log } = parts;
    this.#clock = parts.clock ?? systemSliceClock;
    const sliceParts = {
      ...parts,
      dropped: this.#dropped,
      mayOpen: (tenant: Tenant) => this.#mayOpen(tenant),
      kick: (claim: Parameters<SliceOwners['kick']>[0]) => this.#owners.kick(claim),
    };
    this.#slices = new HeldSlices({
      ...{ kind: sessionsKind, things: 'sessions', slicesPerTenant: sessionSlicesPerTenant },
      ...{ pulsar, tenants, log, pendingEntriesMax, clock: this.#clock },
      cluster: sliceCluster(cluster),
      stateNamespace: cluster.stateNamespace,
      idleMs: options.sessionSliceIdleMs,
      makeState: (ground) => new SessionSlice(ground, sliceParts),
      onServing: ({ ground }) => this.#transients.served(ground.tenant, ground.slice),
    });
    this.#owners = new SliceOwners(this.#slices, cluster, tenants);
    this.#transients = new TransientClaims(this.#owners, cluster, log);
    this.#owners.onKick = (connectionId) => this.#transients.kick(connectionId);
  }

  /** Whether the tenant may have one more session here that outlives its connection. */
  #mayOpen(tenant: Tenant): boolean {
    const quotas = this.parts.limits?.of(tenant);
    if (quotas?.limits.sessions === undefined) return true;
    let held = 0;
    for (let slice = 0; slice < sessionSlicesPerTenant; slice++) {
      held += this.#slices.servedSlice(tenant, slice)?.table.sessions.size ?? 0;
    }
    return quotas.admits('sessions', held);
  }

  register(metrics: Metrics): void {
    registerSliceMetrics(metrics, () => this.#slices.served(), this.#dropped);
  }

  /** Published by this gateway and confirmed by Pulsar: who subscribes from now on does not get it. */
  noteStored(tenant: Tenant, partition: string, position: EntryPosition): void {
    for (let slice = 0; slice < sessionSlicesPerTenant; slice++) {
      this.#slices.servedSlice(tenant, slice)?.dispatch.unread.note(partition, position);
    }
  }

  async open(request: OpenRequest): Promise<SessionOpening> {
    const { assigned, sessionExpirySeconds, will } = request;
    if (assigned && sessionExpirySeconds === 0 && will === undefined) return this.#openUnclaimed(request);
    const until = performance.now() + this.parts.options.connectTimeoutMs;
    for (;;) {
      try {
        return await this.#inTime(this.#open(request), request, until);
      } catch (error) {
        if (!isAway(error)) throw error;
        if (performance.now() + retryMs >= until) {
          // It may have been granted, and the answer lost.
          this.#transients.ended(request.connection.id, { normal: true });
          const message = 'the gateway that has the session cannot be reached';
          throw new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, message, { cause: error });
        }
        await new Promise<void>((resolve) => {
          this.#clock.after(retryMs, resolve);
        });
      }
    }
  }

  /** What is opened too late is closed: its client was told that it is not connected. */
  async #inTime(
    opening: Promise<SessionOpening>,
    request: OpenRequest,
    until: number,
  ): Promise<SessionOpening> {
    const late = Symbol('late');
    const { promise: elapsed, resolve } = Promise.withResolvers<typeof late>();
    const timer = this.#clock.after(Math.max(0, until - performance.now()), () => resolve(late));
    const first = await Promise.race([opening, elapsed]).finally(() => timer.cancel());
    if (first !== late) return first;
    const notConnected = { normal: true } as const;
    opening.then(
      (opened) => opened.kind === 'opened' && opened.close(notConnected),
      () => this.#transients.ended(request.connection.id, notConnected),
    );
    throw new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, 'the session could not be stored in time');
  }

  async close(): Promise<void> {
    await this.#transients.close();
    await this.#slices.close();
  }

  /** Rejects with SliceUnavailable, PeerUnavailable while the owner cannot be asked. */
  async #open(request: OpenRequest): Promise<SessionOpening> {
    const { principal, clientId, sessionExpirySeconds, spliced } = request;
    const { tenant } = principal;
    const slice = sessionSlice(clientId);
    const isOwn = this.#slices.isOwn(tenant, slice);
    if (!isOwn && spliced) {
      throw new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, 'another gateway has got the session meanwhile');
    }
    if (sessionExpirySeconds === 0 && (await this.#claim(request, slice)))
      return this.#openTransient(request);
    if (!isOwn) return { kind: 'elsewhere', nodeId: this.#slices.nodeOf(tenant, slice) };
    const own = await this.#slices.own(tenant, slice).acquired(this.parts.options.connectTimeoutMs);
    return own.open(request);
  }

  /** False: there is a session that goes on. */
  async #claim(request: OpenRequest, slice: number): Promise<boolean> {
    const { principal, clientId, cleanStart, will, connection } = request;
    const { tenant, user, groups, anonymous, source } = principal;
    const { nodeId, instance } = this.parts.cluster.self;
    const claim: ClaimRequest = {
      ...{ clientId, cleanStart, will, connectionId: connection.id, nodeId, instance },
      author: { user, groups, anonymous, source },
    };
    this.#transients.add({
      ...{ tenant, clientId, slice, connectionId: connection.id, hasWill: will !== undefined },
      takenOver: () => connection.takenOver(),
    });
    try {
      if ((await this.#owners.claim(tenant, claim)) === 'granted') {
        this.#transients.granted(connection.id);
        return true;
      }
    } catch (error) {
      if (!isAway(error)) this.#transients.remove(connection.id);
      throw error;
    }
    this.#transients.remove(connection.id);
    return false;
  }

  #openTransient(request: OpenRequest): SessionOpening {
    const { session, end } = this.parts.openTransient(request);
    return {
      kind: 'opened',
      session,
      sessionPresent: false,
      close: (how) => {
        end();
        this.#transients.ended(request.connection.id, how);
      },
    };
  }

  #openUnclaimed(request: OpenRequest): SessionOpening {
    const { session, end } = this.parts.openTransient(request);
    return { kind: 'opened', session, sessionPresent: false, close: () => end() };
  }
}
