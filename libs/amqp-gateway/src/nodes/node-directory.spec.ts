import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { selectorFilter } from '#libs/amqp-codec';
import { topicNameFault } from '#libs/auth';
import { AmqpError } from '../amqp.errors.js';
import { NodesBed, publishTo, type RuleOf } from '../testing/nodes-bed.js';

const all: RuleOf[] = [
  { type: 'topic', name: '' },
  { type: 'queue', name: '' },
];
const denied = { condition: 'amqp:unauthorized-access' };
const beds: NodesBed[] = [];

function bedOf(...options: ConstructorParameters<typeof NodesBed>): NodesBed {
  const bed = new NodesBed(...options);
  beds.push(bed);
  return bed;
}

afterEach(async () => {
  jest.useRealTimers();
  for (const bed of beds.splice(0)) await bed.directory.close();
});

describe('an attach to send', () => {
  it('opens a queue that keeps what is sent, one message to an entry; a topic with as many partitions as the tenant has', async () => {
    const bed = bedOf(all, { partitionsDefault: 3, queuePartitions: 2 });
    const target = await bed.attachTarget({ address: '/queues/jobs', capabilities: ['queue', 'odd'] });
    expect(target.terminus).toMatchObject({
      address: '/queues/jobs',
      capabilities: ['queue'],
      dynamic: false,
    });
    await bed.attachTarget({ address: 'news' });
    const [queue, topic] = bed.targets.map(({ plan }) => plan);
    expect(queue).toMatchObject({ entries: 'single', topic: { name: 'jobs', partitions: { length: 2 } } });
    expect(topic).toMatchObject({ entries: 'batched', topic: { name: 'news', partitions: { length: 3 } } });
    expect(bed.admin.stored.get('persistent://acme/n/jobs')?.subscriptions).toEqual(
      new Map([['pulsegate.queue', { 'pulsegate.kind': 'amqp-queue' }]]),
    );
    expect(bed.admin.stored.get('persistent://acme/n/news')?.subscriptions.size).toBe(0);
  });

  it('looks a topic up once for all who ask at the same time, and not again for a while', async () => {
    const bed = bedOf(all);
    await Promise.all([1, 2, 3].map(() => bed.attachTarget({ address: '/queues/jobs' })));
    await bed.attachTarget({ address: '/queues/jobs' });
    expect(bed.admin.calls).toEqual(['metadata jobs', 'create jobs', 'metadata jobs', 'subscribe jobs']);
    expect(new Set(bed.targets.map(({ plan }) => plan.topic)).size).toBe(1);
  });

  it('takes a topic that somebody else made at the same moment', async () => {
    const bed = bedOf(all);
    bed.admin.createPartitionedTopic = async (topic) => {
      bed.admin.add('raced', 4);
      return Object.getPrototypeOf(bed.admin).createPartitionedTopic.call(bed.admin, topic, 1);
    };
    await bed.attachTarget({ address: 'raced' });
    expect(bed.targets[0]?.plan.topic.partitions).toHaveLength(4);
  });

  it('makes nothing where the tenant makes none', async () => {
    const bed = bedOf(all, { autoCreateTopics: false });
    const notFound = { condition: 'amqp:not-found' };
    await expect(bed.attachTarget({ address: 'news' })).rejects.toMatchObject(notFound);
    bed.admin.add('news', 0);
    await bed.attachTarget({ address: 'news' });
    expect(bed.targets[0]?.plan.topic.partitions).toEqual(['persistent://acme/n/news']);
    await expect(bed.attachTarget({ address: '/queues/news' })).rejects.toMatchObject(notFound);
    bed.admin.stored.get('persistent://acme/n/news')?.subscriptions.set('pulsegate.queue', {});
    await bed.attachTarget({ address: '/queues/news' });
    expect(bed.admin.calls.filter((call) => /create|^subscribe/.test(call))).toEqual([]);
  });

  it('says what Pulsar could not do, and is looked up anew', async () => {
    const bed = bedOf(all);
    bed.admin.broken = 500;
    await expect(bed.attachTarget({ address: 'news' })).rejects.toThrow('500');
    bed.admin.broken = undefined;
    await bed.attachTarget({ address: 'news' });
  });

  it('goes on with the partitions that were added, for as long as a link is attached', async () => {
    jest.useFakeTimers();
    const bed = bedOf(all);
    const target = await bed.attachTarget({ address: 'news' });
    const topic = bed.targets[0]?.plan.topic;
    bed.admin.add('news', 5);
    await jest.advanceTimersByTimeAsync(90_000);
    expect(topic?.partitions).toHaveLength(5);
    target.close();
    bed.admin.calls.length = 0;
    await jest.advanceTimersByTimeAsync(90_000);
    expect(bed.admin.calls).toEqual([]);
  });

  it('to a coordinator is for those who have transactions', async () => {
    const bed = bedOf(all);
    const { identity } = { identity: bed.identity() };
    const request = { identity, containerId: 'c1', linkName: 'l', desiredCapabilities: [] };
    const target = { type: 'coordinator' } as const;
    const attach = bed.directory.openTarget({ ...request, target, transactions: undefined as never });
    await expect(attach).rejects.toMatchObject({ condition: 'amqp:not-implemented' });
  });
});

