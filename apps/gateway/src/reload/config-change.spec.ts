import { describe, expect, it } from '@jest/globals';
import { checkConfig } from '../config-file.js';
import type { GatewayConfig } from '../gateway.config.js';
import { changeOf, remember, unchangeable } from './config-change.js';

interface Settings {
  readonly [section: string]: unknown;
}

const tenant = (name: string, rest: Settings = {}) => ({ name, namespace: `${name}/n`, ...rest });

function config(tenants: readonly object[], rest: Settings = {}): GatewayConfig {
  const listeners = [{ name: 'kafka', host: '127.0.0.1', port: 9092 }];
  return checkConfig({ kafka: { listeners }, ...rest, tenants });
}

const keysOf = (before: GatewayConfig, after: GatewayConfig, known = remember(new Map(), before)) =>
  unchangeable(before, after, known).map(({ path }) => path.join('.'));

const user = (name: string, password = 'a-password') => ({ name, password });

describe('what another configuration changes', () => {
  it('is named by tenant and setting, and never says a value', () => {
    const before = config([
      tenant('a', { users: [user('ann')], kafka: { partitionsDefault: 1 } }),
      tenant('b'),
      tenant('c'),
    ]);
    const after = config([
      tenant('d'),
      tenant('c'),
      tenant('a', {
        users: [user('ann', 'another-one')],
        kafka: { partitionsDefault: 3, autoCreateTopics: true },
        amqp091: { permissions: [{ user: 'ann', vhost: '/', configure: '', write: '.*', read: '' }] },
      }),
    ]);
    const change = changeOf(before, after);
    expect(change).toEqual({
      added: ['d'],
      removed: ['b'],
      changed: [
        {
          tenant: 'a',
          settings: ['kafka.autoCreateTopics', 'kafka.partitionsDefault', 'amqp091.permissions', 'users'],
        },
      ],
      gateway: [],
    });
    expect(JSON.stringify(change)).not.toMatch(/a-password|another-one/);
    expect(keysOf(before, after)).toEqual([]);
  });

  it('is nothing where only the order differs', () => {
    const [a, b] = [tenant('a'), tenant('b')];
    expect(changeOf(config([a, b]), config([b, a]))).toEqual({
      ...{ added: [], removed: [], changed: [], gateway: [] },
    });
  });
});

describe('what a running gateway cannot take up', () => {
  it.each([
    ['kafka.listeners.0.port', { kafka: { listeners: [{ name: 'kafka', host: '127.0.0.1', port: 1 }] } }],
    ['kafka.listeners', { kafka: { listeners: [] } }],
    ['kafka.nodeId', { kafka: { nodeId: 3, listeners: [{ name: 'kafka', host: '127.0.0.1', port: 9092 }] } }],
    ['pulsar.serviceUrl', { pulsar: { serviceUrl: 'pulsar://other:6650' } }],
    ['cluster.stateNamespace', { cluster: { stateNamespace: 'x/y' } }],
    ['authentication.failureFloorMs', { authentication: { failureFloorMs: 1 } }],
    ['admin.port', { admin: { port: 1 } }],
    ['log.level', { log: { level: 'debug' } }],
    ['audit', { audit: true }],
    ['shutdown.drainTimeoutMs', { shutdown: { drainTimeoutMs: 1 } }],
  ])('is %s', (key, rest) => {
    expect(keysOf(config([]), config([], rest))).toEqual([key]);
  });

  it.each([
    ['namespace', { namespace: 'other/n' }],
    ['authorization', { authorization: 'pulsar' }],
    ['mqtt.topics', { mqtt: { topics: [{ filter: 'a/#', topic: 'b' }] } }],
    [
      'amqp091.vhosts.0.pulsarNamespace',
      { amqp091: { vhosts: [{ name: 'v', pulsarNamespace: 'a/elsewhere' }] } },
    ],
  ])('is %s of a tenant, also when it was away meanwhile', (key, rest) => {
    const vhosts = { amqp091: { vhosts: [{ name: 'v', pulsarNamespace: 'a/v' }] } };
    const [before, other] = [config([tenant('a', vhosts)]), config([tenant('b')])];
    const after = config([tenant('a', { ...vhosts, ...rest })]);
    expect(keysOf(before, after)).toEqual([`tenants.0.${key}`]);
    const known = remember(remember(new Map(), before), other);
    expect(keysOf(other, after, known)).toEqual([`tenants.0.${key}`]);
    expect(keysOf(other, config([tenant('a')]), known)).toEqual([]);
  });

  it('is who the gateway is at Pulsar for a tenant that is new', () => {
    const after = config([tenant('a', { authorization: 'pulsar' })]);
    expect(keysOf(config([]), after)).toEqual(['tenants.0.authorization']);
  });

  it('remembers the namespace of a vhost that was removed', () => {
    const with1 = config([tenant('a', { amqp091: { vhosts: [{ name: 'v', pulsarNamespace: 'a/v' }] } })]);
    const without = config([tenant('a')]);
    const with2 = config([tenant('a', { amqp091: { vhosts: [{ name: 'v', pulsarNamespace: 'a/w' }] } })]);
    const known = remember(remember(new Map(), with1), without);
    expect(keysOf(without, with2, known)).toEqual(['tenants.0.amqp091.vhosts.0.pulsarNamespace']);
    expect(keysOf(without, with1, known)).toEqual([]);
  });
});
