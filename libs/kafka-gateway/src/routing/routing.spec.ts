import { describe, expect, it } from '@jest/globals';
import { aloneCluster, type Member, rendezvous } from '#libs/cluster';
import type { ListenerInfo } from '#libs/transport';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { Brokers } from './brokers.js';
import { PartitionLeaders } from './partition-leaders.js';

const listener: ListenerInfo = {
  ...{ name: 'public', protocol: 'kafka', tls: true, host: '0.0.0.0', port: 9093 },
  ...{ advertisedHost: 'self.example', advertisedPort: 19_093 },
};

function member(nodeId: number, state: Member['state'] = 'live', names = ['local', 'public']): Member {
  const listeners = names.map((name) => ({
    ...{ name, protocol: 'kafka', tls: name === 'public' },
    ...{ host: `${name}.${nodeId}`, port: 9092 },
  }));
  return { nodeId, instance: `i${nodeId}`, state, listeners, internal: { host: 'h', port: 1 } };
}

describe('Brokers', () => {
  const self = member(1, 'live', []);
  const of = (...members: Member[]) => new Brokers({ self, members: () => members }, listener);

  it('are reached by the listeners of the same name, this gateway by the one that the client came by', () => {
    expect(of(member(0), self).list).toEqual([
      { nodeId: 0, host: 'public.0', port: 9092 },
      { nodeId: 1, host: 'self.example', port: 19_093 },
    ]);
  });

  it('are not those that drain, or that clients cannot reach', () => {
    const { list, controllerId } = of(
      member(0, 'draining'),
      self,
      member(2, 'live', []),
      member(3, 'live', ['local']),
    );
    expect(list.map(({ host }) => host)).toEqual(['self.example', 'local.3']);
    expect(controllerId).toBe(1);
  });

  it('are those that drain when there are no others', () => {
    const { list, controllerId } = of(member(0, 'draining'));
    expect([list.map(({ nodeId }) => nodeId), controllerId]).toEqual([[0], 0]);
  });
});

describe('PartitionLeaders', () => {
  it('follow the members', () => {
    let members = [member(0), member(1)];
    let version = 0;
    const cluster = {
      ...aloneCluster({ nodeId: 1 }),
      get version() {
        return version;
      },
      nodeOf: (key: string) => rendezvous(key, members),
    };
    const topic = { id: Buffer.alloc(16, 7), partitions: 50 } as KafkaTopic;
    const leaders = new PartitionLeaders(cluster);
    const all = () => Array.from({ length: 50 }, (_, partition) => leaders.leader(topic, partition));
    const before = all();
    expect(new Set(before)).toEqual(new Set([0, 1]));
    expect(before.every((leader, at) => leaders.leads(topic, at) === (leader === 1))).toBe(true);
    members = [member(1)];
    expect(all()).toEqual(before);
    version = 1;
    expect(new Set(all())).toEqual(new Set([1]));
  });
});
