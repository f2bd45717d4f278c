import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { Log } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { Link, ProtocolConnection } from '#libs/transport';
import { decodeSpliceHeader, drainKind, type SplicedClient, spliceKind } from './splice-header.js';
import { SplicedLink } from './spliced-link.js';

export interface SplicedClientsParts {
  readonly tenants: TenantDirectory;
  readonly log: Log;
  accept(link: Link, client: SplicedClient): ProtocolConnection<unknown>;
}

/** Principals that are remembered, each some 200 bytes. */
const principalsMax = 10_000;
/** A stop waits so long for what clients of other gateways have in flight. */
const drainMsMax = 5_000;
const nothing = Buffer.alloc(0);

/** The clients that other gateways carry here, because this one has their sessions. */
export class SplicedClients {
  /** By the id of the link that the client has to its gateway. */
  readonly #open = new Map<
    string,
    { readonly link: Link; readonly connection: ProtocolConnection<unknown> }
  >();
  /** What is remembered of a principal hangs on the object: clients of one user have the same. */
  readonly #principals = new Map<string, Principal>();
  #stopping = false;

  constructor(private readonly parts: SplicedClientsParts) {}

  serve({ splicing, forwarding }: Pick<ClusterView, 'splicing' | 'forwarding'>): void {
    splicing.serve(spliceKind, (carrier, header) => this.#accept(carrier, header));
    forwarding.serve(drainKind, async (id) => {
      await this.#sendAway(String(id));
      return nothing;
    });
  }

  get count(): number {
    return this.#open.size;
  }

  /** They are told to come again, as a listener's are. */
  async drain(): Promise<void> {
    this.#stopping = true;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, drainMsMax);
    const drained = [...this.#open.keys()].map((id) => this.#sendAway(id));
    await Promise.race([Promise.all(drained), late.promise]);
    clearTimeout(timer);
  }

  async #sendAway(id: string): Promise<void> {
    const open = this.#open.get(id);
    await open?.connection.drained();
    open?.link.close('draining');
  }

  #accept(carrier: Link, header: Buffer): ProtocolConnection<unknown> {
    if (this.#stopping) throw new Error('the gateway stops');
    const decoded = decodeSpliceHeader(header, this.parts.tenants);
    const client = { ...decoded, principal: this.#known(decoded.principal) };
    const link = new SplicedLink(carrier, client, this.parts.log);
    const connection = this.parts.accept(link, client);
    this.#open.set(link.id, { link, connection });
    return {
      get decoder() {
        return connection.decoder;
      },
      onFrame: (frame) => connection.onFrame(frame),
      onWritable: () => connection.onWritable(),
      onClose: (reason) => {
        this.#open.delete(link.id);
        connection.onClose(reason);
      },
      drained: () => connection.drained(),
    };
  }

  #known(principal: Principal): Principal {
    const key = JSON.stringify({ ...principal, tenant: principal.tenant.name });
    const known = this.#principals.get(key) ?? principal;
    this.#principals.delete(key);
    this.#principals.set(key, known);
    if (this.#principals.size > principalsMax) {
      for (const oldest of this.#principals.keys()) {
        this.#principals.delete(oldest);
        break;
      }
    }
    return known;
  }
}
