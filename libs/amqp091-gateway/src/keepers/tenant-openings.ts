import type { Log } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { Topologies } from '../topology/topologies.js';
import type { KeeperRequests } from './keeper-requests.js';

export interface TenantOpeningsParts {
  readonly requests: KeeperRequests;
  readonly tenants: Pick<TenantDirectory, 'byName' | 'onChange'>;
  readonly topologies: Pick<Topologies, 'open' | 'onVhost'>;
  readonly log: Log;
}

const kind = 'amqp091.tenants';
const timeoutMs = 5_000;
const retryMs = 1_000;
const unknownMax = 10_000;

/**
 * A tenant that has clients at one gateway is opened by all: the queues that a gateway keeps need not be those of its own
 * clients. Whoever was not there hears it when it comes.
 */
export class TenantOpenings {
  readonly #open = new Set<string>();
  readonly #byPeers = new Set<string>();
  /** Tenants of others that this gateway may come to know. */
  readonly #unknown = new Set<string>();
  /** What members have not been told, by instance. */
  readonly #untold = new Map<string, Set<string>>();
  readonly #telling = new Set<string>();
  readonly #ends: (() => void)[];
  #isClosed = false;

  constructor(private readonly parts: TenantOpeningsParts) {
    const { requests, tenants, topologies } = parts;
    requests.serve(kind, ({ tenants }: { readonly tenants: readonly string[] }) => {
      for (const tenant of tenants) this.#openFor(tenant);
      return {};
    });
    for (const { instance } of requests.cluster.members()) this.#untold.set(instance, new Set());
    this.#ends = [
      topologies.onVhost(({ scope }, isThere) => {
        if (isThere) this.#opened(scope.tenant.name);
        else this.#left(scope.tenant.name);
      }),
      requests.cluster.onChange(() => this.#membersChanged()),
      tenants.onChange(({ added }) => {
        for (const { name } of added) if (this.#unknown.has(name)) this.#openFor(name);
      }),
    ];
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
  }

  #openFor(name: string): void {
    const { tenants, topologies, log } = this.parts;
    const tenant = tenants.byName(name);
    if (tenant === undefined) {
      if (this.#unknown.size < unknownMax) this.#unknown.add(name);
      return;
    }
    this.#unknown.delete(name);
    if (this.#open.has(name) || this.#byPeers.has(name)) return;
    this.#byPeers.add(name);
    topologies.open(tenant, '/').catch((error: unknown) => {
      log.debug({ event: 'amqp091-tenant-open', tenant: name, error }, 'a tenant is read later');
    });
  }

  #opened(name: string): void {
    if (this.#open.has(name)) return;
    this.#open.add(name);
    if (this.#byPeers.has(name)) return;
    for (const untold of this.#untold.values()) untold.add(name);
    this.#tellAll();
  }

  /** It was removed here. Where it is not, or it is back sooner, nobody tells again that it has clients. */
  #left(name: string): void {
    this.#open.delete(name);
    this.#byPeers.delete(name);
    for (const untold of this.#untold.values()) untold.delete(name);
    if (this.#unknown.size < unknownMax) this.#unknown.add(name);
  }

  #membersChanged(): void {
    const members = new Set(this.parts.requests.cluster.members().map(({ instance }) => instance));
    for (const instance of this.#untold.keys()) if (!members.has(instance)) this.#untold.delete(instance);
    for (const instance of members) {
      if (!this.#untold.has(instance)) this.#untold.set(instance, new Set(this.#open));
    }
    this.#tellAll();
  }

  #tellAll(): void {
    for (const instance of this.#untold.keys()) void this.#tell(instance);
  }

  async #tell(instance: string): Promise<void> {
    const { requests } = this.parts;
    if (this.#telling.has(instance)) return;
    this.#telling.add(instance);
    while (!this.#isClosed) {
      const { cluster } = requests;
      const member = cluster.members().find((each) => each.instance === instance);
      const names = [...(this.#untold.get(instance) ?? [])];
      if (member === undefined || names.length === 0 || instance === cluster.self.instance) break;
      try {
        await requests.ask(member.nodeId, kind, { tenants: names }, timeoutMs);
        for (const name of names) this.#untold.get(instance)?.delete(name);
      } catch {
        await pause(retryMs);
      }
    }
    this.#telling.delete(instance);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
