import { topicNameFault } from '#libs/auth';
import type { Tenant } from '#libs/tenancy';

/** `persistent://<pulsar tenant>/<namespace>/<name>`, for a name without fault. */
export function toPulsarTopic(tenant: Tenant, name: string): string {
  return `persistent://${tenant.pulsarNamespace}/${name}`;
}

/** The topics of a namespace that Kafka clients can name, each once, from Pulsar's names of topics and partitions. */
export function fromPulsarTopics(tenant: Tenant, pulsarTopics: Iterable<string>): string[] {
  const prefix = toPulsarTopic(tenant, '');
  const names = new Set<string>();
  for (const topic of pulsarTopics) {
    if (!topic.startsWith(prefix)) continue;
    const name = topic.slice(prefix.length);
    if (topicNameFault(name) === undefined) names.add(name);
  }
  return [...names].sort();
}
