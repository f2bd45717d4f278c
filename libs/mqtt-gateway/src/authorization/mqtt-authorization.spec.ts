import { describe, expect, it } from '@jest/globals';
import { type AuthorizationRule, Authorizer, type Principal, type Resource } from '#libs/auth';
import type { MqttTopicRule, Tenant } from '#libs/tenancy';
import { TopicMapping } from '../mapping/topic.mapping.js';
import { MqttAuthorization } from './mqtt-authorization.js';

const acme: Tenant = {
  ...{ name: 'acme', pulsarNamespace: 'acme/main', limits: {} },
  kafka: { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_000 },
};
const alice: Principal = { tenant: acme, user: 'alice', groups: [], anonymous: false, source: 'password' };
const topics: MqttTopicRule[] = [{ filter: 'plant/+/#', topic: 'plant-$1', key: '$2' }];

type Rest = Partial<Omit<AuthorizationRule, 'resource'>> & Partial<AuthorizationRule['resource']>;

function rule(name: string, { type = 'mqtt-topic', match, ...rest }: Rest = {}): AuthorizationRule {
  const resource = { type, match: match ?? (type === 'mqtt-topic' ? 'filter' : 'literal'), name } as const;
  return { principals: ['*'], actions: ['*'], ...rest, resource };
}

const deny = { effect: 'deny' } as const;
const onPulsar = { type: 'topic' } as const;

function bed(rules: readonly AuthorizationRule[], rememberedBytesMax?: number) {
  const authorizer = new Authorizer([{ tenant: 'acme', rules }]);
  const mapping = new TopicMapping(topics);
  const authorization = new MqttAuthorization({
    ...{ authorizer, mapping: () => mapping },
    ...(rememberedBytesMax !== undefined && { rememberedBytesMax }),
  });
  const identity = { principal: alice, clientId: 'c1' };
  return {
    ...{ authorizer, authorization, identity },
    publish: (topic: string, qos: 0 | 1 | 2 = 0, retain = false) =>
      authorization.mayPublish(identity, topic, qos, retain),
    subscribe: (filter: string, qos: 0 | 1 | 2 = 0) => authorization.maySubscribe(identity, filter, qos),
    receive: (topic: string) => authorization.mayReceive(identity, topic),
  };
}

describe('publishing', () => {
  it('is denied where no rule allows it', () => {
    expect(bed([]).publish('a/b')).toBe(false);
  });

  it('is allowed by the MQTT topic or by the Pulsar topic that it is on', () => {
    const { publish } = bed([rule('a/+/x'), rule('b', onPulsar), rule('plant-1', onPulsar)]);
    expect(publish('a/1/x')).toBe(true);
    expect(publish('a/1/y')).toBe(false);
    expect(publish('b/anything')).toBe(true);
    expect(publish('plant/1/x')).toBe(true);
    expect(publish('plant/2/x')).toBe(false);
  });

  it('is denied by either', () => {
    const { publish } = bed([
      ...[rule('#'), rule('a', onPulsar), rule('b', onPulsar)],
      ...[rule('a/secret/#', deny), rule('plant-9', { ...onPulsar, ...deny })],
    ]);
    expect(publish('a/open')).toBe(true);
    expect(publish('a/secret/1')).toBe(false);
    expect(publish('plant/8/x')).toBe(true);
    expect(publish('plant/9/x')).toBe(false);
  });

  it('heeds QoS and RETAIN, also of what is remembered', () => {
    const { publish } = bed([rule('a/#', { qos: [0, 1], retain: false })]);
    for (const _again of [1, 2]) {
      expect(publish('a/b', 0)).toBe(true);
      expect(publish('a/b', 1)).toBe(true);
      expect(publish('a/b', 2)).toBe(false);
      expect(publish('a/b', 0, true)).toBe(false);
      expect(publish('a/b', 1, true)).toBe(false);
    }
  });

  it('does not reach names that begin with $ by a rule for Pulsar topics', () => {
    const { publish, receive } = bed([rule('*', { ...onPulsar, match: 'pattern' }), rule('#')]);
    expect(publish('$SYS/x')).toBe(false);
    expect(receive('$SYS/x')).toBe(false);
  });

  it('is not the same for who is called otherwise', () => {
    const { authorization, publish } = bed([rule('of/%c')]);
    expect(publish('of/c1')).toBe(true);
    expect(authorization.mayPublish({ principal: alice, clientId: 'c2' }, 'of/c1', 0, false)).toBe(false);
    expect(authorization.mayPublish({ principal: alice, clientId: 'c2' }, 'of/c2', 0, false)).toBe(true);
  });

  it('is decided anew when the rules change, and the version says so', () => {
    const { authorization, authorizer, identity, publish, receive } = bed([rule('a')]);
    expect([publish('a'), receive('a')]).toEqual([true, true]);
    const before = authorization.version(identity);
    authorizer.setRules('acme', 'state', [rule('a', deny)]);
    expect(authorization.version(identity)).not.toBe(before);
    expect([publish('a'), receive('a')]).toEqual([false, false]);
    authorizer.setRules('acme', 'state', []);
    expect(publish('a')).toBe(true);
  });

  it('is looked up once it was decided, and forgotten when it is too much', () => {
    const { authorizer, publish } = bed([rule('a/#')], 100_000);
    const asked: string[] = [];
    const judge = authorizer.judge.bind(authorizer);
    authorizer.judge = (principal, action, resource, clientId) => {
      asked.push(resource.name);
      return judge(principal, action, resource, clientId);
    };
    publish('a/1');
    const once = asked.length;
    publish('a/1');
    expect(asked.length).toBe(once);
    // What is remembered is bounded: a client can choose new names for ever.
    for (let count = 0; count < 3_000; count++) expect(publish(`a/x/${count}`)).toBe(true);
    asked.length = 0;
    publish('a/1');
    expect(asked.length).toBe(once);
  });
});

