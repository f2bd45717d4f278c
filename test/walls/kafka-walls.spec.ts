// Two tenants that give everything the same names in Kafka: nothing crosses.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiVersionsApi, kafkaApiByKey } from '#libs/kafka-codec';
import { Side } from './kafka/kafka-side.js';
import { kafkaTable } from './kafka/kafka-table.js';
import { makeTopics } from './kafka/topic-walls.js';
import { startTwoTenants, type TwoTenants } from './two-tenants.js';
import { operationsOf } from './wall.js';
import { describeWalls } from './wall-runs.js';

/** One row builds on another, so each place has tenants of its own. */
const places = [
  { where: 'one gateway', gateways: 1 },
  { where: 'two gateways', gateways: 2 },
] as const;
const worlds: TwoTenants[] = [];
const sides: (readonly [Side, Side])[] = [];

beforeAll(async () => {
  for (const { gateways } of places) worlds.push(await startTwoTenants({}, gateways));
  for (const { gateways } of worlds) {
    const addresses = gateways.map(({ kafka }) => kafka);
    // Each asks another one first.
    const both = [
      await Side.open('acme', addresses),
      await Side.open('beta', addresses.toReversed()),
    ] as const;
    sides.push(both);
    expect(await Promise.all(both.map(makeTopics))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  }
}, 120_000);

afterAll(async () => {
  for (const side of sides.flat()) side.close();
  await Promise.all(worlds.map((world) => world.stop()));
});

describe('the table', () => {
  it('has every API that is served', async () => {
    const { apiKeys } = await sides[0]![0].call(apiVersionsApi, 3, {
      ...{ clientSoftwareName: 'walls', clientSoftwareVersion: '1' },
    });
    const served = apiKeys.map(({ apiKey }) => kafkaApiByKey(apiKey)!.name).sort();
    expect(operationsOf(kafkaTable)).toEqual(served);
  });
});

describeWalls(
  kafkaTable.walls,
  places.map(({ where }, place) => ({
    ...{ where, between: 'tenants' },
    sides: () => sides[place]!,
    areKept: true,
  })),
  { rowsAtATime: 1 },
);
