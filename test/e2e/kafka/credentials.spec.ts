// Credentials and rules that clients make while gateways run: the same on all gateways, and there after all were killed.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { KafkaErrorCode } from '../../../libs/kafka-codec/src/index.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPartitionedTopic, createPulsarNamespace } from '../../support/pulsar.js';
import { alterScram, describeScram, logsIn, scramClient, upsertion } from '../../support/scram-users.js';

const stateNamespace = `public/pulsegate-credentials-${randomBytes(4).toString('hex')}`;
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } =
  kafkajs;
/** In which what was made at one gateway holds at all. */
const agreedMsMax = 2_000;
const { NONE } = KafkaErrorCode;
let namespace: string;
let one: TestGateway;
let two: TestGateway;

function gateway(): Promise<TestGateway> {
  return startGateway({
    tenants: [
      {
        name: 'acme',
        namespace,
        users: [{ name: 'operator', password: 'configured-password' }],
        permissions: [allowAll],
      },
    ],
    listener: { anonymousTenant: 'acme', defaultTenant: 'acme' },
    stateNamespace,
  });
}

async function until(holds: () => Promise<boolean>, timeoutMs = agreedMsMax): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it does not hold after ${timeoutMs} ms`);
    await delay(50);
  }
}

beforeAll(async () => {
  namespace = await createPulsarNamespace('credentials');
  await createPartitionedTopic(namespace, 'orders', 1);
  one = await gateway();
  two = await gateway();
}, 120_000);

afterAll(async () => {
  await one?.stop();
  await two?.stop();
});

describe('SCRAM credentials', () => {
  it('open the gateway that made them at once, and the others soon', async () => {
    const made = { upsertions: [upsertion('ann', 'ann-1'), upsertion('ann', 'ann-2', 2, 8_192)] };
    expect(await alterScram(one.kafka, made)).toEqual({ ann: NONE });
    expect(await logsIn(one.kafka, 'ann', 'ann-1')).toBe(true);
    expect(await logsIn(one.kafka, 'ann', 'ann-2', 'scram-sha-512')).toBe(true);
    expect(await logsIn(one.kafka, 'ann', 'ann-2')).toBe(false);
    // Of two passwords PLAIN's is that of the longer hash.
    expect(await logsIn(one.kafka, 'ann', 'ann-2', 'plain')).toBe(true);
    expect(await logsIn(one.kafka, 'ann', 'wrong', 'plain')).toBe(false);
    await until(async () => 'ann' in (await describeScram(two.kafka)));
    expect(await describeScram(two.kafka)).toEqual({ ann: ['1:4096', '2:8192'] });
    expect(await logsIn(two.kafka, 'ann', 'ann-1')).toBe(true);
  });

  it('end what was opened with them when they are gone', async () => {
    await alterScram(one.kafka, { upsertions: [upsertion('leaver', 'p')] });
    await until(async () => 'leaver' in (await describeScram(two.kafka)));
    const ended: Promise<void>[] = [];
    const admins = [one, two].map(({ kafka }) => scramClient(kafka, 'leaver', 'p').admin());
    for (const admin of admins) {
      await admin.connect();
      ended.push(new Promise((resolve) => admin.on('admin.disconnect', () => resolve())));
    }
    const deleted = { deletions: [{ name: 'leaver', mechanism: 1 }] };
    expect(await alterScram(two.kafka, deleted)).toEqual({ leaver: NONE });
    expect(await logsIn(two.kafka, 'leaver', 'p')).toBe(false);
    await until(async () => !('leaver' in (await describeScram(one.kafka))));
    expect(await logsIn(one.kafka, 'leaver', 'p')).toBe(false);
    for (const admin of admins) {
      await expect(admin.listTopics()).rejects.toThrow();
      await admin.disconnect();
    }
    expect(await alterScram(one.kafka, deleted)).toEqual({ leaver: KafkaErrorCode.RESOURCE_NOT_FOUND });
  });

  it('that two gateways are given at the same time are one of the two, on both', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `rival${round}`;
      const given = await Promise.all([
        alterScram(one.kafka, { upsertions: [upsertion(name, 'from-one')] }),
        alterScram(two.kafka, { upsertions: [upsertion(name, 'from-two')] }),
      ]);
      expect(given).toEqual([{ [name]: NONE }, { [name]: NONE }]);
      // Who was answered first may not have read the other one's yet.
      let seen: boolean[][] = [];
      await until(async () => {
        const passwords = ['from-one', 'from-two'];
        const at = ({ kafka }: TestGateway) =>
          Promise.all(passwords.map((each) => logsIn(kafka, name, each)));
        seen = [await at(one), await at(two)];
        return String(seen[0]) === String(seen[1]);
      });
      expect(seen[0]!.filter(Boolean)).toHaveLength(1);
    }
  }, 60_000);

  it('of users of the configuration are not changed', async () => {
    const answer = await alterScram(one.kafka, { upsertions: [upsertion('operator', 'taken-over')] });
    expect(answer).toEqual({ operator: KafkaErrorCode.POLICY_VIOLATION });
    expect(await logsIn(one.kafka, 'operator', 'taken-over')).toBe(false);
  });
});

describe('rules', () => {
  const admin = () => new Kafka({ brokers: [one.kafka], logLevel: logLevel.NOTHING }).admin();
  const rule = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: 'orders',
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:rita',
    host: '*',
    operation: AclOperationTypes.WRITE,
    permissionType: AclPermissionTypes.DENY,
  };

  async function produces({ kafka }: TestGateway): Promise<boolean> {
    const producer = scramClient(kafka, 'rita', 'p').producer();
    try {
      await producer.connect();
      await producer.send({ topic: 'orders', messages: [{ value: 'x' }] });
      return true;
    } catch (error) {
      if (/not authorized/i.test(String(error))) return false;
      throw error;
    } finally {
      await producer.disconnect();
    }
  }

  it('hold where they were made at once, elsewhere soon, and on connections that are open', async () => {
    await alterScram(one.kafka, { upsertions: [upsertion('rita', 'p')] });
    await until(async () => 'rita' in (await describeScram(two.kafka)));
    expect(await produces(two)).toBe(true);
    const open = scramClient(one.kafka, 'rita', 'p').producer();
    await open.connect();
    await open.send({ topic: 'orders', messages: [{ value: 'x' }] });
    const client = admin();
    await client.connect();
    await client.createAcls({ acl: [rule] });
    await expect(open.send({ topic: 'orders', messages: [{ value: 'x' }] })).rejects.toThrow(
      /not authorized/i,
    );
    await open.disconnect();
    await until(async () => !(await produces(two)));
    await client.disconnect();
  });

  it('and credentials are there after every gateway was killed', async () => {
    await Promise.all([one.kill(), two.kill()]);
    await Promise.all([one.restart(), two.restart()]);
    for (const each of [one, two]) {
      expect(await produces(each)).toBe(false);
      expect(await logsIn(each.kafka, 'ann', 'ann-1')).toBe(true);
      expect(await describeScram(each.kafka)).toMatchObject({ rita: ['1:4096'] });
    }
    const client = admin();
    await client.connect();
    await client.deleteAcls({ filters: [rule] });
    await client.disconnect();
    expect(await produces(one)).toBe(true);
    await until(() => produces(two));
  }, 120_000);
});
