import { describe, expect, it } from '@jest/globals';
import { Authorizer, type AuthorizationRule, type Principal } from '#libs/auth';
import { Amqp091Error } from '#libs/amqp091-codec';
import type { TenantAmqp091Options } from '#libs/tenancy';
import type { Exchange } from '../exchanges/exchange.js';
import { tenantOf } from '../testing/topology-fixture.js';
import { scopeOf } from '../topology/scope.js';
import { resourceName, VhostAccess } from './vhost-access.js';

const { name: tenantName } = tenantOf();

function rule(
  actions: AuthorizationRule['actions'],
  type: AuthorizationRule['resource']['type'],
  name: string,
  effect: 'allow' | 'deny' = 'allow',
): AuthorizationRule {
  return { effect, principals: ['user:ann'], actions, resource: { type, match: 'pattern', name } };
}

function accessOf(
  rules: readonly AuthorizationRule[],
  amqp091: Partial<TenantAmqp091Options> = {},
  rest: { readonly vhost?: string; readonly clientId?: string; readonly authorizer?: Authorizer } = {},
): VhostAccess {
  const tenant = tenantOf(amqp091);
  const principal: Principal = { tenant, user: 'ann', groups: [], anonymous: false, source: 'password' };
  const { vhost = '/', clientId, authorizer = new Authorizer([{ tenant: tenantName, rules }]) } = rest;
  return new VhostAccess({
    authorizer,
    principal,
    scope: scopeOf(tenant, vhost)!,
    ...(clientId && { clientId }),
    topicOf: (queue) => queue.replaceAll('/', '%2F'),
  });
}

function exchange(name: string, routingType: Exchange['routingType'] = 'direct'): Exchange {
  const flags = { durable: true, autoDelete: false, internal: false, isDelayed: false };
  return {
    name,
    uid: name,
    type: routingType,
    routingType,
    ...flags,
    arguments: [],
    alternateExchange: undefined,
  };
}

/** Undefined where it is allowed. */
function refused(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Amqp091Error).replyText;
  }
}

describe('access to a vhost', () => {
  it('is denied unless something allows it, in RabbitMQ’s words', () => {
    const access = accessOf([]);
    const texts = [
      refused(() => access.configure('queue', 'q', 'create')),
      refused(() => access.configure('exchange', 'x', 'delete')),
      refused(() => access.write('exchange', '')),
      refused(() => access.read('queue', 'q')),
    ];
    expect(texts).toEqual([
      `ACCESS_REFUSED - configure access to queue 'q' in vhost '/' refused for user 'ann'`,
      `ACCESS_REFUSED - configure access to exchange 'x' in vhost '/' refused for user 'ann'`,
      `ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for user 'ann'`,
      `ACCESS_REFUSED - read access to queue 'q' in vhost '/' refused for user 'ann'`,
    ]);
  });

  it('is by the rules: a queue is its topic too, and deny wins on either', () => {
    const access = accessOf([
      rule(['consume'], 'topic', 'orders*'),
      rule(['produce', 'create'], 'queue', '*'),
      rule(['consume'], 'queue', 'secret'),
      rule(['*'], 'topic', 'secret', 'deny'),
      rule(['*'], 'queue', 'orders.closed', 'deny'),
    ]);
    expect(refused(() => access.read('queue', 'orders.new'))).toBeUndefined();
    expect(refused(() => access.read('queue', 'other'))).toBeDefined();
    expect(refused(() => access.read('queue', 'orders.closed'))).toBeDefined();
    expect(refused(() => access.read('queue', 'secret'))).toBeDefined();
    expect(refused(() => access.write('queue', 'other'))).toBeUndefined();
    expect(refused(() => access.configure('queue', 'other', 'create'))).toBeUndefined();
    expect(refused(() => access.configure('queue', 'other', 'delete'))).toBeDefined();
  });

  it('is by RabbitMQ’s permissions beside them, never against them', () => {
    const permissions = [
      { user: 'ann', vhost: '/', configure: '^mine', write: '^(mine|amq\\.default$)', read: '' },
      { user: 'bob', vhost: '/', configure: '.*', write: '.*', read: '.*' },
    ];
    const access = accessOf([rule(['*'], 'topic', 'mine.closed', 'deny')], { permissions });
    expect(refused(() => access.configure('queue', 'mine.q', 'create'))).toBeUndefined();
    expect(refused(() => access.configure('queue', 'mine.q', 'delete'))).toBeUndefined();
    expect(refused(() => access.configure('queue', 'yours', 'create'))).toBeDefined();
    expect(refused(() => access.write('exchange', ''))).toBeUndefined();
    expect(refused(() => access.read('queue', 'mine.q'))).toBeDefined();
    expect(refused(() => access.write('queue', 'mine.closed'))).toBeDefined();
  });

  it('of another vhost is by its own names', () => {
    const vhosts = [{ name: 'test/2', pulsarNamespace: 'acme/test' }];
    const rules = [rule(['*'], 'queue', 'q'), rule(['consume'], 'queue', '//test=2F2/r')];
    const permissions = [{ user: 'ann', vhost: 'test/2', configure: 'x', write: 'x', read: 'x' }];
    const access = accessOf(rules, { vhosts, permissions }, { vhost: 'test/2' });
    expect(refused(() => access.read('queue', 'q'))).toContain(`in vhost 'test/2'`);
    expect(refused(() => access.read('queue', 'r'))).toBeUndefined();
    expect(refused(() => access.read('exchange', 'x'))).toBeUndefined();
    expect(refused(() => accessOf(rules, { vhosts, permissions }).read('exchange', 'x'))).toBeDefined();
  });

  it('calls no two things by one name', () => {
    expect(resourceName('/', 'q')).toBe('q');
    expect(resourceName('v', 'q')).toBe('//v/q');
    expect(resourceName('/', '//v/q')).toBe('//=2F///v/q');
    expect(resourceName('a/b', 'c')).not.toBe(resourceName('a', 'b/c'));
  });

  it('follows rules that change', () => {
    const authorizer = new Authorizer([{ tenant: tenantName, rules: [] }]);
    const access = accessOf([], {}, { authorizer });
    const before = access.version;
    expect(refused(() => access.read('queue', 'q'))).toBeDefined();
    authorizer.setRules(tenantName, 'state', [rule(['consume'], 'queue', 'q')]);
    expect(refused(() => access.read('queue', 'q'))).toBeUndefined();
    expect(access.version).not.toBe(before);
  });

  it('is by what a policy says of topics, and RabbitMQ’s permissions for what it knows nothing of', () => {
    const authorizer = new Authorizer([]);
    authorizer.setPolicy(tenantName, {
      version: 1,
      decide: (_principal, action, { type, name }) =>
        type === 'topic' && action === 'consume' && name === 'granted',
      decideAny: () => false,
    });
    const permissions = [{ user: 'ann', vhost: '/', configure: '.*', write: '.*', read: '.*' }];
    const access = accessOf([], { permissions }, { authorizer });
    expect(refused(() => access.read('queue', 'granted'))).toBeUndefined();
    expect(refused(() => access.write('queue', 'granted'))).toBeDefined();
    expect(refused(() => access.read('queue', 'other'))).toBeDefined();
    expect(refused(() => access.configure('queue', 'other', 'create'))).toBeUndefined();
    expect(refused(() => access.write('exchange', 'x'))).toBeUndefined();
    expect(refused(() => accessOf([], {}, { authorizer }).write('exchange', 'x'))).toBeDefined();
  });
});

