import type { ClusterView } from '#libs/cluster';
import type { Tenant } from '#libs/tenancy';
import type { TopicRegistry } from './topic-registry.js';

const kind = 'topic-changed';

/** Tells the other gateways that a topic was created, deleted or changed here. */
export function announceTopicChange(cluster: ClusterView, tenant: Tenant, name: string): void {
  cluster.announce(kind, JSON.stringify({ tenant: tenant.name, name }));
}

/** Forgets what is known of topics that other gateways changed. Returns the way to end it. */
export function followTopicChanges(cluster: ClusterView, topics: TopicRegistry): () => void {
  return cluster.onAnnouncement(kind, (payload) => {
    const { tenant, name } = JSON.parse(payload) as { tenant: string; name: string };
    topics.invalidate({ name: tenant }, name);
  });
}
