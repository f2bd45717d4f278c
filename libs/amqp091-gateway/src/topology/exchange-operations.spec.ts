import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RateLimits } from '#libs/rate-limit';
import {
  binding,
  clientOf,
  exchange,
  queue,
  refusal,
  routed,
  table,
  tenantOf,
  type TestGateway,
  TestTopologies,
} from '../testing/topology-fixture.js';
import type { VhostTopology } from './vhost-topology.js';

const client = clientOf('c1');
const other = clientOf('c2');

let topologies: TestTopologies;
let gateway: TestGateway;
let vhost: VhostTopology;

beforeEach(async () => {
  topologies = new TestTopologies();
  gateway = topologies.gateway();
  vhost = await gateway.open();
});

afterEach(() => topologies.close());

describe('exchange.declare', () => {
  it('declares once, and again what is the same', async () => {
    const first = await vhost.declareExchange(exchange('x', { type: 'topic' }), client);
    const again = await vhost.declareExchange(exchange('x', { type: 'topic' }), other);
    expect(again).toBe(first);
    expect(first).toMatchObject({ name: 'x', type: 'topic', durable: true, internal: false });
    expect(topologies.log.entries).toHaveLength(1);
  });

  it.each([
    ['type', { type: 'fanout' }, `received 'fanout' but current is 'direct'`],
    ['durable', { durable: false }, `received 'false' but current is 'true'`],
    ['auto_delete', { autoDelete: true }, `received 'true' but current is 'false'`],
    ['internal', { internal: true }, `received 'true' but current is 'false'`],
    [
      'alternate-exchange',
      { arguments: table({ 'alternate-exchange': 'y' }) },
      `received the value 'y' of type 'longstr' but current is none`,
    ],
  ])('refuses another %s', async (name, asked, text) => {
    await vhost.declareExchange(exchange('x'), client);
    const refused = await refusal(vhost.declareExchange(exchange('x', asked), client));
    expect(refused).toBe(
      `406 channel: PRECONDITION_FAILED - inequivalent arg '${name}' for exchange 'x' in vhost '/': ${text}`,
    );
  });

  it.each([
    [
      'the default exchange',
      '',
      {},
      `403 channel: ACCESS_REFUSED - operation not permitted on the default exchange`,
    ],
    [
      'a reserved name',
      'amq.x',
      {},
      `403 channel: ACCESS_REFUSED - exchange name 'amq.x' contains reserved prefix 'amq.*'`,
    ],
    [
      'an unknown type',
      'x',
      { type: 'odd' },
      `503 connection: COMMAND_INVALID - unknown exchange type 'odd'`,
    ],
    [
      'a delayed exchange of no type',
      'x',
      { type: 'x-delayed-message' },
      `406 channel: PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type`,
    ],
    [
      'a delayed exchange of delayed ones',
      'x',
      { type: 'x-delayed-message', arguments: table({ 'x-delayed-type': 'x-delayed-message' }) },
      `406 channel: PRECONDITION_FAILED - Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'`,
    ],
    [
      'an alternate exchange that is no name',
      'x',
      { arguments: table({ 'alternate-exchange': 5 }) },
      `406 channel: PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x' in vhost '/'`,
    ],
    [
      'large arguments',
      'x',
      { arguments: table({ big: 'x'.repeat(40_000) }) },
      '406 channel: PRECONDITION_FAILED - arguments of over 32768 bytes',
    ],
  ])('refuses %s', async (_what, name, asked, text) => {
    expect(await refusal(vhost.declareExchange(exchange(name, asked), client))).toBe(text);
    expect(topologies.log.entries).toEqual([]);
  });

  it('has those of every vhost, which may be declared again as they are', async () => {
    const names = [...vhost.exchanges()].map(({ name, type }) => `${name}:${type}`);
    expect(names.sort()).toEqual([
      ':direct',
      'amq.direct:direct',
      'amq.fanout:fanout',
      'amq.headers:headers',
      'amq.match:headers',
      'amq.topic:topic',
    ]);
    await vhost.declareExchange(exchange('amq.topic', { type: 'topic' }), client);
    expect(await refusal(vhost.declareExchange(exchange('amq.topic'), client))).toContain(`'type'`);
  });

  it('passively: is there or not', async () => {
    await vhost.declareExchange(exchange('x'), client);
    expect((await vhost.checkExchange('x')).name).toBe('x');
    expect(await refusal(vhost.checkExchange('y'))).toBe(
      `404 channel: NOT_FOUND - no exchange 'y' in vhost '/'`,
    );
  });

  it('is limited for the tenant', async () => {
    const small = new TestTopologies(tenantOf({ exchangesMax: 1, queuesMax: 1, bindingsMax: 1 }));
    const limited = await small.gateway().open();
    await limited.declareExchange(exchange('x'), client);
    await limited.declareQueue(queue('q'), client);
    await limited.bind(binding('x', 'q', 'a'), client);
    await limited.bind(binding('x', 'q', 'a'), client);
    expect(await refusal(limited.declareExchange(exchange('y'), client))).toContain('limit');
    expect(await refusal(limited.declareQueue(queue('r'), client))).toBe(
      `406 channel: PRECONDITION_FAILED - cannot declare queue 'r': queue limit in vhost '/' (1) is reached`,
    );
    expect(await refusal(limited.bind(binding('x', 'q', 'b'), client))).toContain('limit');
    await small.close();
  });

  it('is limited with what is being declared, and with what all protocols of the tenant are', async () => {
    const all = { ...tenantOf(), limits: { queues: 2 } };
    const limits = new RateLimits([all]);
    const small = new TestTopologies(all, undefined, limits);
    const limited = await small.gateway().open();
    const declared = ['a', 'b', 'c', 'd'].map((name) => refusal(limited.declareQueue(queue(name), client)));
    const nothing = 'nothing was refused';
    const refused = expect.stringContaining(`queue limit in vhost '/' (2) is reached`);
    expect(await Promise.all(declared)).toEqual([nothing, nothing, refused, refused]);
    expect([...limits.counts()]).toMatchObject([{ quota: 'queues', refused: 2 }]);
    await small.close();
  });
});

