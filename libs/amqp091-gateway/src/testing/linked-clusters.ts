import { aloneCluster, type ClusterView, type ForwardedHandler, PeerUnavailable } from '#libs/cluster';

/** Gateways 0, 1, ... that know each other and answer each other's requests. */
export function linkedClusters(count: number): (ClusterView & { isAway: boolean })[] {
  const handlers = Array.from({ length: count }, () => new Map<string, ForwardedHandler>());
  const alone = handlers.map((_, nodeId) => aloneCluster({ nodeId, instance: `g${nodeId}` }));
  const members = alone.map(({ self }) => self);
  const clusters = alone.map((cluster, nodeId) => ({
    ...cluster,
    isAway: false,
    members: () => members,
    forwarding: {
      request: (to: number, kind: string, payload: Buffer) => {
        const handler = handlers[to]?.get(kind);
        if (handler === undefined || clusters[to]?.isAway !== false) {
          return Promise.reject(new PeerUnavailable(to, 'it is away'));
        }
        return handler(Buffer.from(payload), { nodeId, whenGone: () => () => {} });
      },
      serve: (kind: string, handler: ForwardedHandler) => void handlers[nodeId]?.set(kind, handler),
    },
  }));
  return clusters;
}
