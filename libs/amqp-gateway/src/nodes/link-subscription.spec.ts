import { describe, expect, it } from '@jest/globals';
import { linkSubscription, namedSubscription } from './link-subscription.js';

function planned(
  linkName: string,
  capabilities: string[] = [],
  { containerId = 'client', durable = 2, expiryPolicy = 'never' } = {},
) {
  return linkSubscription({ containerId, linkName, source: { durable, expiryPolicy, capabilities } });
}

describe('the subscription of a receiver on a topic', () => {
  it('is none, unless the terminus outlives the link or is shared', () => {
    const transient = { durable: 0, expiryPolicy: 'session-end' };
    expect(planned('l', [], transient)).toBeUndefined();
    expect(planned('l', ['topic', 'global'], transient)).toBeUndefined();
    expect(planned('l', [], { durable: 1, expiryPolicy: 'session-end' })).toMatchObject({
      endsWhen: 'closed',
    });
    expect(planned('l', [], { durable: 0, expiryPolicy: 'never' })).toMatchObject({ endsWhen: 'closed' });
    expect(planned('l', ['shared'], transient)).toMatchObject({
      type: 'Shared',
      endsWhen: 'left',
    });
  });

  // As Qpid JMS names the links of its consumers.
  it.each([
    ['news', [], 'client:news', 'Exclusive'],
    ['news', ['shared'], 'client:news', 'Shared'],
    ['news|2', ['shared'], 'client:news', 'Shared'],
    ['news|global', ['shared', 'global'], 'news', 'Shared'],
    ['news|global2', ['shared', 'global'], 'news', 'Shared'],
    // A link that is not shared may be called anything.
    ['a|b', [], 'client:a.x7Cb', 'Exclusive'],
  ])('%s with %j is %s', (linkName, capabilities, name, type) => {
    expect(planned(linkName, capabilities)).toMatchObject({
      name,
      type,
      position: 'latest',
      endsWhen: 'closed',
    });
  });

  it.each([
    ['news|volatile1', ['shared'], 'client:news::volatile'],
    ['news|volatile2', ['shared'], 'client:news::volatile'],
    ['news|global-volatile1', ['shared', 'global'], 'news::volatile'],
  ])('%s that is not durable is another than the durable one', (linkName, capabilities, name) => {
    const given = planned(linkName, capabilities, { durable: 0, expiryPolicy: 'link-detach' });
    expect(given).toMatchObject({
      name,
      endsWhen: 'left',
      properties: { 'pulsegate.kind': 'amqp-volatile' },
    });
  });

  it('is never the same for two containers and links', () => {
    const nameOf = (containerId: string, linkName: string) => planned(linkName, [], { containerId })?.name;
    expect(nameOf('a:b', 'c')).not.toBe(nameOf('a', 'b:c'));
    expect(nameOf('', 'c')).not.toBe(planned('c', ['shared', 'global'])?.name);
    expect(nameOf('a', 'b::volatile')).toBe('a:b.x3A.x3Avolatile');
    expect(nameOf('a b', 'ü')).toBe('a.x20b:.xC3.xBC');
  });

  it('is refused where its name would be too long', () => {
    expect(planned('l'.repeat(242))?.name).toHaveLength(249);
    expect(() => planned('l'.repeat(243))).toThrow('too long');
    expect(() => planned('l', [], { containerId: 'x'.repeat(70_000) })).toThrow('too long');
  });

  it('is found by the name of a link that names no source', () => {
    expect(namedSubscription('client', 'news')).toBe('client:news');
    expect(namedSubscription('client', 'news|global')).toBe('news');
  });
});