describe('exchange.delete', () => {
  it('deletes it with its bindings, also what is not there', async () => {
    await vhost.declareExchange(exchange('x'), client);
    await vhost.declareQueue(queue('q'), client);
    await vhost.bind(binding('x', 'q', 'k'), client);
    await vhost.deleteExchange('x', { ifUnused: false }, client);
    await vhost.deleteExchange('x', { ifUnused: false }, client);
    expect(vhost.findExchange('x')).toBeUndefined();
    expect([...vhost.bindings()]).toEqual([]);
    await vhost.declareExchange(exchange('x'), client);
    expect(routed(vhost, 'x', 'k')).toEqual([]);
  });

  it('if unused, only where nothing is bound to it', async () => {
    await vhost.declareExchange(exchange('x'), client);
    await vhost.declareQueue(queue('q'), client);
    await vhost.bind(binding('x', 'q'), client);
    expect(await refusal(vhost.deleteExchange('x', { ifUnused: true }, client))).toBe(
      `406 channel: PRECONDITION_FAILED - exchange 'x' in vhost '/' in use`,
    );
    await vhost.unbind(binding('x', 'q'), client);
    await vhost.deleteExchange('x', { ifUnused: true }, client);
    expect(vhost.findExchange('x')).toBeUndefined();
  });

  it.each([
    ['', '403 channel: ACCESS_REFUSED - operation not permitted on the default exchange'],
    [
      'amq.topic',
      `403 channel: ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed`,
    ],
  ])('refuses %j', async (name, text) => {
    expect(await refusal(vhost.deleteExchange(name, { ifUnused: false }, client))).toBe(text);
  });

  it('by itself, when an auto-delete exchange loses its last binding; and what that was bound to', async () => {
    await vhost.declareExchange(exchange('first', { autoDelete: true }), client);
    await vhost.declareExchange(exchange('second', { autoDelete: true }), client);
    await vhost.declareQueue(queue('q'), client);
    await vhost.declareQueue(queue('r'), client);
    await vhost.bind(binding('first', 'second', '', { destinationKind: 'exchange' }), client);
    await vhost.bind(binding('second', 'q'), client);
    await vhost.bind(binding('second', 'r'), client);
    await vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, client);
    expect(vhost.findExchange('second')).toBeDefined();
    await vhost.unbind(binding('second', 'r'), client);
    expect(vhost.findExchange('second')).toBeUndefined();
    expect(vhost.findExchange('first')).toBeUndefined();
  });
});
