// What the behaviours are tested with: one gateway, its users and what they may do.
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

export async function startBehaviourGateway(): Promise<TestGateway> {
  const all = { configure: '.*', write: '.*', read: '.*' };
  return await startGateway({
    tenants: [
      { name: 'acme', users: [{ name: 'alice', password }], permissions: [allowAll] },
      {
        name: 'guarded',
        users: ['owner', 'limited', 'topical'].map((name) => ({ name, password })),
        amqp091: {
          vhosts: [{ name: 'staging', pulsarNamespace: await createPulsarNamespace('staging') }],
          permissions: [
            { user: 'owner', vhost: '/', ...all },
            { user: 'topical', vhost: '/', ...all },
            { user: 'limited', vhost: '/', configure: '^own', write: '^(own|to)', read: '^(own|from)' },
          ],
          topicPermissions: [
            {
              user: 'topical',
              vhost: '/',
              exchange: 'amq.topic',
              write: '^{username}\\.',
              read: '^{username}\\.',
            },
          ],
        },
      },
    ],
    amqp: { listener: { anonymousTenant: 'acme', defaultTenant: 'acme' } },
    stateNamespace: `public/pulsegate-behaviours-${randomBytes(4).toString('hex')}`,
    // Every client fails from the same address here.
    config: { authentication: { failuresPerAddressBurst: 1_000 }, amqp091: { blockedNoticeMs: 500 } },
  });
}
