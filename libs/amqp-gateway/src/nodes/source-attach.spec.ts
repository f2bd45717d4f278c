import { afterEach, describe, expect, it } from '@jest/globals';
import { amqpString, amqpUint, noLocalFilter, selectorFilter } from '#libs/amqp-codec';
import { PulsarError } from '#libs/pulsar';
import { NodesBed, type RuleOf } from '../testing/nodes-bed.js';

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
  for (const bed of beds.splice(0)) await bed.directory.close();
});

describe('an attach to receive', () => {
  it('from a queue is a consumer of its one subscription, from a topic a reader', async () => {
    const bed = bedOf(all, { deliveriesMax: 7 });
    await bed.attachSource({ address: '/queues/jobs' });
    await bed.attachSource({ address: 'news' });
    await bed.attachSource({ address: '/queues/jobs', distributionMode: 'copy' });
    await bed.attachSource({ address: 'news', distributionMode: 'copy' });
    const [queue, topic, browser, copy] = bed.sources.map(({ plan }) => plan);
    expect(queue).toMatchObject({
      reading: {
        kind: 'subscription',
        subscription: {
          name: 'pulsegate.queue',
          type: 'Shared',
          position: 'earliest',
          endsWhen: 'never',
          unmatched: 'leave',
        },
      },
      deliveriesMax: 7,
    });
    expect(topic).toMatchObject({ reading: { kind: 'reader' }, deliveriesMax: 0, noLocal: false });
    expect(browser?.reading).toEqual({ kind: 'browser', subscription: 'pulsegate.queue' });
    expect(copy?.reading).toEqual({ kind: 'reader' });
  });

  it('is told what is in force and nothing else', async () => {
    const bed = bedOf(all);
    const filter = new Map([
      ['mine', selectorFilter('a = 1')],
      ['local', noLocalFilter()],
      ['odd', { type: 'described', descriptor: amqpString('odd'), encoded: Buffer.of(0x40) } as const],
    ]);
    const capabilities = ['topic', 'odd'];
    const source = { address: 'news', filter, capabilities, expiryPolicy: 'link-detach', timeout: 30 };
    const { terminus } = await bed.attachSource(source);
    expect(terminus).toMatchObject({ address: 'news', durable: 0, expiryPolicy: 'link-detach', timeout: 0 });
    expect([...terminus.filter!.keys()]).toEqual(['mine', 'local']);
    expect(terminus.capabilities).toEqual(['topic']);
    expect(bed.sources[0]?.plan).toMatchObject({ noLocal: true, filter: expect.anything() });
    // On a queue, what is not for one is for another.
    const queue = await bed.attachSource({ address: '/queues/jobs', filter });
    expect([...queue.terminus.filter!.keys()]).toEqual(['mine']);
    expect(queue.terminus).toMatchObject({ durable: 0, expiryPolicy: 'session-end' });
    expect(bed.sources[1]?.plan.noLocal).toBe(false);
    for (const [address, distributionMode, told] of [
      ['/queues/jobs', 'odd', 'move'],
      ['/queues/jobs', 'copy', 'copy'],
      ['t::s', 'copy', 'copy'],
      ['news', 'move', 'copy'],
    ]) {
      const answered = await bed.attachSource({ address, distributionMode });
      expect(answered.terminus.distributionMode).toBe(told);
    }
  });

  it('or to send asks for a durability and an expiry policy that there are', async () => {
    const bed = bedOf(all);
    const refused = { condition: 'amqp:invalid-field' };
    for (const terminus of [{ expiryPolicy: 'odd' }, { durable: 3 }]) {
      for (const place of [{ address: 'a' }, { dynamic: true }]) {
        await expect(bed.attachSource({ ...place, ...terminus })).rejects.toMatchObject(refused);
        await expect(bed.attachTarget({ ...place, ...terminus })).rejects.toMatchObject(refused);
      }
      await expect(bed.attachTarget(terminus)).rejects.toMatchObject(refused);
    }
    expect(bed.admin.calls).toEqual([]);
  });

  it('from what was deleted since it was looked up fails once, and then makes it again', async () => {
    const bed = bedOf(all);
    await bed.attachSource({ address: '/queues/jobs' });
    bed.admin.stored.clear();
    bed.sourceFault = new PulsarError('TopicNotFound', 'gone');
    await expect(bed.attachSource({ address: '/queues/jobs' })).rejects.toMatchObject({
      code: 'TopicNotFound',
    });
    bed.sourceFault = undefined;
    await bed.attachSource({ address: '/queues/jobs' });
    expect(bed.admin.stored.get('persistent://acme/n/jobs')?.subscriptions.size).toBe(1);
  });

  it('of a topic may name its subscription in a property, with the same rights as in the address', async () => {
    const bed = bedOf([...all, { type: 'group', name: 'audit', principals: ['user:bob'] }]);
    const named = (value: string | number) => ({
      properties: new Map([
        ['x-opt-subscription', typeof value === 'string' ? amqpString(value) : amqpUint(value)],
      ]),
    });
    await bed.attachSource({ address: '/topics/t' }, named('a b'));
    await bed.attachSource({ address: 't::a b', durable: 2 });
    await bed.attachSource({ address: 't', durable: 2, capabilities: ['shared'] }, named('a b'));
    const [first, ...others] = bed.sources.map(({ plan }) => plan.reading);
    expect(first).toMatchObject({
      subscription: { name: 'a.x20b', type: 'Shared', endsWhen: 'never' },
    });
    expect(others).toEqual([first, first]);
    await expect(bed.attachSource({ address: 't' }, named('audit'))).rejects.toMatchObject(denied);
    bed.admin.stored
      .get('persistent://acme/n/t')
      ?.subscriptions.set('g', { 'pulsegate.kind': 'kafka-group' });
    const notAllowed = { condition: 'amqp:not-allowed' };
    await expect(bed.attachSource({ address: 't' }, named('g'))).rejects.toMatchObject(notAllowed);
    const invalid = { condition: 'amqp:invalid-field' };
    for (const source of [{ address: '/queues/t' }, { address: 't::s' }, { dynamic: true }, undefined]) {
      await expect(bed.attachSource(source, named('s'))).rejects.toMatchObject(invalid);
    }
    for (const value of ['', 'x'.repeat(250), 1]) {
      await expect(bed.attachSource({ address: 't' }, named(value))).rejects.toMatchObject(invalid);
    }
  });

  it.each([
    [{ address: 'a', filter: new Map([['s', selectorFilter('a =')]]) }, 'selector: expected a property'],
    [
      {
        address: 'a',
        filter: new Map([
          ['s', selectorFilter('a = 1')],
          ['t', selectorFilter('a = 2')],
        ]),
      },
      'a source has at most one selector',
    ],
    [{}, 'a source that is not dynamic has an address'],
    [{ address: 'x'.repeat(3_000) }, 'address: it has more than 2048 characters'],
  ])('is refused when it asks for what cannot be: %#', async (source, message) => {
    const bed = bedOf(all);
    const attach = bed.attachSource(source);
    await expect(attach).rejects.toMatchObject({
      condition: 'amqp:invalid-field',
      message: expect.stringContaining(message),
    });
    expect(bed.admin.calls).toEqual([]);
  });

  it('leaves subscriptions that the gateway keeps for other protocols alone', async () => {
    const bed = bedOf(all);
    const { subscriptions } = bed.admin.add('t', 2);
    subscriptions.set('group', { 'pulsegate.kind': 'kafka-group' }).set('native', {});
    // One that ends with its last receiver would be deleted.
    subscriptions
      .set('c1:native::volatile', {})
      .set('c1:own::volatile', { 'pulsegate.kind': 'amqp-volatile' });
    const volatile = { address: 't', capabilities: ['shared'] };
    const native = bed.attachSource(volatile, { linkName: 'native' });
    await expect(native).rejects.toMatchObject({ condition: 'amqp:not-allowed' });
    await bed.attachSource(volatile, { linkName: 'own|volatile1' });
    const notAllowed = { condition: 'amqp:not-allowed' };
    await expect(bed.attachSource({ address: 't::group' })).rejects.toMatchObject(notAllowed);
    await bed.attachSource({ address: 't::native' });
    const shared = { address: 't', durable: 2, capabilities: ['shared', 'global'] };
    await expect(bed.attachSource(shared, { linkName: 'group|global' })).rejects.toMatchObject(notAllowed);
    subscriptions.set('c1:l1', { 'pulsegate.kind': 'kafka-group' });
    await expect(bed.attachSource({ address: 't', durable: 2 })).rejects.toMatchObject(notAllowed);
    await expect(bed.attachSource({ address: 't::group', distributionMode: 'copy' })).rejects.toMatchObject(
      notAllowed,
    );
  });
});

