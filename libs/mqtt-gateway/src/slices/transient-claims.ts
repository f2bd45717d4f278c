import { PeerUnavailable, type ClusterView, SliceUnavailable } from '#libs/cluster';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { SessionClose } from '../session/session-directory.js';
import type { TransientClient } from './client-claims.js';
import type { SliceOwners } from './slice-owners.js';

interface Known extends TransientClient {
  /** The process that knows of the claim; undefined: it has forgotten. */
  toldTo: string | undefined;
  /** Before that it waits for its turn at the owner, which is no news to tell: told, it would seem to have lost its client id. */
  granted: boolean;
}

interface ServedSlice {
  readonly tenant: string;
  readonly slice: number;
}

const servedAnnouncement = 'mqtt-slice-served';

const retryMs = 1_000;
/** Client ids that one request tells. */
const adoptMax = 1_000;
/** Endings that could not be told yet; without a will the owner may go without. */
const releasesMax = 100_000;

/**
 * The transient connections of this gateway: what slices' owners are told of them, and again when others become owners.
 */
export class TransientClaims {
  readonly #clients = new Map<string, Known>();
  /** To be told: connection ids with how they ended. */
  readonly #released = new Map<string, { readonly client: Known; readonly normal: boolean }>();
  readonly #stopWatching: () => void;
  #timer: NodeJS.Timeout | undefined;
  #telling = false;

  constructor(
    private readonly owners: SliceOwners,
    private readonly cluster: ClusterView,
    private readonly log: Log,
  ) {
    const stops = [
      cluster.onChange(() => this.#tellSoon(0)),
      cluster.onAnnouncement(servedAnnouncement, (payload) => this.#forgotten(JSON.parse(payload))),
    ];
    this.#stopWatching = () => {
      for (const stop of stops) stop();
    };
  }

  /** This gateway begins to serve a slice, maybe not for the first time: it knows of nobody's claims. */
  served(tenant: Tenant, slice: number): void {
    const served: ServedSlice = { tenant: tenant.name, slice };
    this.cluster.announce(servedAnnouncement, JSON.stringify(served));
    this.#forgotten(served);
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Before it is claimed: the owner may take it away at once. */
  add(client: TransientClient): void {
    const toldTo = this.owners.instanceOf(client.tenant, client.slice);
    this.#clients.set(client.connectionId, { ...client, toldTo, granted: false });
  }

  granted(connectionId: string): void {
    const client = this.#clients.get(connectionId);
    if (client === undefined) return;
    client.granted = true;
    // The owner may have forgotten it since.
    if (client.toldTo === undefined) this.#tellSoon(0);
  }

  /** It was not granted. */
  remove(connectionId: string): void {
    this.#clients.delete(connectionId);
  }

  /** Another connection has its client id. */
  kick(connectionId: string): void {
    this.#clients.get(connectionId)?.takenOver();
  }

  ended(connectionId: string, { normal }: SessionClose): void {
    const client = this.#clients.get(connectionId);
    if (client === undefined) return;
    this.#clients.delete(connectionId);
    if (!client.hasWill && this.#released.size >= releasesMax) return;
    this.#released.set(connectionId, { client, normal });
    void this.#tellReleased(connectionId);
  }

  /** Gives what has ended a last chance to be told. */
  async close(): Promise<void> {
    this.#stopWatching();
    clearTimeout(this.#timer);
    await Promise.all([...this.#released.keys()].map((connectionId) => this.#tellReleased(connectionId)));
  }

  async #tellReleased(connectionId: string): Promise<void> {
    const released = this.#released.get(connectionId);
    if (released === undefined) return;
    const { client, normal } = released;
    try {
      await this.owners.release(client, normal);
      this.#released.delete(connectionId);
    } catch (error) {
      if (client.hasWill) this.#tellSoon(retryMs);
      else this.#released.delete(connectionId);
      if (!isAway(error)) throw error;
    }
  }

  #forgotten({ tenant, slice }: ServedSlice): void {
    let isAny = false;
    for (const client of this.#clients.values()) {
      if (client.slice !== slice || client.tenant.name !== tenant) continue;
      client.toldTo = undefined;
      isAny = true;
    }
    if (isAny) this.#tellSoon(0);
  }

  #tellSoon(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#tellAll().catch((error: unknown) => {
        this.log.error({ event: 'mqtt-claims-failed', error }, 'client ids could not be told');
      });
    }, afterMs);
    this.#timer.unref();
  }

  async #tellAll(): Promise<void> {
    if (this.#telling) {
      this.#tellSoon(retryMs);
      return;
    }
    this.#telling = true;
    try {
      for (const connectionId of [...this.#released.keys()]) await this.#tellReleased(connectionId);
      for (const [key, clients] of this.#untold()) await this.#tell(key, clients);
    } finally {
      this.#telling = false;
    }
  }

  /** By slice: those that its owner does not know of. */
  #untold(): Map<string, Known[]> {
    const untold = new Map<string, Known[]>();
    for (const client of this.#clients.values()) {
      const { tenant, slice, toldTo } = client;
      if (!client.granted) continue;
      const owner = this.owners.instanceOf(tenant, slice);
      if (owner === toldTo) continue;
      const key = `${tenant.name}/${slice}/${owner}`;
      const clients = untold.get(key);
      if (clients === undefined) untold.set(key, [client]);
      else clients.push(client);
    }
    return untold;
  }

  async #tell(key: string, clients: readonly Known[]): Promise<void> {
    const instance = key.slice(key.lastIndexOf('/') + 1);
    for (let start = 0; start < clients.length; start += adoptMax) {
      const some = clients.slice(start, start + adoptMax);
      try {
        const lost = await this.owners.adopt(some);
        for (const client of some) client.toldTo = instance;
        for (const connectionId of lost) this.kick(connectionId);
      } catch (error) {
        this.#tellSoon(retryMs);
        if (!isAway(error)) throw error;
        return;
      }
    }
  }
}

/** It will be there again, or another gateway in its place. */
export function isAway(error: unknown): boolean {
  return error instanceof PeerUnavailable || error instanceof SliceUnavailable;
}
