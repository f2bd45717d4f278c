// What clients change of permissions and credentials: once answered it holds, at every gateway, whatever is killed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarAdminError, PulsarClient } from '#libs/pulsar';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { type PulsarStandalone, startPulsar } from '../support/pulsar.js';
import { alterScram, describeScram, logsIn, upsertion } from '../support/scram-users.js';
import { brokerTimeoutMs } from './own-pulsar.js';

const stateNamespace = 'public/security-faults';
const topic = `persistent://${stateNamespace}/security`;
/** Small ledgers, and compaction every second: days in seconds. */
const config = {
  managedLedgerMaxEntriesPerLedger: '50',
  managedLedgerMinLedgerRolloverTimeMinutes: '0',
  brokerServiceCompactionMonitorIntervalInSeconds: '1',
};

describe('changes of credentials', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulsegate-security-'));
  let broker: PulsarStandalone;
  let pulsar: PulsarClient;
  let gateways: TestGateway[] = [];
  /** Iterations by user, of all changes that were answered; undefined: it was deleted. */
  const answered = new Map<string, number | undefined>();
  /** Users with a change that was not: it may hold, or not. */
  const unknown = new Set<string>();

  beforeAll(async () => {
    broker = await startPulsar({ dataDir, config });
    const { serviceUrl, adminUrl } = broker;
    pulsar = new PulsarClient({ serviceUrl, adminUrl });
    const options = {
      tenants: [{ name: 'acme', namespace: 'public/security-data', permissions: [allowAll] }],
      listener: { anonymousTenant: 'acme', defaultTenant: 'acme' },
      stateNamespace,
      config: { pulsar: { serviceUrl, adminUrl } },
    };
    gateways = [await startGateway(options), await startGateway(options)];
    await pulsar.admin.setCompactionThreshold(stateNamespace, 2_000);
  }, brokerTimeoutMs);

  afterAll(async () => {
    for (const each of gateways) await each.stop();
    await pulsar.close();
    await broker.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }, brokerTimeoutMs);

  /** Gives whether it was answered that it holds; not when the answer was an error, or none. */
  async function change(at: TestGateway, user: string, iterations: number | undefined): Promise<boolean> {
    const request =
      iterations === undefined
        ? { deletions: [{ name: user, mechanism: 1 }] }
        : { upsertions: [upsertion(user, `password-${iterations}`, 1, iterations)] };
    const codes = await alterScram(at.kafka, request).catch(() => ({}) as Record<string, number>);
    if (codes[user] !== 0) {
      unknown.add(user);
      return false;
    }
    unknown.delete(user);
    answered.set(user, iterations);
    return true;
  }

  const expected = () =>
    Object.fromEntries(
      [...answered]
        .filter(([user, iterations]) => iterations !== undefined && !unknown.has(user))
        .map(([user, iterations]) => [user, [`1:${iterations}`]]),
    );

  /** Both say the same, and what was answered. */
  async function untilAgreed(timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = await Promise.all(gateways.map(({ kafka }) => describeScram(kafka))).catch(
        () => undefined,
      );
      const isOver = performance.now() > deadline;
      if (seen === undefined && isOver) throw new Error('the gateways cannot say');
      const known = Object.entries(seen?.[0] ?? {}).filter(([user]) => !unknown.has(user));
      if (isOver) {
        expect(seen![1]).toEqual(seen![0]);
        expect(Object.fromEntries(known)).toEqual(expected());
      }
      const isSame = isDeepStrictEqual(seen?.[1], seen?.[0]);
      if (seen !== undefined && isSame && isDeepStrictEqual(Object.fromEntries(known), expected())) return;
      await delay(100);
    }
  }

  const compactedLedger = async () => (await pulsar.admin.internalStats(topic)).compactedLedger?.ledgerId;

  it('hold over compactions and unloads', async () => {
    const ledgers = new Set<number | undefined>();
    for (let round = 0; round < 120; round++) {
      const at = gateways[round % 2]!;
      const user = `user${round % 12}`;
      const isThere = answered.get(user) !== undefined;
      // The other gateway may not have read yet that the user is there, and would say so.
      if (isThere && round % 5 === 0) await untilAgreed();
      expect(await change(at, user, isThere && round % 5 === 0 ? undefined : 4_096 + round)).toBe(true);
      if (round % 40 === 20) await pulsar.admin.unload(topic);
      if (round % 10 === 0) ledgers.add(await compactedLedger());
    }
    for (let tries = 0; ledgers.size < 3 && tries < 30; tries++) {
      await delay(500);
      ledgers.add(await compactedLedger());
    }
    expect(ledgers.size).toBeGreaterThanOrEqual(2);
    await untilAgreed();
    await Promise.all(gateways.map((each) => each.restart()));
    await untilAgreed();
  }, 180_000);

  it('that a killed gateway answered hold; of the others all gateways say the same', async () => {
    for (let round = 0; round < 3; round++) {
      const [killed, other] = gateways as [TestGateway, TestGateway];
      const changes = Array.from({ length: 20 }, async (_, at) => {
        await change(killed, `killed${round}-${at}`, 5_000 + at);
      });
      await delay(20 * round);
      await killed.kill();
      await Promise.all(changes);
      expect(await change(other, `survived${round}`, 4_100)).toBe(true);
      await killed.restart();
      await untilAgreed();
    }
  }, 120_000);

  it(
    'hold when the broker is killed meanwhile, and go on when it is back',
    async () => {
      let isOver = false;
      const writers = gateways.map(async (at, gateway) => {
        for (let round = 0; !isOver; round++) {
          const user = `broker${gateway}-${round}`;
          await change(at, user, 6_000 + round);
          await delay(50);
        }
      });
      await delay(1_000);
      await broker.kill();
      // An answer to an earlier one may still be on its way; one that is begun now must not hold before there is a broker.
      let isBack = false;
      const meanwhile = gateways.map(async (at, gateway) => {
        const holds = await change(at, `meanwhile${gateway}`, 6_500);
        return !holds || isBack;
      });
      // Who is known stays known for a while.
      expect(await logsIn(gateways[0]!.kafka, 'survived0', 'password-4100')).toBe(true);
      isBack = true;
      await broker.restart();
      for (let tries = 0; tries < 100; tries++) {
        if (await change(gateways[1]!, 'afterwards', 7_000)) break;
        await delay(500);
      }
      isOver = true;
      await Promise.all(writers);
      expect(answered.get('afterwards')).toBe(7_000);
      expect(await Promise.all(meanwhile)).toEqual([true, true]);
      await untilAgreed();
      expect(await logsIn(gateways[0]!.kafka, 'afterwards', 'password-7000')).toBe(true);
      await Promise.all(gateways.map((each) => each.restart()));
      await untilAgreed();
    },
    brokerTimeoutMs,
  );

  it('are refused while the state is gone, and what is left of it decides', async () => {
    await pulsar.admin.deleteTopic(topic, { force: true }).catch((error) => {
      if (!(error instanceof PulsarAdminError && error.status === 404)) throw error;
    });
    answered.clear();
    unknown.clear();
    for (const { kafka } of gateways) {
      for (let tries = 0; tries < 80; tries++) {
        const users = await describeScram(kafka).catch(() => undefined);
        if (users !== undefined && Object.keys(users).length === 0) break;
        await delay(250);
      }
    }
    await untilAgreed();
    expect(await logsIn(gateways[0]!.kafka, 'afterwards', 'password-7000')).toBe(false);
    for (let tries = 0; tries < 40; tries++) {
      if (await change(gateways[0]!, 'begun-anew', 4_096)) break;
      await delay(250);
    }
    await untilAgreed();
  }, 60_000);
});
