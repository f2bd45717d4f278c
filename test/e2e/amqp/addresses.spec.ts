// Which Pulsar topic, subscription and permission an address stands for, with a client that knows nothing of Pulsar.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import rhea from 'rhea';
import { startGateway, type TestGateway } from '../../support/gateway.js';
import { pulsarAdmin } from '../../support/pulsar.js';
import { until } from '../../support/until.js';

const setUpTimeoutMs = 120_000;
const connections: rhea.Connection[] = [];
let gateway: TestGateway;
let namespace: string;

const rule = (type: string, name: string, ...actions: string[]) => ({
  ...{ principals: ['*'], actions: actions.length === 0 ? ['*'] : actions },
  resource: { type, match: 'prefix', name },
});

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [
      {
        ...{ name: 'acme', users: [{ name: 'bob', password: 'bob-secret-1' }] },
        permissions: [
          ...[rule('topic', 't'), rule('queue', 'q'), rule('topic', 'sent', 'produce')],
          ...[rule('queue', 'secret'), { ...rule('topic', 'secret'), effect: 'deny' }],
          { ...rule('group', 'guarded'), principals: ['user:bob'] },
        ],
      },
    ],
    amqp: { listener: { anonymousTenant: 'acme' } },
  });
  namespace = gateway.namespaceOf('acme');
}, setUpTimeoutMs);

afterAll(async () => {
  for (const connection of connections) connection.close();
  await gateway?.stop();
}, setUpTimeoutMs);

async function connected(containerId?: string): Promise<rhea.Connection> {
  const [host, port] = gateway.amqp.tcp.split(':') as [string, string];
  const container = rhea.create_container({ id: containerId });
  const connection = container.connect({ host, port: Number(port), reconnect: false } as never);
  connections.push(connection);
  await new Promise((resolve) => connection.once('connection_open', resolve));
  return connection;
}

/** Attached, or the error that it was detached with. */
function attached<L extends rhea.link>(link: L, of: 'sender' | 'receiver'): Promise<L> {
  return new Promise((resolve, reject) => {
    // A refused attach is answered too, and its end comes right behind (AMQP 2.6.3).
    link.once(`${of}_open`, () => setImmediate(resolve, link));
    link.once(`${of}_error`, () => reject(link.error));
  });
}

const sender = (connection: rhea.Connection, address: string | undefined) =>
  attached(connection.open_sender({ target: { address } } as never), 'sender');
const receiver = (connection: rhea.Connection, source: string | object, properties?: object) => {
  const terminus = typeof source === 'string' ? { address: source } : source;
  const options = { source: terminus, credit_window: 0, properties };
  return attached(connection.open_receiver(options as never), 'receiver');
};

async function send(link: rhea.Sender, message: rhea.Message): Promise<string> {
  const delivery = link.send(message);
  return new Promise((resolve) => {
    const listen = (outcome: string) => (context: rhea.EventContext) => {
      if (context.delivery === delivery)
        resolve(outcome + (context.delivery.remote_state?.error?.condition ?? ''));
    };
    for (const outcome of ['accepted', 'rejected', 'released', 'modified']) link.on(outcome, listen(outcome));
  });
}

async function next(link: rhea.Receiver): Promise<rhea.Message> {
  const message = new Promise<rhea.Message>((resolve) =>
    link.once('message', ({ message }) => resolve(message!)),
  );
  link.add_credit(1);
  return message;
}

const subscriptionsOf = (topic: string) =>
  pulsarAdmin('GET', `/persistent/${namespace}/${topic}/subscriptions`) as Promise<string[]>;
const errorOf = (attach: Promise<unknown>) =>
  attach.then(
    () => 'attached',
    ({ condition }) => condition,
  );

