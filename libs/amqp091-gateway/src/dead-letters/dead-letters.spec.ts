import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeBasicProperties, fieldOf } from '#libs/amqp091-codec';
import { PulsarError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { Amqp091Counters } from '../amqp091.counters.js';
import type { StoredMessage } from '../mapping/stored-message.mapping.js';
import { type Amqp091Bed, amqp091Bed, type BedClient } from '../testing/amqp091-bed.js';
import { bind, declare, declareExchange, opened, until } from '../testing/publisher.js';
import { tenantOf } from '../testing/topology-fixture.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { DeadReason } from './dead-letter.js';
import { DeadLetters } from './dead-letters.js';

let bed: Amqp091Bed;
let client: BedClient;
let topology: VhostTopology;
let counters: Amqp091Counters;
let letters: DeadLetters;

beforeEach(async () => {
  bed = await amqp091Bed();
  client = await opened(bed);
  await declareExchange(client, 'dlx', 'direct');
  await declare(client, 'dead');
  await bind(client, 'dead', 'dlx', 'work');
  await declare(client, 'work', { 'x-dead-letter-exchange': 'dlx' });
  topology = bed.services.topologies.find({ tenant: tenantOf(), vhost: '/', pulsarNamespace: 'acme/shop' })!;
  counters = new Amqp091Counters();
  const { publishing } = bed.services;
  letters = new DeadLetters({ pulsar: {} as never, publishing, counters, log: silentLog });
});

afterEach(() => bed.close());

function stored(body: string, rest: Partial<StoredMessage> = {}): StoredMessage {
  return {
    ...{ exchange: '', routingKey: 'work', properties: encodeBasicProperties({}), basic: {}, headers: [] },
    ...{ body: Buffer.from(body), expiresAtMs: undefined, isOwn: true, hasDied: false, ...rest },
  };
}

function bury(queue: string, message: StoredMessage, reason: DeadReason = 'expired') {
  const position = { ledgerId: 1, entryId: 1 };
  const dead = { topic: 'persistent://acme/shop/work', position, batchIndex: 0, reason, stored: message };
  return letters.bury(topology, topology.findQueue(queue)!, dead);
}

describe('dead letters', () => {
  it('are stored in the queues that the exchange routes them to, before they are settled', async () => {
    bed.broker.isSlow = true;
    let isSettled = false;
    const settled = bury('work', stored('a'))!.then(() => {
      isSettled = true;
    });
    await until(() => bed.broker.entries.length === 1);
    expect(isSettled).toBe(false);
    bed.broker.confirm();
    await settled;
    const [letter] = bed.broker.of('dead');
    expect(letter?.amqp).toMatchObject({ exchange: 'dlx', routingKey: 'work', hasDied: true });
    expect(fieldOf(letter!.amqp.headers, 'x-death')).toBeDefined();
    expect([counters.messagesDeadLettered, counters.messagesDropped]).toEqual([1, 0]);
  });

  it('come again where they cannot be stored', async () => {
    bed.broker.refusal = new PulsarError('NotAllowedError', 'no');
    await expect(bury('work', stored('a'))).rejects.toThrow('no');
    expect(counters.messagesDeadLettered).toBe(0);
  });

  it('go nowhere without an exchange, or where that has no queue for them', async () => {
    expect(bury('dead', stored('a'))).toBeUndefined();
    await bury('work', stored('a', { routingKey: 'unbound' }));
    await declare(client, 'lost', { 'x-dead-letter-exchange': 'absent' });
    await bury('lost', stored('a'));
    expect([bed.broker.entries.length, counters.messagesDropped]).toEqual([0, 2]);
  });

  it('do not go round without a client that rejects them', async () => {
    await bind(client, 'work', 'dlx', 'round');
    await bury('work', stored('a', { routingKey: 'round' }));
    expect([bed.broker.entries.length, counters.messagesDropped]).toEqual([0, 1]);
    await bury('work', stored('a', { routingKey: 'round' }), 'rejected');
    expect(bed.broker.bodies('work')).toEqual(['a']);
  });

  it('of one tenant that are not stored do not keep those of others waiting', async () => {
    bed.broker.isSlow = true;
    const buried = Array.from({ length: 600 }, () => bury('work', stored('a')));
    const scope = { ...topology.scope, tenant: { ...topology.scope.tenant, name: 'other' } };
    topology = new Proxy(topology, {
      get: (target, key) => {
        if (key === 'scope') return scope;
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    buried.push(bury('work', stored('of another')));
    await until(() => bed.broker.bodies('dead').includes('of another'));
    bed.broker.isSlow = false;
    bed.broker.confirm();
    await Promise.all(buried);
  });

  it('keep their order, however many there are', async () => {
    const bodies = Array.from({ length: 1_500 }, (_, at) => String(at));
    await Promise.all(bodies.map((body) => bury('work', stored(body))));
    expect(bed.broker.bodies('dead')).toEqual(bodies);
  });
});
