import type { Tenant } from '#libs/tenancy';
import type { Resource } from './resource.js';

export type CanonicalName = { readonly resource: Resource } | { readonly fault: string };

/** Longest topic name: Kafka's limit, and what Pulsar's managed-ledger paths hold with room to spare. */
export const topicNameCharsMax = 249;

const plainName = /^[A-Za-z0-9._-]+$/;
const partitionOf = /-partition-\d+$/;
// `__change_events`, `__transaction_*` and their like are the broker's, `__pulsegate_*` the gateway's, and
// `__consumer_offsets` is what Kafka clients take for the server's.
const systemPrefix = '__';

/**
 * The one resource that a client's topic name means inside its tenant, or why there is none. By syntax alone, before
 * anything is looked up. Takes the plain name, and the full Pulsar name of the tenant's own namespace; there are no
 * aliases: a partition is not a topic, system topics are not there, another namespace's topics are not there.
 */
export function canonicalTopic(tenant: Tenant, name: string): CanonicalName {
  const own = `persistent://${tenant.pulsarNamespace}/`;
  const local = name.startsWith(own) ? name.slice(own.length) : name;
  if (local.length === 0 || local.length > topicNameCharsMax) {
    return { fault: `a topic name has 1 to ${topicNameCharsMax} characters` };
  }
  if (!plainName.test(local)) return { fault: 'a topic name is of A-Z, a-z, 0-9, ".", "_" and "-"' };
  if (local === '.' || local === '..') return { fault: 'a topic name is not "." or ".."' };
  if (local.startsWith(systemPrefix)) return { fault: 'names that start with "__" are system topics' };
  if (partitionOf.test(local))
    return { fault: 'a name that ends in "-partition-<n>" is a partition, not a topic' };
  return { resource: { type: 'topic', name: local } };
}
