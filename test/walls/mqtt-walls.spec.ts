// Two tenants that give everything the same names in MQTT: nothing crosses.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MqttSide } from './mqtt/mqtt-side.js';
import { mqttTable } from './mqtt/mqtt-table.js';
import { startTwoTenants, type TenantName, type TwoTenants } from './two-tenants.js';
import { operationsOf } from './wall.js';
import { describeWalls } from './wall-runs.js';

let world: TwoTenants;

beforeAll(async () => {
  world = await startTwoTenants({ mqtt: {}, config: { mqtt: { systemTopicsIntervalMs: 200 } } });
}, 120_000);

afterAll(() => world?.stop());

function side(tenant: TenantName, far: number): MqttSide {
  const address = (at: number) => world.gateways[at]!.mqtt.tcp;
  return new MqttSide({
    tenant,
    namespace: world.namespaceOf(tenant, '/'),
    near: address(0),
    far: address(far),
  });
}

describe('the table', () => {
  it('has every packet that clients send', () => {
    const packets = [
      'CONNECT',
      'PUBLISH',
      'PUBACK',
      'PUBREC',
      'PUBREL',
      'PUBCOMP',
      'SUBSCRIBE',
      'UNSUBSCRIBE',
    ];
    expect(operationsOf(mqttTable)).toEqual([...packets, 'PINGREQ', 'DISCONNECT', 'AUTH'].sort());
  });
});

// One row after the other: clients are counted, and have the same names.
describeWalls(
  mqttTable.walls,
  [
    { where: 'one gateway', between: 'tenants', sides: () => [side('acme', 0), side('beta', 0)] },
    { where: 'two gateways', between: 'tenants', sides: () => [side('acme', 1), side('beta', 1)] },
  ],
  { rowsAtATime: 1 },
);
