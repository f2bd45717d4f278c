import { describe, expect, it } from '@jest/globals';
import { aloneCluster } from '#libs/cluster';
import { silentLog } from '#libs/telemetry';
import { testTenant } from '../testing/fake-topics.js';
import type { TransientClient } from './client-claims.js';
import type { SliceOwners } from './slice-owners.js';
import { TransientClaims } from './transient-claims.js';

function bed() {
  const announced: string[] = [];
  let hear: (payload: string, from: number) => void = () => {};
  const cluster = {
    ...aloneCluster(),
    announce: (_kind: string, payload: string) => void announced.push(payload),
    onAnnouncement: (_kind: string, listener: typeof hear) => {
      hear = listener;
      return () => {};
    },
  };
  const told: string[][] = [];
  const owners: Pick<SliceOwners, 'adopt' | 'instanceOf' | 'release'> = {
    instanceOf: () => 'owner',
    adopt: async (clients: readonly TransientClient[]) => {
      told.push(clients.map(({ clientId }) => clientId));
      return clients.filter(({ clientId }) => clientId === 'taken').map(({ connectionId }) => connectionId);
    },
    release: async () => {},
  };
  const claims = new TransientClaims(owners as SliceOwners, cluster, silentLog);
  const kicked: string[] = [];
  const claim = (clientId: string, slice: number) =>
    claims.add({
      ...{ tenant: testTenant, clientId, slice, connectionId: `${clientId}'s`, hasWill: false },
      takenOver: () => void kicked.push(clientId),
    });
  const grant = (clientId: string) => claims.granted(`${clientId}'s`);
  const add = (clientId: string, slice: number) => {
    claim(clientId, slice);
    grant(clientId);
  };
  return { claims, claim, grant, add, told, kicked, announced, hear: (payload: string) => hear(payload, 7) };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('claims of connections whose session ends with them', () => {
  it('are told again to an owner that has lost its slice and has it again, and who lost the client id is closed', async () => {
    const { claims, add, told, kicked, announced, hear } = bed();
    for (const [clientId, slice] of [
      ['a', 0],
      ['taken', 0],
      ['other', 1],
    ] as const)
      add(clientId, slice);
    claims.served(testTenant, 0);
    await soon();
    expect([told, kicked]).toEqual([[['a', 'taken']], ['taken']]);
    hear(announced[0]!);
    hear(JSON.stringify({ tenant: 'another', slice: 1 }));
    await soon();
    expect(told.slice(1)).toEqual([['a', 'taken']]);
    await claims.close();
  });

  it('are told when they are granted: until then another may have the client id in its turn', async () => {
    const { claims, claim, grant, told, kicked } = bed();
    claim('taken', 0);
    claims.served(testTenant, 0);
    await soon();
    expect([told, kicked]).toEqual([[], []]);
    grant('taken');
    await soon();
    expect([told, kicked]).toEqual([[['taken']], ['taken']]);
    await claims.close();
  });

  it('are not told when they are granted by who knows of them', async () => {
    const { claims, add, told } = bed();
    add('a', 0);
    await soon();
    expect(told).toEqual([]);
    await claims.close();
  });
});
