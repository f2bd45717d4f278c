// What the behaviours are tested with: gateways of one cluster, their users and what they may do.
import { randomBytes } from 'node:crypto';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';
import { behaviourPassword as password } from './behaviour-bed.js';

/** All users of a tenant without rules, which has RabbitMQ's permissions alone. */
export const guarded = {
  /** May do everything in `/`, and nothing in `staging`. */
  owner: 'owner@guarded',
  /** `^own`, `^to`, `^from`. */
  limited: 'limited@guarded',
  /** Everything but what topic permissions of `amq.topic` leave: `^{username}\.`. */
  topical: 'topical@guarded',
} as const;

async function guardedTenant() {
  const all = { configure: '.*', write: '.*', read: '.*' };
  const ownTopics = { exchange: 'amq.topic', write: '^{username}\\.', read: '^{username}\\.' };
  return {
    ...{ name: 'guarded', namespace: await createPulsarNamespace('guarded') },
    users: ['owner', 'limited', 'topical'].map((name) => ({ name, password })),
    amqp091: {
      vhosts: [{ name: 'staging', pulsarNamespace: await createPulsarNamespace('staging') }],
      permissions: [
        { user: 'owner', vhost: '/', ...all },
        { user: 'topical', vhost: '/', ...all },
        { user: 'limited', vhost: '/', configure: '^own', write: '^(own|to)', read: '^(own|from)' },
      ],
      topicPermissions: [{ user: 'topical', vhost: '/', ...ownTopics }],
    },
  };
}

/** One after the other: the first makes what they have in common. */
export async function startBehaviourGateways(count: number): Promise<TestGateway[]> {
  const users = [{ name: 'alice', password }];
  const acme = { name: 'acme', namespace: await createPulsarNamespace('acme') };
  const options = {
    tenants: [{ ...acme, users, permissions: [allowAll] }, await guardedTenant()],
    amqp: { listener: { anonymousTenant: 'acme', defaultTenant: 'acme' } },
    stateNamespace: `public/pulsegate-behaviours-${randomBytes(4).toString('hex')}`,
    // Every client fails from the same address here.
    config: { authentication: { failuresPerAddressBurst: 1_000 }, amqp091: { blockedNoticeMs: 500 } },
  };
  const gateways: TestGateway[] = [];
  while (gateways.length < count) gateways.push(await startGateway(options));
  return gateways;
}
