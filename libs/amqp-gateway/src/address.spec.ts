import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { topicNameFault } from '#libs/auth';
import {
  type AmqpAddress,
  formatAddress,
  parseAddress,
  temporaryNodeInstance,
  temporaryNodeName,
} from './address.js';
import { AmqpError } from './amqp.errors.js';
import { deadLetterTopicOf } from './dead-letters/dead-letter-name.js';

const namespace = 'acme/main';
const uuid = '6f1c2a3e-0000-4000-8000-0123456789ab';

function parsed(text: string, ...capabilities: string[]) {
  return parseAddress(text, capabilities, namespace);
}

function refusal(text: string, ...capabilities: string[]): AmqpError {
  try {
    parsed(text, ...capabilities);
  } catch (error) {
    expect(error).toBeInstanceOf(AmqpError);
    return error as AmqpError;
  }
  throw new Error(`${text} was taken`);
}

const topic = (name: string): AmqpAddress => ({ kind: 'topic', name });
const queue = (name: string): AmqpAddress => ({ kind: 'queue', name });
const subscription = (name: string, of: string): AmqpAddress => ({
  kind: 'subscription',
  name,
  subscription: of,
});

describe('addresses', () => {
  it.each<[string, AmqpAddress]>([
    ['orders', topic('orders')],
    ['/topics/orders', topic('orders')],
    ['topic://orders', topic('orders')],
    ['/queues/orders', queue('orders')],
    ['queue://orders', queue('orders')],
    ['persistent://acme/main/orders', topic('orders')],
    ['/queues/persistent:%2F%2Facme%2Fmain%2Forders', queue('orders')],
    ['queue://persistent://acme/main/orders', queue('orders')],
    ['orders::audit', subscription('orders', 'audit')],
    ['/topics/orders::audit', subscription('orders', 'audit')],
    ['persistent://acme/main/orders::audit', subscription('orders', 'audit')],
    // Pulsar could not have these names: encoded as MQTT's levels are.
    ['plant/1/temp', topic('plant.x2F1.x2Ftemp')],
    ['/queues/plant%2F1', queue('plant.x2F1')],
    ['/queues/plant/1', queue('plant.x2F1')],
    ['/topics/a%3A%3Ab', topic('a.x3A.x3Ab')],
    ['a b', topic('a.x20b')],
    ['grün', topic('gr.xC3.xBCn')],
    ['100%', topic('100.x25')],
    ['orders::audit log', subscription('orders', 'audit.x20log')],
    // What is encoded already is not encoded again by a full name, and is another topic by a plain one.
    ['persistent://acme/main/a.x20b', topic('a.x20b')],
    ['a.x20b', topic('a.x2Ex20b')],
    ['queue:orders', topic('queue.x3Aorders')],
    // The gateway's own subscriptions cannot be named.
    ['orders::pulsegate.queue', subscription('orders', '.x70ulsegate.queue')],
    ['orders::container:link', subscription('orders', 'container.x3Alink')],
  ])('%s', (text, address) => {
    expect(parsed(text)).toEqual(address);
  });

  it('are queues or topics by the capability of the terminus where they do not say it themselves', () => {
    expect(parsed('orders', 'queue')).toEqual(queue('orders'));
    expect(parsed('orders', 'topic', 'shared')).toEqual(topic('orders'));
    expect(parsed('/queues/orders', 'queue')).toEqual(queue('orders'));
    expect(parsed('orders::s', 'topic')).toEqual(subscription('orders', 's'));
  });

  it('of temporary nodes are known by their names, whatever else is said', () => {
    const name = temporaryNodeName('queue', 'a1-b2', uuid);
    expect(temporaryNodeInstance(name)).toBe('a1-b2');
    expect(temporaryNodeInstance('orders')).toBeUndefined();
    const address: AmqpAddress = { kind: 'temporary', name, of: 'queue' };
    expect(parsed(name)).toEqual(address);
    expect(parsed(name, 'temporary-queue')).toEqual(address);
    expect(parsed(`/queues/${name}`)).toEqual(address);
    expect(formatAddress(address, namespace)).toBe(name);
  });

  it.each([
    ['', 'a name is not empty'],
    ['/queues/', 'a name is not empty'],
    ['::s', 'a name is not empty'],
    ['orders::', 'the name of a subscription is not empty'],
    ['/orders', 'what begins with "/" is /queues/<name> or /topics/<name>'],
    ['/exchanges/a/b', 'what begins with "/" is /queues/<name> or /topics/<name>'],
    ['/queues/a%2', 'it is not percent-encoded as it should be'],
    ['/queues/a%FF', 'it is not percent-encoded as it should be'],
    ['/queues/orders::s', 'a queue has no other subscriptions'],
    ['queue://orders::s', 'a queue has no other subscriptions'],
    ['x'.repeat(250), 'a topic name has 1 to 249 characters'],
    ['/'.padEnd(84, 'ü').slice(1), 'a topic name has 1 to 249 characters'],
    ['x'.repeat(2_049), 'it has more than 2048 characters'],
    [`t::${'x'.repeat(250)}`, 'the name of a subscription has at most 249 characters'],
    // What Kafka's clients are refused too: no second names, nothing of the system.
    ['orders-partition-0', 'a topic name does not end like the name of a partition'],
    ['plant/1-partition-0', 'a topic name does not end like the name of a partition'],
    ['__change_events', 'topic names that start with "__" are the system\'s'],
    ['pulsegate.lease', 'topic names that start with "pulsegate." are the gateway\'s'],
    ['persistent://acme/main/pulsegate.lease', 'topic names that start with "pulsegate." are the gateway\'s'],
    ['persistent://acme/main/a b', 'a topic name is of A-Z, a-z, 0-9, ".", "_" and "-"'],
    ['amqp.temp-queue.mine::s', 'names that begin with "amqp.temp-" are those of temporary nodes'],
    [`amqp.temp-queue.a.${uuid}::s`, 'a temporary node has no other subscriptions'],
    [`persistent://acme/main/amqp.temp-topic.a.${uuid}::s`, 'a temporary node has no other subscriptions'],
    ['amqp.temp-queue.mine', 'names that begin with "amqp.temp-" are those of temporary nodes'],
  ])('%s is refused', (text, why) => {
    expect(refusal(text)).toMatchObject({ condition: 'amqp:invalid-field', message: `address: ${why}` });
  });

  it('that contradict the capability are refused', () => {
    expect(refusal('/queues/q', 'topic').message).toBe('address: it names a queue, the capability a topic');
    expect(refusal('topic://q', 'queue').message).toBe('address: it names a topic, the capability a queue');
    expect(refusal('q::s', 'queue').message).toBe('address: a queue has no other subscriptions');
  });

  it.each([
    'persistent://acme/other/orders',
    'persistent://globex/main/orders',
    'persistent://acme/main2/orders',
    'non-persistent://acme/main/orders',
    'amqp://host/orders',
    '/topics/persistent:%2F%2Fglobex%2Fmain%2Forders',
  ])('%s is outside', (text) => {
    expect(refusal(text)).toMatchObject({ condition: 'amqp:unauthorized-access' });
  });

  it('never name a topic that Kafka could not name, whatever the text is', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'a/:.%-_xT2F') }),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('queue', 'topic', ''), (address, capability) => {
        try {
          const { name } = parsed(address, capability);
          expect(topicNameFault(name)).toBeUndefined();
        } catch (error) {
          if (!(error instanceof AmqpError)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['client:news', 't-client%3Anews-DLQ'],
    ['a.x20b:news::volatile', 't-a%20b%3Anews%3A%3Avolatile-DLQ'],
    ['pulsegate.queue', 't-pulsegate.queue-DLQ'],
  ])('name the dead letters of the subscription %s', (subscription, name) => {
    const full = deadLetterTopicOf(`persistent://${namespace}/t`, subscription);
    expect(`persistent://${namespace}/${parsed(`/queues/${name}`).name}`).toBe(full);
  });

  it('are read again as they were formatted', () => {
    const name = fc.string({ unit: fc.constantFrom(...'aZ0._-/:% ü'), minLength: 1, maxLength: 20 });
    const kinds = fc.constantFrom('queue', 'topic', 'subscription');
    fc.assert(
      fc.property(name, name, kinds, (text, of, kind) => {
        let address: AmqpAddress;
        try {
          const encoded = `${encodeURIComponent(text)}${kind === 'subscription' ? `::${encodeURIComponent(of)}` : ''}`;
          address = parsed(`/${kind === 'queue' ? 'queues' : 'topics'}/${encoded}`);
        } catch {
          return;
        }
        expect(parsed(formatAddress(address, namespace))).toEqual(address);
      }),
      { numRuns: 500 },
    );
    // Made by MQTT for a topic that AMQP's clients cannot call by its plain name.
    const hidden = topic('.x5F_x');
    expect(parsed(formatAddress(hidden, namespace))).toEqual(hidden);
  });
});
