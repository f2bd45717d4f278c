// What a gateway has open at Pulsar for one of its tenants.
import { readFileSync } from 'node:fs';
import type { TestGateway } from './gateway.js';
import { pulsarAdmin } from './pulsar.js';

interface TopicStats {
  readonly publishers: readonly { readonly producerName: string }[];
  readonly subscriptions: Readonly<Record<string, { readonly consumers: readonly unknown[] }>>;
}

/** Producers, consumers and readers of the tenant's topics and of its state, by topic; of all gateways that share the state. */
export async function openAtPulsar(gateway: TestGateway, name: string): Promise<string[]> {
  const { cluster } = JSON.parse(readFileSync(gateway.configFile, 'utf8')) as {
    cluster: { stateNamespace: string };
  };
  const namespaces = [gateway.namespaceOf(name), cluster.stateNamespace];
  const topics = (await Promise.all(
    namespaces.map((namespace) => pulsarAdmin('GET', `/persistent/${namespace}`)),
  )) as string[][];
  const own = [...topics[0]!, ...topics[1]!.filter((topic) => topic.includes(`.${name}`))];
  const open = await Promise.all(
    own.map(async (topic) => {
      const stats = (await pulsarAdmin('GET', `/${topic.replace('://', '/')}/stats`)) as TopicStats;
      const short = topic.slice(topic.lastIndexOf('/') + 1);
      return [
        ...stats.publishers.map(({ producerName }) => `${short}: producer ${producerName}`),
        ...Object.entries(stats.subscriptions).flatMap(([subscription, { consumers }]) =>
          consumers.map(() => `${short}: consumer of ${subscription}`),
        ),
      ];
    }),
  );
  return open.flat().sort();
}
