import type { ClusterView, Member } from '#libs/cluster';
import type { Queue } from '../topology/queue.js';
import type { Amqp091Scope } from '../topology/scope.js';

/** A queue as gateways name it to each other. */
export interface QueuePlace {
  readonly tenant: string;
  readonly vhost: string;
  readonly name: string;
  /** Of the declaration; empty: nobody declared it. */
  readonly uid: string;
}

export function placeOf(
  { tenant, vhost }: Amqp091Scope,
  { name, uid }: Pick<Queue, 'name' | 'uid'>,
): QueuePlace {
  return { tenant: tenant.name, vhost, name, uid };
}

/** No two queues have the same. */
export function placeKey({ tenant, vhost, name, uid }: QueuePlace): string {
  return `amqp091-queue/${tenant}/${uid}/${vhost.length}/${vhost}/${name}`;
}

/** The gateway that decides what concerns all who use the queue: the same for all that see the same members. */
export function keeperOf(cluster: ClusterView, key: string): Member {
  return cluster.nodeOf(key);
}

export function isSelf(cluster: ClusterView, member: Member): boolean {
  return member.instance === cluster.self.instance;
}