describe('permission', () => {
  it('is for the queue or for the topic, and denied by either; nothing is looked up without', async () => {
    const bed = bedOf([
      ...([
        { type: 'topic', name: 'a' },
        { type: 'queue', name: 'b' },
      ] as const),
      ...([
        { type: 'topic', name: 'b-secret', effect: 'deny' },
        { type: 'queue', name: 'a-secret', effect: 'deny' },
      ] as const),
    ]);
    for (const address of ['a', '/queues/a', 'b', '/queues/b']) await bed.attachTarget({ address });
    bed.admin.calls.length = 0;
    for (const address of [
      'c',
      '/queues/c',
      'a-secret',
      '/queues/a-secret',
      'b-secret',
      '/queues/b-secret',
    ]) {
      await expect(bed.attachTarget({ address })).rejects.toMatchObject(denied);
      await expect(bed.attachSource({ address })).rejects.toMatchObject(denied);
    }
    expect(bed.admin.calls).toEqual([]);
    expect(bed.metrics.tenant('amqp', 'acme').authorizationDenials).toBe(12);
  });

  it('to send is none to receive', async () => {
    const bed = bedOf([{ type: 'topic', name: '', actions: ['produce'] }]);
    await bed.attachTarget({ address: 'a' });
    await expect(bed.attachSource({ address: 'a' })).rejects.toMatchObject(denied);
  });

  it('for a subscription is that for its topic, and for its group where somebody has one', async () => {
    const bed = bedOf([...all, { type: 'group', name: 'audit', principals: ['user:bob'] }]);
    await bed.attachSource({ address: 't::other' });
    await expect(bed.attachSource({ address: 't::audit' })).rejects.toMatchObject(denied);
    await bed.attachSource({ address: 't::audit' }, { identity: bed.identity('bob') });
    const shared = { address: 't', durable: 2, capabilities: ['shared', 'global'] };
    await expect(bed.attachSource(shared, { linkName: 'audit|global' })).rejects.toMatchObject(denied);
    bed.allow([...all, { type: 'group', name: 'audit-%u' }, { type: 'group', name: 'x', effect: 'deny' }]);
    await bed.attachSource({ address: 't::audit-alice' });
    await expect(bed.attachSource({ address: 't::audit-bob' })).rejects.toMatchObject(denied);
    await expect(bed.attachSource({ address: 't::x' })).rejects.toMatchObject(denied);
  });

  it('is what Pulsar grants for the topic, where that decides', async () => {
    const bed = bedOf([]);
    bed.authorizer.setPolicy('acme', {
      version: 1,
      decide: (_who, _action, { type, name }) => type === 'topic' && name === 'a',
      decideAny: () => true,
    });
    await bed.attachTarget({ address: '/queues/a' });
    await bed.attachSource({ address: 'a' });
    await expect(bed.attachTarget({ address: '/queues/b' })).rejects.toMatchObject(denied);
    await expect(bed.attachSource({ address: 'a::s' })).rejects.toMatchObject(denied);
  });

  it('that is taken away while a link is attached is none', async () => {
    const bed = bedOf(all);
    const anonymous = await bed.attachTarget(undefined);
    const gate = Promise.withResolvers<void>();
    bed.admin.gate = gate.promise;
    const attaches = [
      bed.attachTarget({ address: 'a' }),
      bed.attachSource({ address: 'a' }),
      publishTo(anonymous, '1', { to: 'a' }),
    ];
    bed.allow([]);
    gate.resolve();
    const [target, source, sent] = await Promise.allSettled(attaches);
    for (const attached of [target, source]) expect(attached).toMatchObject({ reason: denied });
    expect(sent).toMatchObject({ value: 'amqp:unauthorized-access' });
    expect([bed.sources[0]?.closed, ...bed.targets.map(({ closed }) => closed)]).toEqual([false, true, true]);
  });

  it('that is taken away ends the links that need it, soon, and no others', async () => {
    jest.useFakeTimers();
    const bed = bedOf(all);
    const ended: string[] = [];
    const onEnded = (what: string) => ({
      onEnded: (error: AmqpError) => void ended.push(`${what} ${error.condition}`),
    });
    const target = await bed.attachTarget({ address: 'a' }, onEnded('target'));
    await bed.attachTarget({ address: 'b' }, onEnded('other'));
    await bed.attachSource({ address: 'a' }, onEnded('source'));
    const closed = await bed.attachSource({ address: 'a' }, onEnded('closed'));
    const anonymous = await bed.attachTarget(undefined, onEnded('anonymous'));
    expect(await publishTo(anonymous, '1', { to: 'a' })).toBe('accepted');
    expect(await publishTo(anonymous, '2', { to: 'b' })).toBe('accepted');
    await closed.close(false);
    bed.allow([{ type: 'topic', name: 'b' }]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ended).toEqual(['target amqp:unauthorized-access', 'source amqp:unauthorized-access']);
    expect(bed.sources[0]?.credit).toBe(0);
    expect(await publishTo(target, '3')).toBe('amqp:unauthorized-access');
    expect(await publishTo(anonymous, '4', { to: 'a' })).toBe('amqp:unauthorized-access');
    expect(await publishTo(anonymous, '5', { to: 'b' })).toBe('accepted');
    expect(bed.targets.map(({ published }) => published.join(''))).toEqual(['', '', '1', '25']);
  });
});

