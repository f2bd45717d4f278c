import type { ClusterView } from '#libs/cluster';

/** What groups need to know of the other gateways. */
export interface GroupCluster {
  /** This gateway. */
  readonly nodeId: number;
  /** The live gateway that is to hold this part of the state. */
  nodeOf(key: string): number;
  /** Called when gateways came or went. Returns the way to cancel. */
  onChange(listener: () => void): () => void;
}

/** A gateway that knows of no other. */
export function soleGateway(nodeId: number): GroupCluster {
  return { nodeId, nodeOf: () => nodeId, onChange: () => () => {} };
}

/** The same out of what the process knows. */
export function groupCluster(cluster: ClusterView): GroupCluster {
  return {
    get nodeId() {
      return cluster.self.nodeId;
    },
    nodeOf: (key) => cluster.nodeOf(key).nodeId,
    onChange: (listener) => cluster.onChange(listener),
  };
}