describe('addresses', () => {
  it('of a queue keep what is sent before anybody receives', async () => {
    const connection = await connected();
    expect(await send(await sender(connection, '/queues/q1'), { body: 'early' })).toBe('accepted');
    expect(await subscriptionsOf('q1')).toEqual(['pulsegate.queue']);
    const link = await receiver(connection, { address: 'q1', capabilities: ['queue'] });
    expect((await next(link)).body).toBe('early');
    expect(link.source.capabilities).toEqual(['queue']);
  });

  it('of a topic give each receiver what comes while it is there, and nothing to a subscription that is not', async () => {
    const connection = await connected();
    const target = await sender(connection, 't1');
    expect(await send(target, { body: 'missed' })).toBe('accepted');
    const links = [
      await receiver(connection, 't1'),
      await receiver(connection, `persistent://${namespace}/t1`),
    ];
    expect(await send(target, { body: 'news' })).toBe('accepted');
    for (const link of links) expect((await next(link)).body).toBe('news');
  });

  it('that say a subscription share it, and it stays', async () => {
    const connection = await connected();
    const links = [
      await receiver(connection, 't2::audit'),
      await receiver(connection, 't2', { 'x-opt-subscription': 'audit' }),
    ];
    const target = await sender(connection, 't2');
    expect(await send(target, { body: 'one' })).toBe('accepted');
    const got = await Promise.race(links.map(next));
    expect(got.body).toBe('one');
    for (const link of links) link.close();
    expect(await send(target, { body: 'two' })).toBe('accepted');
    expect(await subscriptionsOf('t2')).toEqual(['audit']);
    const again = await receiver(await connected(), 't2::audit');
    expect((await next(again)).body).toBe('two');
  });

  it('of a topic with a terminus that stays are durable subscriptions, until they are closed or unsubscribed', async () => {
    const source = { address: 't5', durable: 2, expiry_policy: 'never' };
    const subscribe = (connection: rhea.Connection, name: string, capabilities: string[] = []) => {
      const terminus = { ...source, capabilities };
      return attached(
        connection.open_receiver({ name, source: terminus, credit_window: 0 } as never),
        'receiver',
      );
    };
    const first = await connected('c1');
    const link = await subscribe(first, 'news');
    expect(link.source).toMatchObject({ durable: 2, expiry_policy: 'never' });
    const stolen = new Promise((resolve) => link.once('receiver_error', () => resolve(link.error)));
    const thief = await subscribe(await connected('c1'), 'news');
    expect(await stolen).toMatchObject({ condition: 'amqp:link:stolen' });
    thief.detach();
    await subscribe(first, 'jobs|global2', ['shared', 'global']);
    await subscribe(await connected('c2'), 'jobs|global', ['shared', 'global']);
    expect((await subscriptionsOf('t5')).sort()).toEqual(['c1:news', 'jobs']);
    first.close();
    expect(await send(await sender(await connected(), 't5'), { body: 'while away' })).toBe('accepted');
    const again = await subscribe(await connected('c1'), 'news');
    expect((await next(again)).body).toBe('while away');
    again.close();
    await until(async () => !(await subscriptionsOf('t5')).includes('c1:news'));
    // As Qpid JMS unsubscribes: by the name alone, of a link that no receiver is on.
    const kept = await subscribe(await connected('c3'), 'kept');
    kept.detach();
    const connection = await connected('c3');
    const found = await attached(connection.open_receiver({ name: 'kept' } as never), 'receiver');
    expect(found.source.address).toBe('/topics/t5');
    const closed = new Promise((resolve) => found.once('receiver_close', resolve));
    found.close();
    // Another link of this name may be attached only then.
    await closed;
    await until(async () => !(await subscriptionsOf('t5')).includes('c3:kept'));
    const none = attached(connection.open_receiver({ name: 'kept' } as never), 'receiver');
    expect(await errorOf(none)).toBe('amqp:not-found');
  });

  it('are refused without a permission, before anything is made', async () => {
    const connection = await connected();
    const denied = 'amqp:unauthorized-access';
    expect(await errorOf(sender(connection, 'x1'))).toBe(denied);
    expect(await errorOf(receiver(connection, '/queues/x1'))).toBe(denied);
    expect(await errorOf(receiver(connection, 'sent1'))).toBe(denied);
    expect(await errorOf(receiver(connection, '/queues/secret1'))).toBe(denied);
    expect(await errorOf(receiver(connection, 't3::guarded'))).toBe(denied);
    expect(await errorOf(sender(connection, 'persistent://public/default/t'))).toBe(denied);
    const topics = (await pulsarAdmin('GET', `/persistent/${namespace}/partitioned`)) as string[];
    expect(topics.filter((topic) => /x1|sent1|secret1|t3/.test(topic))).toEqual([]);
    expect(await errorOf(sender(connection, 't-partition-0'))).toBe('amqp:invalid-field');
    expect(await errorOf(sender(connection, 't2::audit'))).toBe('amqp:invalid-field');
    const selector = rhea.filter.selector("a = 'b");
    expect(await errorOf(receiver(connection, { address: 't1', filter: selector }))).toBe(
      'amqp:invalid-field',
    );
  });

  it("are given to temporary nodes, which are their connection's and end with it", async () => {
    const owner = await connected();
    const other = await connected();
    const inbox = await receiver(owner, { dynamic: true });
    const { address } = inbox.source;
    expect(address).toMatch(/^amqp\.temp-queue\./);
    expect(await errorOf(receiver(other, address))).toBe('amqp:unauthorized-access');
    expect(await send(await sender(other, address), { body: 'reply' })).toBe('accepted');
    expect((await next(inbox)).body).toBe('reply');
    owner.close();
    await until(async () => !(await topicsOf()).some((topic) => topic.includes('amqp.temp-')));
    expect(await errorOf(sender(other, address))).toBe('amqp:not-found');
  });

  it('of each message count at the anonymous terminus', async () => {
    const connection = await connected();
    const anonymous = await sender(connection, undefined);
    expect(await send(anonymous, { to: '/queues/q2', body: 'a' })).toBe('accepted');
    expect(await send(anonymous, { to: 'x1', body: 'b' })).toBe('rejectedamqp:unauthorized-access');
    expect(await send(anonymous, { body: 'c' })).toBe('rejectedamqp:precondition-failed');
    expect(await send(anonymous, { to: '/queues/q2', body: 'd' })).toBe('accepted');
    const link = await receiver(connection, '/queues/q2');
    expect([(await next(link)).body, (await next(link)).body]).toEqual(['a', 'd']);
  });

  it('with a selector give what it matches, and are told that it acts', async () => {
    const connection = await connected();
    const filter = {
      ...rhea.filter.selector("colour = 'red' AND JMSPriority > 5"),
      odd: rhea.types.wrap_string('x'),
    };
    const link = await receiver(connection, { address: 't4', filter });
    expect(Object.keys(link.source.filter as object)).toEqual(['jms-selector']);
    const target = await sender(connection, 't4');
    for (const [colour, priority] of [
      ['red', 4],
      ['blue', 9],
      ['red', 9],
    ] as const) {
      await send(target, { priority, application_properties: { colour }, body: colour + priority });
    }
    expect((await next(link)).body).toBe('red9');
  });
});

const topicsOf = () => pulsarAdmin('GET', `/persistent/${namespace}`) as Promise<string[]>;

/** A generous limit: it is a moment. */
