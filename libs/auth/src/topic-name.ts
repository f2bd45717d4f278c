/** Longest topic name: Kafka's limit, and what Pulsar's managed-ledger paths hold with room to spare. */
const charsMax = 249;
const plainName = /^[A-Za-z0-9._-]+$/;
/** How Pulsar names the partitions of a topic: as a name of its own it would be a second name of a partition. */
const partitionSuffix = /-partition-\d+$/;
/** `__change_events`, `__transaction_*` and their like are the broker's; `__consumer_offsets` is Kafka's server's. */
const systemPrefix = '__';
/** Where Pulsar keeps what a subscription's open transactions have acknowledged, beside the topic itself. */
const systemSuffix = '__transaction_pending_ack';
/** The gateway's own topics: leases, groups, sessions. */
const gatewayPrefix = 'pulsegate.';

/**
 * Why clients may not use this name for a topic of their tenant, or undefined. By syntax alone, before anything is
 * looked up. A name that passes is the name of its resource, and stands for one Pulsar topic and no other: there are no
 * aliases, a partition is not a topic, and system topics and topics of other namespaces cannot be named.
 */
export function topicNameFault(name: string): string | undefined {
  if (name.length === 0 || name.length > charsMax) return `a topic name has 1 to ${charsMax} characters`;
  if (!plainName.test(name)) return 'a topic name is of A-Z, a-z, 0-9, ".", "_" and "-"';
  if (name === '.' || name === '..') return 'a topic name is not "." or ".."';
  if (partitionSuffix.test(name)) return 'a topic name does not end like the name of a partition';
  if (name.startsWith(systemPrefix)) return `topic names that start with "${systemPrefix}" are the system's`;
  if (name.endsWith(systemSuffix)) return `topic names that end in "${systemSuffix}" are the system's`;
  if (name.startsWith(gatewayPrefix))
    return `topic names that start with "${gatewayPrefix}" are the gateway's`;
  return undefined;
}
