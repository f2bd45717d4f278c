// Two tenants, and two vhosts of one tenant, that give everything the same names in AMQP 0-9-1: nothing crosses.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { methodTable } from '#libs/amqp091-codec';
import { Amqp091Side } from './amqp091/amqp091-side.js';
import { amqp091Table } from './amqp091/amqp091-table.js';
import { secondVhost, startTwoTenants, type TenantName, type TwoTenants } from './two-tenants.js';
import { operationsOf } from './wall.js';
import { describeWalls } from './wall-runs.js';

let world: TwoTenants;

beforeAll(async () => {
  world = await startTwoTenants({ amqp: true });
}, 120_000);

afterAll(() => world?.stop());

function side(tenant: TenantName, vhost: string, far: number): Amqp091Side {
  const address = (at: number) => world.gateways[at]!.amqp.tcp;
  const namespace = world.namespaceOf(tenant, vhost);
  return new Amqp091Side({ tenant, vhost, namespace, near: address(0), far: address(far) });
}

describe('the table', () => {
  it('has every method that clients may send', () => {
    const methods = Object.entries(methodTable).filter(([, { from }]) => from !== 'server');
    // A client that acknowledges, and one that is told of an end, is the other half of what is tested.
    expect(operationsOf(amqp091Table)).toEqual(methods.map(([name]) => name).sort());
  });
});

describeWalls(amqp091Table.walls, [
  {
    ...{ where: 'one gateway', between: 'tenants' },
    sides: () => [side('acme', '/', 0), side('beta', '/', 0)],
  },
  {
    ...{ where: 'two gateways', between: 'tenants' },
    sides: () => [side('acme', secondVhost, 1), side('beta', secondVhost, 1)],
  },
  {
    ...{ where: 'two gateways', between: 'vhosts' },
    sides: () => [side('acme', '/', 1), side('acme', secondVhost, 1)],
  },
]);
