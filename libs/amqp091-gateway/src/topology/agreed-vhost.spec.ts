import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Amqp091Error } from '#libs/amqp091-codec';
import {
  binding,
  clientOf,
  exchange,
  openAccess,
  queue,
  refusal,
  routed,
  table,
  tenantOf,
  type TestGateway,
  TestTopologies,
} from '../testing/topology-fixture.js';
import type { TopologyAccess, TopologyClient, VhostTopology } from './vhost-topology.js';

const client = clientOf('c1');

let topologies: TestTopologies;
let gateway: TestGateway;
let vhost: VhostTopology;

beforeEach(async () => {
  topologies = new TestTopologies();
  gateway = topologies.gateway();
  vhost = await gateway.open();
});

afterEach(() => topologies.close());

describe('what operations need', () => {
  const needed: string[] = [];
  const asked: TopologyAccess = {
    ...openAccess,
    configure: (kind, name) => needed.push(`configure ${kind} ${name}`),
    write: (kind, name) => needed.push(`write ${kind} ${name}`),
    read: (kind, name) => needed.push(`read ${kind} ${name}`),
    readTopic: (name, key) => needed.push(`read topic ${key} of ${name}`),
  };
  const watched: TopologyClient = clientOf('c1', asked);
  beforeEach(async () => {
    await vhost.declareExchange(exchange('t', { type: 'topic' }), client);
    await vhost.declareQueue(queue('q'), client);
    needed.length = 0;
  });

  it.each<[string, () => Promise<unknown>, string[]]>([
    ['exchange.declare', () => vhost.declareExchange(exchange('x'), watched), ['configure exchange x']],
    [
      'exchange.declare with an alternate',
      () =>
        vhost.declareExchange(exchange('x', { arguments: table({ 'alternate-exchange': 'a' }) }), watched),
      ['configure exchange x', 'read exchange x', 'write exchange a'],
    ],
    ['exchange.declare passively', () => vhost.checkExchange('t'), []],
    [
      'exchange.delete',
      () => vhost.deleteExchange('t', { ifUnused: false }, watched),
      ['configure exchange t'],
    ],
    ['queue.declare', () => vhost.declareQueue(queue('r'), watched), ['configure queue r']],
    [
      'queue.declare with dead letters',
      () => vhost.declareQueue(queue('r', { arguments: table({ 'x-dead-letter-exchange': 'd' }) }), watched),
      ['configure queue r', 'read queue r', 'write exchange d'],
    ],
    ['queue.declare passively', () => vhost.checkQueue('q', watched), []],
    [
      'queue.delete',
      () => vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, watched),
      ['configure queue q'],
    ],
    [
      'queue.bind',
      () => vhost.bind(binding('amq.direct', 'q'), watched),
      ['write queue q', 'read exchange amq.direct'],
    ],
    [
      'queue.bind to a topic exchange',
      () => vhost.bind(binding('t', 'q', 'a.*'), watched),
      ['write queue q', 'read exchange t', 'read topic a.* of t'],
    ],
    [
      'queue.unbind',
      () => vhost.unbind(binding('t', 'q', 'a.*'), watched),
      ['write queue q', 'read exchange t', 'read topic a.* of t'],
    ],
    [
      'exchange.bind',
      () => vhost.bind(binding('t', 'amq.direct', 'a', { destinationKind: 'exchange' }), watched),
      ['write exchange amq.direct', 'read exchange t', 'read topic a of t'],
    ],
  ])('%s', async (_name, work, expected) => {
    await work();
    expect(needed).toEqual(expected);
  });

  it('is asked for before anything is looked up', async () => {
    const nobody = clientOf('c1', {
      ...openAccess,
      configure: () => {
        throw new Amqp091Error('access-refused', 'no');
      },
    });
    const before = topologies.log.asked;
    expect(await refusal(vhost.declareQueue(queue('q'), nobody))).toContain('403');
    expect(await refusal(vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, nobody))).toContain(
      '403',
    );
    expect(topologies.log.asked).toBe(before);
  });
});

describe('vhosts', () => {
  it('are those of the tenant, each with its own names', async () => {
    const two = new TestTopologies(tenantOf({ vhosts: [{ name: 'test', pulsarNamespace: 'acme/test' }] }));
    const { open } = two.gateway();
    const own = await open('/');
    const test = await open('test');
    expect(await open('')).toBe(own);
    expect([own.scope.pulsarNamespace, test.scope.pulsarNamespace]).toEqual(['acme/shop', 'acme/test']);
    await own.declareQueue(queue('q'), client);
    await own.bind(binding('amq.direct', 'q', 'k'), client);
    expect(test.findQueue('q')).toBeUndefined();
    expect(routed(test, 'amq.direct', 'k')).toEqual([]);
    expect(await refusal(open('prod'))).toBe('530 connection: NOT_ALLOWED - vhost prod not found');
    await two.close();
  });
});

describe('who follows the queues', () => {
  it('hears of each that comes and goes, whatever others do', async () => {
    const heard: string[] = [];
    vhost.onQueue(() => {
      throw new Error('of another');
    });
    const cancel = vhost.onQueue(({ name }, isThere) => heard.push(`${name} ${isThere}`));
    await vhost.declareQueue(queue('q'), client);
    await vhost.declareQueue(queue('q'), client);
    await vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, client);
    cancel();
    await vhost.declareQueue(queue('r'), client);
    expect(heard).toEqual(['q true', 'q false']);
    expect(vhost.findQueue('r')).toBeDefined();
  });
});

describe('while the log is away', () => {
  it('nothing is declared, and what is known still routes', async () => {
    await vhost.declareQueue(queue('q'), client);
    await vhost.bind(binding('amq.fanout', 'q'), client);
    topologies.log.isAway = true;
    const away = '541 connection: INTERNAL_ERROR - what is declared cannot be changed or asked for now';
    expect(await refusal(vhost.declareQueue(queue('q'), client))).toBe(away);
    expect(await refusal(vhost.declareQueue(queue('r'), client))).toBe(away);
    expect(await refusal(vhost.checkQueue('r', client))).toBe(away);
    expect(routed(vhost, 'amq.fanout', '')).toEqual(['q']);
    expect(vhost.ready).toBe(false);
    expect(await refusal(gateway.open())).toBe(away);
  });
});