describe('whatever a client attaches to', () => {
  const address = fc.option(
    fc.oneof(
      fc.constantFrom(
        'a',
        '/queues/a',
        'a::b',
        'persistent://acme/n/a',
        'persistent://x/n/a',
        'queue://',
        '::',
      ),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...'a/:.%-_x|'), maxLength: 20 }),
    ),
    { nil: undefined },
  );
  const known = ['queue', 'topic', 'shared', 'global', 'temporary-topic', 'temporary-queue', 'odd'];
  const terminus = {
    address,
    capabilities: fc.option(fc.array(fc.constantFrom(...known)), { nil: undefined }),
    durable: fc.constantFrom(0, 1, 2, 0xffff_ffff),
    expiryPolicy: fc.constantFrom('never', 'session-end', 'link-detach', 'odd'),
    dynamic: fc.boolean(),
  };
  const filter = fc
    .oneof(fc.string(), fc.constantFrom("a = 'b'", 'a > 1 AND NOT b'))
    .map((text) => new Map([['f', selectorFilter(text)]]));
  const source = fc.record({
    ...terminus,
    filter: fc.option(filter, { nil: undefined }),
    distributionMode: fc.constantFrom(undefined, 'copy', 'move', 'odd'),
  });
  const linkName = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('news|global', '|', 'l'));

  it('it is attached, or refused by a condition, and nothing outside of the namespace is named', async () => {
    const bed = bedOf(all);
    let attached = 0;
    const attempt = async (attach: Promise<unknown>) => {
      try {
        await attach;
        attached++;
      } catch (error) {
        if (!(error instanceof AmqpError)) throw error;
      }
    };
    await fc.assert(
      fc.asyncProperty(
        source,
        fc.record(terminus),
        linkName,
        fc.string(),
        async (from, to, name, container) => {
          const identity = bed.identity('alice', container);
          await attempt(bed.attachSource(from, { identity, linkName: name }));
          await attempt(bed.attachTarget(to, { identity }));
          bed.directory.closeConnection(identity);
        },
      ),
      { numRuns: 200 },
    );
    expect(attached).toBeGreaterThan(40);
    for (const name of bed.admin.names) {
      expect(name.startsWith('amqp.temp-') ? undefined : topicNameFault(name)).toBeUndefined();
    }
    for (const { plan } of bed.sources) {
      expect(plan.topic.partitions.every((topic) => topic.startsWith('persistent://acme/n/'))).toBe(true);
    }
  });
});
