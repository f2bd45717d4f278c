// Unsettled deliveries over four links and two gateways, settled in ranges and at random, while gateways and broker are killed and restarted: none is lost, none that was accepted comes again (full: 100,000 messages)
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AmqpOutcome } from '#libs/amqp-codec';
import { checkForm, inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

import { buildOracle, oracleRead } from '../support/pulsar-oracle.js';
import { createPulsarNamespace, pulsarAdmin, testPulsar } from '../support/pulsar.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';
import { RetryingSender, SettlementRecord, UnsettledReceiver } from './unsettled-links.js';
import { until } from '../support/until.js';

const messageCount = inForm({ short: 2_000, full: 100_000 });
const testTimeoutMs = inForm({ short: 120_000, full: 900_000 });
const waitMsMax = inForm({ short: 30_000, full: 180_000 });
const linkCount = 4;
const rangeMessages = 50;
const queue = 'unsettled';
const address = `/queues/${queue}`;
/** Pulsar stores once a second how far a subscription is; with what a busy machine is late by. */
const unstoredMsMax = 3_000;

const released: AmqpOutcome = { type: 'released' };
const failed: AmqpOutcome = { type: 'modified', deliveryFailed: true };

let own: OwnPulsar | undefined;
let namespace: string;
let gateways: TestGateway[] = [];
const record = new SettlementRecord();
const receivers: UnsettledReceiver[] = [];
const senders = Array.from({ length: linkCount }, (_, link) => new RetryingSender(link, address));

beforeAll(async () => {
  buildOracle();
  if (checkForm === 'full') own = await OwnPulsar.start();
  namespace = own === undefined ? await createPulsarNamespace('acme') : 'public/faults';
  const { serviceUrl, adminUrl } = own?.broker ?? testPulsar;
  const options = {
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    stateNamespace: `public/pulsegate-unsettled-${randomBytes(4).toString('hex')}`,
    amqp: { listener: { anonymousTenant: 'acme' } },
    config: {
      pulsar: { serviceUrl, adminUrl },
      amqp: { unsettledMax: 2 * messageCount, prefetchMessagesMax: 10_000, idleTimeoutMs: 600_000 },
    },
  };
  gateways = [await startGateway(options), await startGateway(options)];
}, brokerTimeoutMs);

afterAll(async () => {
  for (const each of [...senders, ...receivers]) each.cut();
  for (const gateway of gateways) await gateway.stop();
  await own?.stop();
}, brokerTimeoutMs);

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const accepted = () => sum(senders.map((each) => each.accepted.size));
const received = () => sum(receivers.map((each) => each.received));
const tell = () => `${accepted()} sent, ${received()} came, ${record.confirmed} accepted`;
const within = (condition: () => boolean) => until(condition, tell, waitMsMax);

async function receive(gateway: TestGateway, credit: number): Promise<UnsettledReceiver> {
  const name = `receiver-${receivers.length}`;
  const receiver = await UnsettledReceiver.open(gateway.amqp.tcp, name, address, record, credit);
  receivers.push(receiver);
  return receiver;
}

/**
 * Half of what it has is accepted, in ranges or one by one in any order, a tenth given back in one way or the other. With
 * less holes than Pulsar keeps over a restart (`managedLedgerMaxUnackedRangesToPersist`, 10,000).
 */
function settleSome(receiver: UnsettledReceiver, inRanges: boolean): void {
  const ids = [...receiver.open.keys()];
  if (inRanges) {
    for (let at = 0; at + rangeMessages <= ids.length; at += 2 * rangeMessages) {
      const [first, last] = [ids[at]!, ids[at + rangeMessages - 1]!];
      if (last - first === rangeMessages - 1) receiver.accept(first, last);
    }
  } else {
    const half = ids.filter((id) => (id >> 4) % 2 === 0);
    const mixed = (id: number) => (id * 7_919) % 10_007;
    for (const id of half.sort((one, other) => mixed(one) - mixed(other))) receiver.accept(id);
  }
  for (const [at, id] of [...receiver.open.keys()].entries()) {
    if (at % 5 === 0) receiver.giveBack(id, at % 2 === 0 ? released : failed);
  }
}

/** What all that live have is settled in part, and the answers have come. */
async function settleAndWait(live: readonly UnsettledReceiver[]): Promise<void> {
  for (const [at, receiver] of live.entries()) settleSome(receiver, at % 2 === 0);
  await within(() => live.every(({ isAnswered }) => isAnswered));
}

/** Its links go with it; those that come in their place have all credit there is. */
async function killGateway(at: number, lost: readonly UnsettledReceiver[]): Promise<UnsettledReceiver> {
  await gateways[at]!.kill();
  for (const each of lost) each.cut();
  const before = received();
  const heir = await receive(gateways[1 - at]!, 2 * messageCount);
  await within(() => received() > before);
  await gateways[at]!.restart();
  return heir;
}

/** The queue's topic leaves its broker and comes back; in the full form with the broker. */
async function restartBroker(): Promise<void> {
  if (own === undefined) await pulsarAdmin('PUT', `/persistent/${namespace}/${queue}/unload`);
  else await own.restartBroker();
}

async function backlog(): Promise<number> {
  const { adminUrl } = own?.broker ?? testPulsar;
  const answer = await fetch(`${adminUrl}/admin/v2/persistent/${namespace}/${queue}/partitioned-stats`);
  const { subscriptions } = (await answer.json()) as {
    subscriptions: Record<string, { msgBacklog: number }>;
  };
  return subscriptions['pulsegate.queue']!.msgBacklog;
}

async function expectAllAccepted(live: readonly UnsettledReceiver[]): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  for (let left = 1; left > 0; left = await backlog()) {
    if (Date.now() > deadline) throw new Error(`${left} are left; ${tell()}`);
    await until(() => live.some(({ open }) => open.size > 0), tell, 1_000).catch(() => undefined);
    for (const each of live) each.acceptAll();
    await within(() => live.every(({ isAnswered }) => isAnswered));
  }
  for (const { accepted: texts } of senders) {
    expect([...texts].filter((text) => !record.isSettled(text))).toEqual([]);
  }
}

