import { randomBytes } from 'node:crypto';
import type { PulsarClient } from './client.js';
import { singleEntry } from './entry.js';
import type { SendReceipt } from './producer/pending-entries.js';
import type { Producer } from './producer/producer.js';

const tenantKey = 'pulsegate-index-probe';
const probeTimeoutMs = 10_000;

/**
 * Whether the brokers show the index of an entry (PIP-70), found out by storing one and reading it back: the one way for
 * a role that may not read broker.conf. The topic that it makes in `namespace` is gone afterwards.
 *
 * @throws PulsarError or PulsarAdminError when that cannot be tried
 */
export async function probeIndex(client: PulsarClient, namespace: string): Promise<boolean> {
  const topic = `persistent://${namespace}/__pulsegate-probe-${randomBytes(6).toString('hex')}`;
  await client.admin.createTopic(topic);
  try {
    return await storedEntryHasIndex(client, topic);
  } finally {
    // Forced: it does not matter who else looks at it. Where the role may not delete, Pulsar does when it is inactive.
    await client.admin.deleteTopic(topic, { force: true }).catch(() => {});
  }
}

async function storedEntryHasIndex(client: PulsarClient, topic: string): Promise<boolean> {
  const producer = await client.createProducer({ topic, tenantKey, sendTimeoutMs: probeTimeoutMs });
  const { ledgerId, entryId } = await store(producer).finally(() => producer.close());
  const found = Promise.withResolvers<boolean>();
  // Only who waits for it below minds a refusal.
  found.promise.catch(() => {});
  const reader = await client.createReader({
    topic,
    tenantKey,
    start: { ledgerId, entryId },
    permits: 1,
    onEntry: (entry) => found.resolve(entry.index !== undefined),
    onClosed: (error) => found.reject(error),
  });
  const timer = setTimeout(() => found.reject(new Error(`no entry in ${probeTimeoutMs} ms`)), probeTimeoutMs);
  try {
    return await found.promise;
  } finally {
    clearTimeout(timer);
    await reader.close();
  }
}

function store(producer: Producer): Promise<SendReceipt> {
  return new Promise((resolve, reject) => {
    producer.send(singleEntry({ value: Buffer.from('probe') }), (error, receipt) => {
      if (error) reject(error);
      else resolve(receipt);
    });
  });
}
