import { expect, it } from '@jest/globals';
import { aloneCluster, type ClusterView } from '#libs/cluster';
import type { Tenant } from '#libs/tenancy';
import { announceTopicChange, followTopicChanges } from './topic-changes.js';
import { type TopicAdmin, TopicRegistry } from './topic-registry.js';

const tenant: Tenant = {
  name: 'acme',
  pulsarNamespace: 'acme/kafka',
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000 },
};

/** Gateways that hear each other at once. */
function cluster(): () => ClusterView {
  const listeners = new Set<(payload: string, from: number) => void>();
  return () => ({
    ...aloneCluster(),
    announce: (_kind, payload) => {
      for (const listener of listeners) listener(payload, 0);
    },
    onAnnouncement: (_kind, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
}

it('changes of topics are seen by other gateways at once, until they end', async () => {
  let messageBytesMax = '100';
  const admin = {
    partitionedMetadata: async () => ({
      partitions: 1,
      properties: {
        'pulsegate.kafka.topic-id': 'a'.repeat(32),
        'pulsegate.kafka.max.message.bytes': messageBytesMax,
      },
    }),
  } as unknown as TopicAdmin;
  const options = {
    topicCacheMs: 60_000,
    topicCacheTopicsMax: 10,
    topicIdSettleMs: 0,
    compactionThresholdBytes: 1,
  };
  const view = cluster();
  const [here, there] = [view(), view()];
  const topics = new TopicRegistry(admin, {
    ...options,
    announceChange: (of, name) => announceTopicChange(here, of, name),
  });
  const others = new TopicRegistry(admin, options);
  const unfollow = followTopicChanges(there, others);
  const seen = async () => (await others.resolve(tenant, 'orders'))!.config.messageBytesMax;
  expect(await seen()).toBe(100);
  messageBytesMax = '200';
  expect(await seen()).toBe(100);
  topics.changed(tenant, 'orders');
  expect(await seen()).toBe(200);
  messageBytesMax = '300';
  topics.changed(tenant, 'another');
  topics.changed({ ...tenant, name: 'other' }, 'orders');
  expect(await seen()).toBe(200);
  unfollow();
  topics.changed(tenant, 'orders');
  expect(await seen()).toBe(200);
});