/** As the official client finds them: each link's first ones of every number are in order. */
async function expectStored(): Promise<void> {
  const { serviceUrl } = own?.broker ?? testPulsar;
  const messages = await oracleRead(serviceUrl, `persistent://${namespace}/${queue}`, 'all');
  const texts = messages.map(({ valueBase64 }) => Buffer.from(valueBase64!, 'base64').toString());
  const stored = new Set(texts);
  const next = senders.map(() => 0);
  for (const text of texts) {
    const [link, number] = text.split(':').map(Number) as [number, number];
    if (number === next[link]) next[link]++;
    else if (number > next[link]!) throw new Error(`${text} came before ${link}:${next[link]}`);
  }
  expect(next).toEqual(senders.map(() => messageCount / linkCount));
  for (const { accepted: texts, refusals } of senders) {
    expect([...texts].filter((text) => !stored.has(text))).toEqual([]);
    expect(refusals).toEqual([]);
  }
}

describe(`${messageCount} messages`, () => {
  it(
    'that were accepted are stored, each link’s in order, though gateways are killed as they come',
    async () => {
      const endpoints = gateways.map(({ amqp }) => amqp.tcp);
      for (const [at, sender] of senders.entries()) await sender.sendTo(endpoints[at % 2]!);
      const killed = inForm({ short: [0], full: [0, 1, 0] });
      for (const [at, which] of killed.entries()) {
        const before = accepted();
        const part = messageCount / killed.length;
        for (const sender of senders) sender.goOnTo(Math.floor(((at + 1) * part) / linkCount));
        await within(() => accepted() >= before + part / 4);
        await gateways[which]!.kill();
        for (const sender of senders) {
          sender.cut();
          await sender.sendTo(endpoints[1 - which]!);
        }
        await gateways[which]!.restart();
      }
      for (const sender of senders) sender.goOnTo(messageCount / linkCount);
      await within(() => senders.every(({ isDone }) => isDone));
      for (const sender of senders) sender.cut();
      await expectStored();
    },
    testTimeoutMs,
  );

  it(
    'that are unsettled are given again until they are accepted, and not once more',
    async () => {
      const [first, second] = gateways as [TestGateway, TestGateway];
      const stored = accepted();
      for (const gateway of [first, first, second, second]) await receive(gateway, messageCount);
      await within(() => received() >= stored);
      await settleAndWait(receivers);
      expect(record.confirmed).toBeGreaterThan(messageCount / 3);

      let live = [...receivers.slice(2), await killGateway(0, receivers.slice(0, 2))];
      live.push(await receive(first, messageCount));
      await settleAndWait(live);
      const onFirst = live.pop()!;
      live = [onFirst, await killGateway(1, live), await receive(second, messageCount)];
      await settleAndWait(live);

      for (const [at, receiver] of live.entries()) settleSome(receiver, at % 2 === 0);
      await restartBroker();
      await within(() => live.every(({ isAnswered }) => isAnswered));
      await settleAndWait(live);
      expect(record.again).toEqual([]);

      if (own !== undefined) {
        await killBroker(own, live);
        live.push(await receive(first, messageCount));
      }
      await expectAllAccepted(live);
      if (own === undefined) expect(record.again).toEqual([]);
      for (const { faults } of receivers) expect(faults).toEqual([]);
    },
    testTimeoutMs,
  );
});

/** Acceptances that were answered just before may come again, and no others. */
async function killBroker(pulsar: OwnPulsar, live: readonly UnsettledReceiver[]): Promise<void> {
  await settleAndWait(live);
  const killedAt = Date.now();
  await pulsar.crashBroker();
  await settleAndWait(live);
  const old = record.again.filter(({ confirmedAt }) => confirmedAt < killedAt - unstoredMsMax);
  expect(old).toEqual([]);
  expect(record.again.filter(({ deliveryCount }) => deliveryCount === 0)).toEqual([]);
  process.stdout.write(`${record.again.length} acceptances of the last second came again, and said so\n`);
}
