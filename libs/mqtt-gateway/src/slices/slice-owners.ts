import type { Buffer } from 'node:buffer';
import { type ClusterView, type HeldSlices, sliceOf, SliceUnavailable } from '#libs/cluster';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import { asMqttError, MqttError } from '../mqtt.errors.js';
import {
  type AdoptMessage,
  type AdoptReply,
  claimKinds,
  type ClaimReply,
  decodeClaim,
  decodeJson,
  encodeClaim,
  encodeJson,
  type KickMessage,
  type ReleaseMessage,
} from './claim-messages.js';
import type { ClientClaim, TransientClient } from './client-claims.js';
import { type ClaimRequest, type SessionSlice, sessionSlicesPerTenant } from './session-slice.js';

const requestMs = 5_000;
/** So long a slice that is being replayed is waited for, by requests of other gateways. */
const acquireMs = 4_000;
/** The new connection waits so long at most for the former one to be closed by its gateway. */
const kickMs = 2_000;

export function sessionSlice(clientId: string): number {
  return sliceOf(clientId, sessionSlicesPerTenant);
}

/** The owners of sessions' slices, here or at other gateways. */
export class SliceOwners {
  /** Called when another connection has the client id. */
  onKick: (connectionId: string) => void = () => {};

  constructor(
    private readonly slices: HeldSlices<SessionSlice>,
    private readonly cluster: ClusterView,
    private readonly tenants: TenantDirectory,
  ) {
    const { forwarding } = cluster;
    forwarding.serve(claimKinds.claim, (payload) => this.#serveClaim(payload));
    forwarding.serve(claimKinds.adopt, (payload) => this.#serveAdopt(payload));
    forwarding.serve(claimKinds.release, (payload) => this.#serveRelease(payload));
    forwarding.serve(claimKinds.kick, async (payload) => {
      this.onKick(decodeJson<KickMessage>(payload).connectionId);
      return encodeJson({});
    });
  }

  /** The process that owns a slice, or is to. */
  instanceOf(tenant: Tenant, slice: number): string {
    const nodeId = this.slices.nodeOf(tenant, slice);
    const member = this.cluster.members().find((each) => each.nodeId === nodeId);
    return member?.instance ?? '';
  }

  /** Rejects with PeerUnavailable, SliceUnavailable when the owner cannot say now; with MqttError when it refuses. */
  async claim(tenant: Tenant, request: ClaimRequest): Promise<'granted' | 'session'> {
    const slice = sessionSlice(request.clientId);
    if (this.slices.isOwn(tenant, slice)) {
      const own = await this.slices.own(tenant, slice).acquired(acquireMs);
      return own.claim(request);
    }
    const message = encodeClaim({ tenant: tenant.name, ...request });
    const bytes = await this.#ask(tenant, slice, claimKinds.claim, message);
    const reply = decodeJson<ClaimReply & object>(bytes);
    if (reply.kind === 'refused') throw new MqttError(reply.reasonCode, reply.message);
    if (reply.kind === 'not-owner') throw notOwner();
    return reply.kind;
  }

  async release({ tenant, slice, clientId, connectionId }: TransientClient, normal: boolean): Promise<void> {
    if (this.slices.isOwn(tenant, slice)) {
      const own = await this.slices.own(tenant, slice).acquired(acquireMs);
      await own.released(clientId, connectionId, normal);
      return;
    }
    const message: ReleaseMessage = { tenant: tenant.name, clientId, connectionId, normal };
    const bytes = await this.#ask(tenant, slice, claimKinds.release, encodeJson(message));
    if (decodeJson<ClaimReply & object>(bytes).kind !== 'granted') throw notOwner();
  }

  /** Of one slice. @returns connection ids of those whose client id somebody else has */
  async adopt(clients: readonly TransientClient[]): Promise<readonly string[]> {
    const [first] = clients;
    if (first === undefined) return [];
    const { tenant, slice } = first;
    const { nodeId, instance } = this.cluster.self;
    if (this.slices.isOwn(tenant, slice)) {
      const own = await this.slices.own(tenant, slice).acquired(acquireMs);
      const claims = clients.map(({ clientId, connectionId }) => ({
        clientId,
        connectionId,
        nodeId,
        instance,
      }));
      return own.adopt(claims).map(({ connectionId }) => connectionId);
    }
    const message: AdoptMessage = {
      ...{ tenant: tenant.name, slice, nodeId, instance },
      clients: clients.map(({ clientId, connectionId }) => [clientId, connectionId]),
    };
    const reply = decodeJson<AdoptReply>(
      await this.#ask(tenant, slice, claimKinds.adopt, encodeJson(message)),
    );
    if (reply.lost === undefined) throw notOwner();
    return reply.lost;
  }

  /** Resolves when the connection is closed, or nobody can say that it is not. */
  async kick({ nodeId, instance, connectionId }: ClientClaim): Promise<void> {
    if (instance === this.cluster.self.instance) {
      this.onKick(connectionId);
      return;
    }
    const message: KickMessage = { connectionId };
    // Who does not answer is gone, or will learn from the owner that the client id is somebody else's.
    await this.cluster.forwarding
      .request(nodeId, claimKinds.kick, encodeJson(message), kickMs)
      .catch(() => undefined);
  }

  async #ask(tenant: Tenant, slice: number, kind: string, message: Buffer): Promise<Buffer> {
    return this.cluster.forwarding.request(this.slices.nodeOf(tenant, slice), kind, message, requestMs);
  }

  async #serveClaim(payload: Buffer): Promise<Buffer> {
    const { tenant: name, ...request } = decodeClaim(payload);
    return this.#reply(name, sessionSlice(request.clientId), async (slice) => ({
      kind: await slice.claim(request),
    }));
  }

  async #serveRelease(payload: Buffer): Promise<Buffer> {
    const { tenant, clientId, connectionId, normal } = decodeJson<ReleaseMessage>(payload);
    return this.#reply(tenant, sessionSlice(clientId), async (slice) => {
      await slice.released(clientId, connectionId, normal);
      return { kind: 'granted' };
    });
  }

  async #serveAdopt(payload: Buffer): Promise<Buffer> {
    const { tenant, slice, nodeId, instance, clients } = decodeJson<AdoptMessage>(payload);
    let lost: readonly string[] | undefined;
    await this.#reply(tenant, slice, async (own) => {
      const claims = clients.map(([clientId, connectionId]) => ({
        clientId,
        connectionId,
        nodeId,
        instance,
      }));
      lost = own.adopt(claims).map(({ connectionId }) => connectionId);
      return { kind: 'granted' };
    });
    return encodeJson({ lost } satisfies { lost: AdoptReply['lost'] | undefined });
  }

  async #reply(
    tenantName: string,
    slice: number,
    answer: (slice: SessionSlice) => Promise<ClaimReply>,
  ): Promise<Buffer> {
    const tenant = this.tenants.byName(tenantName);
    if (tenant === undefined) return encodeJson({ kind: 'not-owner' } satisfies ClaimReply);
    try {
      return encodeJson(await answer(await this.slices.own(tenant, slice).acquired(acquireMs)));
    } catch (error) {
      if (error instanceof SliceUnavailable) return encodeJson({ kind: 'not-owner' } satisfies ClaimReply);
      const { reasonCode, message } = asMqttError(error);
      return encodeJson({ kind: 'refused', reasonCode, message } satisfies ClaimReply);
    }
  }
}

function notOwner(): SliceUnavailable {
  return new SliceUnavailable('elsewhere', 'another gateway holds the sessions');
}