describe('publishing', () => {
  it('needs the exchange', () => {
    const access = accessOf([rule(['produce'], 'exchange', 'x')]);
    expect(refused(() => access.publish(exchange('x'), 'k'))).toBeUndefined();
    expect(refused(() => access.publish(exchange('y'), 'k'))).toContain(`write access to exchange 'y'`);
  });

  it('to the default exchange needs that or the queue, and neither denied', () => {
    const toAll = accessOf([
      rule(['produce'], 'exchange', 'amq.default'),
      rule(['produce'], 'topic', 'closed', 'deny'),
    ]);
    const toOne = accessOf([rule(['produce'], 'queue', 'q')]);
    expect(refused(() => toAll.publish(exchange(''), 'q'))).toBeUndefined();
    expect(refused(() => toAll.publish(exchange(''), 'closed'))).toContain(`write access to queue 'closed'`);
    expect(refused(() => toOne.publish(exchange(''), 'q'))).toBeUndefined();
    expect(refused(() => toOne.publish(exchange(''), 'r'))).toContain(
      `write access to exchange 'amq.default'`,
    );
  });

  it('to a topic exchange needs the key where somebody says so', () => {
    const rules = [rule(['*'], 'exchange', '*')];
    const topicPermissions = [
      { user: 'ann', vhost: '/', exchange: 'amq.topic', write: '^{username}\\.{vhost}', read: '^news\\.' },
      { user: 'ann', vhost: '/', exchange: 'c', write: '^{client_id}$', read: '.*' },
    ];
    const access = accessOf(rules, { topicPermissions });
    expect(refused(() => access.publish(exchange('amq.topic', 'topic'), 'ann./x'))).toBeUndefined();
    expect(refused(() => access.publish(exchange('amq.topic', 'topic'), 'bob./x'))).toBe(
      `ACCESS_REFUSED - write access to topic 'bob./x' in exchange topic 'amq.topic' in vhost '/' refused for user 'ann'`,
    );
    expect(refused(() => access.publish(exchange('other', 'topic'), 'bob'))).toBeUndefined();
    expect(refused(() => access.publish(exchange('amq.topic', 'direct'), 'bob'))).toBeUndefined();
    expect(refused(() => access.readTopic('amq.topic', 'news.#'))).toBeUndefined();
    expect(refused(() => access.readTopic('amq.topic', '#'))).toBeDefined();
    expect(refused(() => access.publish(exchange('c', 'topic'), ''))).toBeDefined();
    const named = accessOf(rules, { topicPermissions }, { clientId: '.*' });
    expect(refused(() => named.publish(exchange('c', 'topic'), 'anything'))).toBeDefined();
    expect(refused(() => named.publish(exchange('c', 'topic'), '.*'))).toBeUndefined();
  });
});
