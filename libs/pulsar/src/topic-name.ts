import { PulsarError } from './pulsar.errors.js';

export type TopicDomain = 'persistent' | 'non-persistent';

/** A Pulsar topic name taken apart. */
export interface TopicName {
  readonly domain: TopicDomain;
  readonly tenant: string;
  /** Without the tenant. */
  readonly namespace: string;
  readonly localName: string;
  /** Of a name that ends in `-partition-<n>`, else -1. */
  readonly partition: number;
  /** `persistent://tenant/namespace/localName`. */
  readonly full: string;
}

const partitionMark = '-partition-';
/** As the broker checks it: Apache Pulsar's NamedEntity. */
const entityName = /^[-=:.\w]+$/;

/** Parses full names, `tenant/namespace/name` and `name` (then in public/default). Throws 'InvalidTopicName'. */
export function parseTopicName(text: string): TopicName {
  const match = /^(?:(persistent|non-persistent):\/\/)?(?:([^/]+)\/([^/]+)\/)?([^/]+)$/s.exec(text);
  const [, domain = 'persistent', tenant = 'public', namespace = 'default', localName = ''] = match ?? [];
  if (!match || (match[1] !== undefined && match[2] === undefined)) {
    throw new PulsarError('InvalidTopicName', `"${text}" is no topic name`);
  }
  if (!entityName.test(tenant) || !entityName.test(namespace)) {
    throw new PulsarError('InvalidTopicName', `"${text}" has no valid tenant and namespace`);
  }
  return {
    domain: domain as TopicDomain,
    tenant,
    namespace,
    localName,
    partition: partitionIndex(localName),
    full: `${domain}://${tenant}/${namespace}/${localName}`,
  };
}

/** The name of one partition of a partitioned topic. */
export function partitionTopicName(topic: string, partition: number): string {
  return `${topic}${partitionMark}${partition}`;
}

/** The partitioned topic that a partition belongs to; any other name as it is. */
export function withoutPartition(topic: string): string {
  return partitionIndex(topic) < 0 ? topic : topic.slice(0, topic.lastIndexOf(partitionMark));
}

function partitionIndex(localName: string): number {
  const at = localName.lastIndexOf(partitionMark);
  const digits = at < 0 ? '' : localName.slice(at + partitionMark.length);
  return /^(0|[1-9]\d{0,8})$/.test(digits) ? Number(digits) : -1;
}
