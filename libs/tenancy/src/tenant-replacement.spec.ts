import { describe, expect, it } from '@jest/globals';
import { tenantAmqp091Defaults, tenantMqttDefaults, type Tenant } from './tenant.js';
import { type TenantChange, TenantDirectory, TenantDirectoryError } from './tenant-directory.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };

function tenant(name: string, rest: Partial<Tenant> = {}): Tenant {
  return { name, pulsarNamespace: `${name}/default`, limits: {}, kafka: { ...kafka }, ...rest };
}

describe('replacing the tenants of a directory', () => {
  it('gives a tenant other settings in the object that everybody holds', () => {
    const directory = new TenantDirectory([tenant('a', { mqtt: tenantMqttDefaults }), tenant('b')]);
    const [a, b] = [directory.byName('a')!, directory.byName('b')!];
    const { topics } = a.mqtt!;
    const change = directory.replace([
      tenant('a', { kafka: { ...kafka, partitionsDefault: 3 }, mqtt: { ...tenantMqttDefaults, topics: [] } }),
      tenant('b'),
    ]);
    expect(change).toEqual({ added: [], removed: [], changed: [a] });
    expect(directory.byName('a')).toBe(a);
    expect(directory.byName('b')).toBe(b);
    expect(a.kafka.partitionsDefault).toBe(3);
    // What was made of a part that did not change still holds.
    expect(a.mqtt!.topics).toBe(topics);
  });

  it('takes away what is not said any more', () => {
    const amqp091 = { ...tenantAmqp091Defaults, queuesMax: 1 };
    const directory = new TenantDirectory([tenant('a', { serverNames: ['a.example'], amqp091 })]);
    const a = directory.byName('a')!;
    expect(directory.replace([tenant('a')]).changed).toEqual([a]);
    expect(directory.byServerName('a.example')).toBeUndefined();
    expect('amqp091' in a).toBe(false);
    expect(directory.replace([tenant('a', { serverNames: undefined as unknown as string[] })])).toEqual({
      ...{ added: [], removed: [], changed: [] },
    });
  });

  it('adds and removes, and one that comes again is the object that it was', () => {
    const directory = new TenantDirectory([tenant('a', { serverNames: ['one.example'] })]);
    const a = directory.byName('a')!;
    const told: TenantChange[] = [];
    const forget = directory.onChange((change) => void told.push(change));
    directory.replace([tenant('b', { serverNames: ['one.example'] })]);
    const b = directory.byName('b')!;
    expect(told).toEqual([{ added: [b], removed: [a], changed: [] }]);
    expect([directory.has(a), directory.has(b), directory.size]).toEqual([false, true, 1]);
    expect(directory.byServerName('one.example')).toBe(b);
    directory.replace([tenant('b'), tenant('a', { limits: { connections: 1 } })]);
    expect(directory.byName('a')).toBe(a);
    expect(a.limits).toEqual({ connections: 1 });
    expect(told[1]).toEqual({ added: [a], removed: [], changed: [b] });
    directory.replace([tenant('b'), tenant('a', { limits: { connections: 1 } })]);
    expect(told).toHaveLength(2);
    forget();
    directory.replace([tenant('b')]);
    expect(told).toHaveLength(2);
  });

  it('changes nothing with a fault, and nothing before it is committed', () => {
    const directory = new TenantDirectory([tenant('a'), tenant('b')]);
    const bad = [tenant('a', { limits: { connections: 1 } }), tenant('a'), tenant('c')];
    expect(() => directory.replace(bad)).toThrow(TenantDirectoryError);
    const prepared = directory.prepare([tenant('a', { limits: { connections: 1 } }), tenant('c')]);
    expect(prepared.byName('c')?.name).toBe('c');
    expect([...directory].map(({ name, limits }) => [name, limits])).toEqual([
      ['a', {}],
      ['b', {}],
    ]);
    prepared.commit();
    expect([...directory].map(({ name }) => name)).toEqual(['a', 'c']);
    expect(directory.byName('a')?.limits).toEqual({ connections: 1 });
  });

  it('keeps a name to the namespace that it had, also when it was away meanwhile', () => {
    const directory = new TenantDirectory([tenant('a'), tenant('b')]);
    const moved = tenant('b', { pulsarNamespace: 'x/y' });
    expect(() => directory.replace([tenant('a'), moved])).toThrow('tenant "b" had another namespace');
    directory.replace([tenant('a')]);
    expect(() => directory.replace([tenant('a'), moved])).toThrow('tenant "b" had another namespace');
  });

  it('tells all that listen, whichever fails', () => {
    const directory = new TenantDirectory([]);
    const told: string[] = [];
    directory.onChange(() => {
      throw new Error('cannot');
    });
    directory.onChange(({ added }) => void told.push(...added.map(({ name }) => name)));
    expect(() => directory.replace([tenant('a')])).toThrow('not heeded everywhere');
    expect(told).toEqual(['a']);
    expect(directory.size).toBe(1);
  });
});
