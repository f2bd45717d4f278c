import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aloneCluster } from '#libs/cluster';
import { silentLog } from '#libs/telemetry';
import { linkSubscription } from '../nodes/link-subscription.js';
import type { SourcePlan } from '../nodes/node-plan.js';
import { VolatileSubscriptions } from '../nodes/volatile-subscriptions.js';
import { accepted, numbers, SourceBed, type TestReceiver } from '../testing/source-bed.js';
import { until } from '../testing/until.js';

const bed = new SourceBed('amqp-volatile');
const name = 'news::volatile';
/** As Qpid JMS asks for a shared consumer without a client id. */
const subscription = linkSubscription({
  ...{ containerId: randomUUID(), linkName: 'news|global-volatile1' },
  source: { durable: 0, expiryPolicy: 'link-detach', capabilities: ['shared', 'global'] },
})!;
const reading: SourcePlan['reading'] = { kind: 'subscription', subscription };

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

const subscriptions = (partition: string) => bed.pulsar.admin.subscriptions(partition);

function textsOf(receivers: readonly TestReceiver[]): string[] {
  return [...new Set(receivers.flatMap(({ texts }) => texts))].sort(
    (one, other) => Number(one) - Number(other),
  );
}

describe('a shared subscription that is not durable', () => {
  it('loses nothing over unloads of its topic while receivers of two gateways are attached', async () => {
    expect(subscription.name).toBe(name);
    const partition = await bed.topic('unloaded');
    await bed.send(partition, 'before');
    const receivers = [
      await bed.receive('unloaded', reading),
      await bed.receive('unloaded', reading, {}, bed.gateway()),
    ];
    for (const receiver of receivers) receiver.setCredit(1_000);
    await bed.send(partition, ...numbers(10));
    await until(() => textsOf(receivers).length === 10, 'the first');
    // What nobody has settled comes again, and what is sent while nobody is attached comes too.
    for (const round of [1, 2, 3]) {
      const unloaded = bed.pulsar.admin.unload(partition);
      for (let at = 0; at < 10; at++) await bed.send(partition, String(round * 10 + at));
      await unloaded;
    }
    await until(() => textsOf(receivers).length === 40, 'all messages');
    expect(textsOf(receivers)).toEqual(numbers(40));
    for (const receiver of receivers) {
      await Promise.all(receiver.given.map((_, at) => receiver.settle(at, accepted)));
      receiver.outcome = accepted;
    }
    await until(async () => {
      const { msgBacklog } = (await bed.pulsar.admin.stats(partition)).subscriptions[name]!;
      return msgBacklog === 0;
    }, 'all to be settled');
  });

  it('ends with its last receiver, whichever gateway has it, and the next one begins at the end', async () => {
    const partition = await bed.topic('ends', 2);
    const other = partition.replace(/0$/, '1');
    const one = await bed.receive('ends', reading);
    const two = await bed.receive('ends', reading);
    const three = await bed.receive('ends', reading, {}, bed.gateway());
    await Promise.all([one, two].map(({ source }) => source.close(true)));
    expect(await subscriptions(partition)).toEqual([name]);
    await bed.send(partition, 'kept');
    three.setCredit(10);
    await until(() => three.given.length === 1, 'the message');
    await three.source.close(false);
    expect([await subscriptions(partition), await subscriptions(other)]).toEqual([[], []]);
    await bed.send(partition, 'for nobody');
    const next = await bed.receive('ends', reading);
    await bed.send(partition, 'new');
    next.setCredit(10);
    await until(() => next.given.length > 0, 'the next message');
    expect(next.texts).toEqual(['new']);
  });

  it('ends when all receivers end at the same moment, over two gateways', async () => {
    const partition = await bed.topic('together');
    const elsewhere = bed.gateway();
    const opened = [bed.sources, elsewhere, bed.sources, elsewhere].map((sources) =>
      bed.receive('together', reading, {}, sources),
    );
    const receivers = await Promise.all(opened);
    expect(await subscriptions(partition)).toEqual([name]);
    await Promise.all(receivers.map(({ source }) => source.close(false)));
    expect(await subscriptions(partition)).toEqual([]);
  });

  it('is swept when its gateway was killed; one with receivers stays, and so do others', async () => {
    const { admin } = bed.pulsar;
    const partition = await bed.topic('swept');
    const end = { ledgerId: 2 ** 31, entryId: 0 };
    await admin.createSubscription(partition, 'gone::volatile', end, { ...subscription.properties });
    await admin.createSubscription(partition, 'native::volatile', end);
    await bed.receive('swept', reading);
    const sweeper = new VolatileSubscriptions({
      ...{ admin, cluster: aloneCluster(), tenants: [bed.tenant], log: silentLog },
      ...{ sweepMs: 3_600_000, paceMs: 0, absentMs: 0 },
    });
    await sweeper.sweep();
    expect(await subscriptions(partition)).toHaveLength(3);
    await sweeper.sweep();
    sweeper.close();
    expect((await subscriptions(partition)).sort()).toEqual(['native::volatile', name]);
  });
});
