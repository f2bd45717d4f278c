import { withoutPartition } from '../topic-name.js';
import type { PulsarAdmin } from './pulsar-admin.js';
import { PulsarAdminError } from './admin-http.js';

/** How many topics there are in a namespace, one with partitions once. Rejects with PulsarAdminError. */
export async function topicCount(
  admin: Pick<PulsarAdmin, 'partitionedTopics' | 'topics'>,
  namespace: string,
): Promise<number> {
  try {
    const [partitioned, all] = await Promise.all([
      admin.partitionedTopics(namespace),
      admin.topics(namespace),
    ]);
    return new Set([...partitioned, ...all].map(withoutPartition)).size;
  } catch (error) {
    if (error instanceof PulsarAdminError && error.status === 404) return 0;
    throw error;
  }
}