describe('durable subscriptions', () => {
  it('are told as such, and closed as the link is', async () => {
    const bed = bedOf(all);
    const source = await bed.attachSource({ address: 't', expiryPolicy: 'never' }, { linkName: 'news' });
    expect(source.terminus).toMatchObject({ durable: 1, expiryPolicy: 'never' });
    expect(bed.sources[0]?.plan.reading).toMatchObject({
      subscription: { name: 'c1:news', endsWhen: 'closed' },
    });
    await source.close(true);
    expect(bed.sources[0]?.closed).toBe(true);
  });

  it('are found by their name and deleted', async () => {
    const bed = bedOf(all);
    for (let count = 0; count < 40; count++) bed.admin.add(`other${count}`, count % 2);
    const { subscriptions } = bed.admin.add('t', 2);
    subscriptions.set('c1:news', { 'pulsegate.kind': 'amqp-subscription' }).set('jobs', {});
    const found = await bed.attachSource(undefined, { linkName: 'news' });
    expect(found.terminus).toMatchObject({ address: '/topics/t', expiryPolicy: 'never' });
    await found.close(true);
    expect([...subscriptions.keys()]).toEqual(['jobs']);
    const kept = await bed.attachSource(undefined, { linkName: 'jobs|global' });
    await kept.close(false);
    expect([...subscriptions.keys()]).toEqual(['jobs']);
    const none = bed.attachSource(undefined, { linkName: 'news' });
    await expect(none).rejects.toMatchObject({ condition: 'amqp:not-found' });
  });

  it('are not found by who may not receive from their topic, nor are those of other protocols', async () => {
    const bed = bedOf([{ type: 'topic', name: 'other' }]);
    bed.admin.add('t').subscriptions.set('c1:news', {});
    bed.admin.add('other').subscriptions.set('group', { 'pulsegate.kind': 'kafka-group' });
    const attach = (linkName: string) => bed.attachSource(undefined, { linkName });
    await expect(attach('news')).rejects.toMatchObject({ condition: 'amqp:not-found' });
    await expect(attach('group|global')).rejects.toMatchObject({ condition: 'amqp:not-allowed' });
    expect(bed.admin.calls).not.toContain('subscriptions t');
  });
});
