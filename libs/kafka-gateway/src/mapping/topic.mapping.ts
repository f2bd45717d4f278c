import type { Tenant } from '#libs/tenancy';

/** Kafka's `Topic.validate`. */
const nameCharsMax = 249;
const legalName = /^[a-zA-Z0-9._-]+$/;
/** How Pulsar names the partitions of a topic: as a name of its own it would be a second name of a partition. */
const partitionSuffix = /-partition-\d+$/;
/** `__change_events`, `__transaction_buffer_snapshot` and what else Pulsar keeps beside a tenant's topics. */
const systemPrefix = '__';
/** The gateway's own topics: leases, groups, sessions. */
const gatewayPrefix = 'pulsegate.';

/** Why a client may not use this name, or undefined. A name that passes stands for one Pulsar topic and no other. */
export function kafkaTopicNameFault(name: string): string | undefined {
  if (name.length === 0) return 'a topic name is not empty';
  if (name === '.' || name === '..') return 'a topic name is not "." or ".."';
  if (name.length > nameCharsMax) return `a topic name has at most ${nameCharsMax} characters`;
  if (!legalName.test(name)) return 'a topic name is of a-z, A-Z, 0-9, ".", "_" and "-"';
  if (partitionSuffix.test(name)) return 'a topic name does not end like the name of a partition';
  if (name.startsWith(systemPrefix)) return `topic names that start with "${systemPrefix}" are the system's`;
  if (name.startsWith(gatewayPrefix))
    return `topic names that start with "${gatewayPrefix}" are the gateway's`;
  return undefined;
}

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
    if (kafkaTopicNameFault(name) === undefined) names.add(name);
  }
  return [...names].sort();
}
