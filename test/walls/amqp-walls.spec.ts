// Two tenants that give everything the same names in AMQP 1.0: nothing crosses.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AmqpSide } from './amqp/amqp-side.js';
import { amqpTable } from './amqp/amqp-table.js';
import { startTwoTenants, tenantNames, type TwoTenants } from './two-tenants.js';
import { operationsOf } from './wall.js';
import { describeWalls } from './wall-runs.js';

let world: TwoTenants;

beforeAll(async () => {
  world = await startTwoTenants({ amqp: true });
}, 120_000);

afterAll(() => world?.stop());

let rows = 0;

function sides(far: number): [AmqpSide, AmqpSide] {
  const address = (at: number) => world.gateways[at]!.amqp.tcp;
  const container = `container-${rows++}`;
  const [one, other] = tenantNames.map((tenant) => {
    const namespace = world.namespaceOf(tenant, '/');
    return new AmqpSide({ tenant, namespace, container, near: address(0), far: address(far) });
  });
  return [one!, other!];
}

describe('the table', () => {
  it('has every performative that clients send', () => {
    const performatives = [
      'open',
      'begin',
      'attach',
      'flow',
      'transfer',
      'disposition',
      'detach',
      'end',
      'close',
    ];
    const others = ['sasl-init', 'sasl-response', 'declare', 'discharge'];
    expect(operationsOf(amqpTable)).toEqual([...performatives, ...others].sort());
  });
});

describeWalls(amqpTable.walls, [
  { where: 'one gateway', between: 'tenants', sides: () => sides(0) },
  { where: 'two gateways', between: 'tenants', sides: () => sides(1) },
]);
