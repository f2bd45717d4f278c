import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  binding,
  clientOf,
  exchange,
  queue,
  refusal,
  routed,
  table,
  TestTopologies,
} from '../testing/topology-fixture.js';
import type { VhostTopology } from './vhost-topology.js';

const client = clientOf('c1');

let topologies: TestTopologies;
let vhost: VhostTopology;

beforeEach(async () => {
  topologies = new TestTopologies();
  vhost = await topologies.gateway().open();
});

afterEach(() => topologies.close());

describe('bind and unbind', () => {
  beforeEach(async () => {
    await vhost.declareExchange(exchange('x'), client);
    await vhost.declareExchange(exchange('h', { type: 'headers' }), client);
    await vhost.declareQueue(queue('q'), client);
  });

  it.each([
    [
      'from the default exchange',
      binding('', 'q'),
      '403 channel: ACCESS_REFUSED - operation not permitted on the default exchange',
    ],
    [
      'to the default exchange',
      binding('x', '', '', { destinationKind: 'exchange' }),
      '403 channel: ACCESS_REFUSED - operation not permitted on the default exchange',
    ],
    ['from no exchange', binding('no', 'nor'), `404 channel: NOT_FOUND - no exchange 'no' in vhost '/'`],
    ['to no queue', binding('x', 'no'), `404 channel: NOT_FOUND - no queue 'no' in vhost '/'`],
    [
      'to no exchange',
      binding('x', 'no', '', { destinationKind: 'exchange' }),
      `404 channel: NOT_FOUND - no exchange 'no' in vhost '/'`,
    ],
    [
      'by headers in an unknown way',
      binding('h', 'q', '', { arguments: table({ 'x-match': 'some' }) }),
      '406 channel: PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
    ],
    [
      'by headers in a way that is no text',
      binding('h', 'q', '', { arguments: table({ 'x-match': 1 }) }),
      '406 channel: PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr',
    ],
  ])('refuses %s', async (_what, request, text) => {
    expect(await refusal(vhost.bind(request, client))).toBe(text);
  });

  it('is the same binding with the same key and arguments, and another with others', async () => {
    await vhost.bind(binding('x', 'q', 'k', { arguments: table({ a: 1, b: 2 }) }), client);
    await vhost.bind(binding('x', 'q', 'k', { arguments: table({ b: 2, a: 1 }) }), client);
    await vhost.bind(binding('x', 'q', 'k'), client);
    expect([...vhost.bindings()]).toHaveLength(2);
    expect(routed(vhost, 'x', 'k')).toEqual(['q']);
    await vhost.unbind(binding('x', 'q', 'k'), client);
    expect(routed(vhost, 'x', 'k')).toEqual(['q']);
    await vhost.unbind(binding('x', 'q', 'k', { arguments: table({ a: 1, b: 2 }) }), client);
    expect(routed(vhost, 'x', 'k')).toEqual([]);
  });

  it.each([
    ['key', binding('x', 'q', 'never')],
    ['exchange', binding('no', 'q')],
    ['queue', binding('x', 'no')],
  ])('unbinds what is not bound: no such %s', async (_what, request) => {
    await expect(vhost.unbind(request, client)).resolves.toBeUndefined();
  });

  it('does not keep bindings for a queue that is declared anew', async () => {
    await vhost.bind(binding('x', 'q', 'k'), client);
    await vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, client);
    await vhost.declareQueue(queue('q'), client);
    expect(routed(vhost, 'x', 'k')).toEqual([]);
  });
});
