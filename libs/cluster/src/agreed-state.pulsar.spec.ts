import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarClient } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { LogAgreedState } from './log-agreed-state.js';
import { pulsarStateLog } from './pulsar-state-log.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

describe('state that gateways agree on, in a real Pulsar', () => {
  const pulsarTenant = `agreed-${randomBytes(4).toString('hex')}`;
  const namespace = `${pulsarTenant}/state`;
  const clients: PulsarClient[] = [];
  const states: LogAgreedState[] = [];
  let topics = 0;

  beforeAll(async () => {
    const { admin } = client();
    await admin.createTenant(pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(namespace);
  });

  afterAll(async () => {
    await Promise.all(states.map((each) => each.close()));
    const { admin } = clients[0]!;
    await admin.deleteNamespace(namespace, { force: true }).catch(() => {});
    await admin.deleteTenant(pulsarTenant).catch(() => {});
    await Promise.all(clients.map((each) => each.close()));
  });

  function client(): PulsarClient {
    const made = new PulsarClient({ serviceUrl, adminUrl });
    clients.push(made);
    return made;
  }

  const newTopic = () => `persistent://${namespace}/t${topics++}`;

  /** A gateway's, with connections of its own. */
  async function opened(topic: string): Promise<LogAgreedState> {
    const state = new LogAgreedState({
      name: 'test',
      openLog: pulsarStateLog(client(), { topic, sendTimeoutMs: 10_000, pendingEntriesMax: 1_000 }),
      mayOpen: () => true,
      log: silentLog,
    });
    states.push(state);
    await state.start();
    return state;
  }

  async function until(holds: () => boolean, timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error('it does not come to hold');
      await delay(10);
    }
  }

  const content = (state: LogAgreedState) =>
    Object.fromEntries([...state.entries()].map(([key, value]) => [key, value.toString()]).sort());

  it('holds here when the answer comes, and on another gateway soon after', async () => {
    const topic = newTopic();
    const [a, b] = await Promise.all([opened(topic), opened(topic)]);
    const told: [string, string | undefined][] = [];
    b.onChange((key, value) => told.push([key, value?.toString()]));
    await a.put('k', Buffer.from('1'));
    expect(a.get('k')?.toString()).toBe('1');
    await until(() => b.get('k') !== undefined, 2_000);
    await a.putAll(new Map([['k', null] as const, ['l', Buffer.from('2')] as const]));
    await a.put('l', null);
    expect(a.get('k')).toBeUndefined();
    await until(() => b.size === 0, 2_000);
    expect(told).toEqual([
      ['k', '1'],
      ['k', undefined],
      ['l', '2'],
      ['l', undefined],
    ]);
  });

  it('lets two gateways write the same keys at once: both are answered, and agree', async () => {
    const topic = newTopic();
    const [a, b] = await Promise.all([opened(topic), opened(topic)]);
    const puts: Promise<void>[] = [];
    for (let round = 0; round < 50; round++) {
      for (const [name, state] of [['a', a] as const, ['b', b] as const]) {
        puts.push(state.put(`k${round % 5}`, round % 7 === 0 ? null : Buffer.from(`${name}${round}`)));
      }
    }
    await Promise.all(puts);
    await Promise.all([a.put('end-a', Buffer.from('x')), b.put('end-b', Buffer.from('x'))]);
    await until(() => a.size === b.size && a.get('end-b') !== undefined && b.get('end-a') !== undefined);
    expect(content(a)).toEqual(content(b));
    const late = await opened(topic);
    expect(content(late)).toEqual(content(a));
  });

  it('finds after a compaction what was there before, and nothing that was deleted', async () => {
    const topic = newTopic();
    const a = await opened(topic);
    for (let round = 0; round < 20; round++) await a.put(`k${round % 4}`, Buffer.from(`v${round}`));
    await a.put('k1', null);
    await a.put('k3', null);
    await compact(topic);
    // The end of the log is gone with its tombstones.
    const b = await opened(topic);
    expect(content(b)).toEqual({ k0: 'v16', k2: 'v18' });
    await a.put('k0', null);
    await until(() => b.get('k0') === undefined);
    await compact(topic);
    expect(content(await opened(topic))).toEqual({ k2: 'v18' });
    // What was stored together is compacted key by key.
    await a.putAll(
      new Map([['k2', null] as const, ['k4', Buffer.from('v')] as const, ['k5', Buffer.from('v')] as const]),
    );
    await a.putAll(new Map([['k5', null] as const, ['k6', Buffer.from('v')] as const]));
    await a.putAll(new Map([['k2', Buffer.from('v18')] as const, ['k6', null] as const]));
    await compact(topic);
    expect(content(await opened(topic))).toEqual({ k2: 'v18', k4: 'v' });
    await a.put('k4', null);
    await b.put('k1', Buffer.from('again'));
    await until(() => a.get('k1') !== undefined);
    expect(content(a)).toEqual({ k1: 'again', k2: 'v18' });
  });

  it('goes on over unloads: what is put meanwhile is answered, and nothing is lost', async () => {
    const topic = newTopic();
    const [a, b] = await Promise.all([opened(topic), opened(topic)]);
    const { admin } = clients[0]!;
    let written = 0;
    for (let round = 0; round < 3; round++) {
      const puts = Array.from({ length: 10 }, () => a.put(`k${written}`, Buffer.from(`v${written++}`)));
      await admin.unload(topic);
      await Promise.all(puts);
      expect(a.get(`k${written - 1}`)?.toString()).toBe(`v${written - 1}`);
      expect(a.ready).toBe(true);
    }
    await until(() => b.size === written);
    expect(content(b)).toEqual(content(a));
  });

  it('reads the log anew when the topic was deleted: the log says that nothing is there', async () => {
    const topic = newTopic();
    const a = await opened(topic);
    await a.put('k', Buffer.from('1'));
    await clients[0]!.admin.deleteTopic(topic, { force: true });
    await until(() => a.size === 0, 20_000);
    await until(() => a.ready);
    await a.put('k', Buffer.from('2'));
    expect(content(await opened(topic))).toEqual({ k: '2' });
  });

  async function compact(topic: string): Promise<void> {
    const { admin } = clients[0]!;
    const before = (await admin.internalStats(topic)).compactedLedger?.ledgerId;
    await admin.triggerCompaction(topic);
    for (let tries = 0; tries < 200; tries++) {
      if ((await admin.internalStats(topic)).compactedLedger?.ledgerId !== before) return;
      await delay(100);
    }
    throw new Error('no compaction');
  }
});
