import { Buffer } from 'node:buffer';
import type { ClusterView } from '../cluster-view.js';

/** What slices need to know of the other gateways. */
export interface SliceCluster {
  /** This gateway. */
  readonly nodeId: number;
  /** The live gateway that is to hold this part of the state. */
  nodeOf(key: string): number;
  /** Called when gateways came or went. Returns the way to cancel. */
  onChange(listener: () => void): () => void;
}

/** A gateway that knows of no other. */
export function soleGateway(nodeId: number): SliceCluster {
  return { nodeId, nodeOf: () => nodeId, onChange: () => () => {} };
}

/** The same out of what the process knows. */
export function sliceCluster(cluster: ClusterView): SliceCluster {
  return {
    get nodeId() {
      return cluster.self.nodeId;
    },
    nodeOf: (key) => cluster.nodeOf(key).nodeId,
    onChange: (listener) => cluster.onChange(listener),
  };
}

/** FNV-1a (32 bits) over the id's UTF-8: never to be changed, it says where the records of a thing are. */
export function sliceOf(id: string, slices: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % slices;
}

/** What rendezvous hashing places over the gateways. */
export function sliceKey(kind: string, tenant: string, slice: number): string {
  return `${kind}/${tenant}/${slice}`;
}

/**
 * The partitioned topic of a tenant's slices. Pulsar takes what ends in `-partition-1` for a part of another topic: such
 * a tenant's has a letter in it that tenants' names have not.
 */
export function slicesTopic(stateNamespace: string, kind: string, tenant: string): string {
  return `persistent://${stateNamespace}/${kind}.${tenant.replaceAll('-partition-', '-Partition-')}`;
}