describe('subscribing', () => {
  it('is allowed by a rule that covers the filter, shared or not', () => {
    const { subscribe } = bed([rule('a/#'), rule('b/+')]);
    expect(subscribe('a/#')).toBe('allowed');
    expect(subscribe('a/+/x')).toBe('allowed');
    expect(subscribe('$share/g/a/+')).toBe('allowed');
    expect(subscribe('b/#')).toBe('denied');
    expect(subscribe('#')).toBe('denied');
    expect(subscribe('$share/g/#')).toBe('denied');
  });

  it('is allowed by permission for all Pulsar topics that it can match', () => {
    const { subscribe } = bed([rule('b', onPulsar), rule('plant-1', onPulsar), rule('plant', onPulsar)]);
    expect(subscribe('b/#')).toBe('allowed');
    expect(subscribe('plant/1/#')).toBe('allowed');
    expect(subscribe('plant/1/x')).toBe('allowed');
    expect(subscribe('plant/2/#')).toBe('denied');
    expect(subscribe('#')).toBe('denied');
    const all = bed([rule('*', { ...onPulsar, match: 'pattern' })]);
    expect(all.subscribe('#')).toBe('allowed');
    expect(all.subscribe('+/x')).toBe('allowed');
    expect(all.subscribe('$SYS/#')).toBe('denied');
  });

  it('asks for each message where a part is denied', () => {
    const { subscribe, receive } = bed([
      rule('#'),
      rule('a/secret/#', deny),
      rule('c', { ...onPulsar, ...deny }),
    ]);
    expect(subscribe('a/open/#')).toBe('allowed');
    expect(subscribe('a/#')).toBe('per-message');
    expect(subscribe('#')).toBe('per-message');
    expect(subscribe('a/secret/1')).toBe('denied');
    expect(subscribe('c/#')).toBe('denied');
    expect([receive('a/x'), receive('a/secret'), receive('c/1')]).toEqual([true, false, false]);
  });

  it('heeds the QoS that is asked for', () => {
    const { subscribe, receive } = bed([rule('a/#', { qos: [0] })]);
    expect([subscribe('a/#', 0), subscribe('a/#', 1)]).toEqual(['allowed', 'denied']);
    expect(receive('a/b')).toBe(true);
  });

  it('of $SYS needs a rule that names it', () => {
    expect(bed([rule('#')]).subscribe('$SYS/#')).toBe('denied');
    const { subscribe, receive } = bed([rule('$SYS/#')]);
    expect(subscribe('$SYS/broker/uptime')).toBe('allowed');
    expect(receive('$SYS/broker/uptime')).toBe(true);
  });
});

describe("where Pulsar's grants decide", () => {
  function granted(...names: string[]) {
    const test = bed([rule('#')]);
    test.authorizer.setPolicy('acme', {
      version: 1,
      decide: (_who: Principal, _action, { type, name }: Resource) =>
        type === 'topic' && names.includes(name),
      decideAny: () => names.length > 0,
    });
    return test;
  }

  it('they alone count', () => {
    const { publish, subscribe, receive } = granted('b', 'plant-1');
    expect([publish('b/1', 2, true), publish('a/1')]).toEqual([true, false]);
    expect([receive('plant/1/x'), receive('plant/2/x')]).toEqual([true, false]);
    expect([subscribe('b/#'), subscribe('a/#')]).toEqual(['allowed', 'denied']);
    expect(subscribe('$SYS/#')).toBe('denied');
  });

  it('a filter over topics that nobody can list is asked about for each message', () => {
    expect(granted('b').subscribe('#')).toBe('per-message');
    expect(granted().subscribe('#')).toBe('denied');
  });
});
