import { KafkaErrorCode } from '#libs/kafka-codec';
import { topicCount } from '#libs/pulsar';
import type { RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';

/**
 * Counts what is about to be created. Over the rate the client is told how long to wait (KIP-599).
 *
 * @param topics 0 for partitions of a topic that is there
 * @throws KafkaError POLICY_VIOLATION: there are as many topics as there may be; THROTTLING_QUOTA_EXCEEDED; PulsarAdminError
 */
export async function requireCreation(
  context: RequestContext,
  topics: number,
  partitions: number,
): Promise<void> {
  const { gateway, principal } = context;
  const { tenant } = principal;
  const { creations, throttleMsMax } = gateway.limits.of(tenant);
  const count = () => topicCount(gateway.pulsar.admin, tenant.pulsarNamespace);
  const refusal = await creations.refusal(topics, partitions, count);
  if (refusal === undefined) return;
  if (refusal.quota === 'topics') {
    const message = `the tenant has at most ${refusal.topicsMax} topics`;
    throw new KafkaError(KafkaErrorCode.POLICY_VIOLATION, message);
  }
  context.throttle(Math.min(refusal.waitMs, throttleMsMax));
  const message = `topics and partitions are created too fast: again in ${refusal.waitMs} ms`;
  throw new KafkaError(KafkaErrorCode.THROTTLING_QUOTA_EXCEEDED, message);
}
