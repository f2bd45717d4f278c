import { Buffer } from 'node:buffer';
import { expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { ChangingCluster } from '../testing/changing-cluster.js';
import { ClusterSight } from './cluster-sight.js';
import { KeptConsumers } from './kept-consumers.js';
import { type JoinRequest, keeperKinds } from './keeper-messages.js';
import { KeeperRequests } from './keeper-requests.js';
import { placeKey } from './queue-place.js';

it('answers alike who asks twice, because it was not answered in time', async () => {
  const cluster = new ChangingCluster();
  const view = cluster.join();
  const other = cluster.join();
  const sight = new ClusterSight(view);
  const kept = new KeptConsumers({
    ...{ sight, requests: new KeeperRequests(view), log: silentLog },
    ...{ expire: async () => false, onUsed() {}, limits: { hearingMs: 20 } },
  });
  const place = { tenant: 'acme', vhost: '/', name: 'q', uid: '0' };
  while (!sight.isKeeper(placeKey(place))) place.uid += '0';
  const asked: JoinRequest = {
    ...{ instance: other.self.instance, place, id: 1, exclusive: false },
    settings: { single: false, autoDelete: false },
  };
  const ask = async () => {
    const payload = Buffer.from(JSON.stringify(asked));
    const answer = await other.forwarding.request(view.self.nodeId, keeperKinds.join, payload, 5_000);
    return JSON.parse(answer.toString()) as unknown;
  };
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(first).toMatchObject({ kind: 'joined', isActive: true });
  expect(second).toEqual(first);
  expect(kept.count).toBe(1);
  kept.close();
});
