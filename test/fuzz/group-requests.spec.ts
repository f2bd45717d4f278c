// Members of groups in no order at all: whatever they send is answered with one of Kafka's codes or waits no longer than its
// client does, and a group comes to rest as soon as its members behave.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AnyKafkaApi,
  describeGroupsApi,
  heartbeatApi,
  joinGroupApi,
  KafkaErrorCode as code,
  kafkaErrorName,
  leaveGroupApi,
  offsetCommitApi,
  syncGroupApi,
} from '#libs/kafka-codec';
import { type Front, GatewayBed } from '../../libs/kafka-gateway/src/testing/gateway-bed.js';
import type { KafkaClient } from '../../libs/kafka-gateway/src/testing/kafka-client.js';
import { RandomNumbers } from '../support/random-numbers.js';

const durationMs = Number(process.env.PULSEGATE_FUZZ_MS ?? 10_000);
const clientsMax = 12;
const groupIds = ['g', 'h', 'i'];
const apis: readonly AnyKafkaApi[] = [
  joinGroupApi,
  joinGroupApi,
  syncGroupApi,
  syncGroupApi,
  heartbeatApi,
  leaveGroupApi,
  offsetCommitApi,
  describeGroupsApi,
];

/** What a client can be told; everything else is a fault. */
const allowed = new Set<string>(
  [
    ...[code.NONE, code.MEMBER_ID_REQUIRED, code.REBALANCE_IN_PROGRESS, code.UNKNOWN_MEMBER_ID],
    ...[code.ILLEGAL_GENERATION, code.FENCED_INSTANCE_ID, code.INCONSISTENT_GROUP_PROTOCOL],
    ...[code.INVALID_SESSION_TIMEOUT, code.GROUP_MAX_SIZE_REACHED, code.COORDINATOR_LOAD_IN_PROGRESS],
  ].map(kafkaErrorName),
);

describe('members of groups', () => {
  const seed = Number(process.env.PULSEGATE_FUZZ_SEED ?? Date.now() % 1_000_000);
  const random = new RandomNumbers(seed);
  const ids = ['nobody'];
  const told = new Map<string, number>();
  let bed: GatewayBed;
  let front: Front;

  beforeAll(async () => {
    bed = await GatewayBed.start({
      options: { groupSessionTimeoutMsMin: 100, groupInitialRebalanceDelayMs: 20, groupMembersMax: 6 },
    });
    await bed.createTopic('t');
    front = bed.front(1);
    await front.protocol.services.groups.all(bed.tenant);
  }, 60_000);
  afterAll(() => bed?.stop());

  function body(api: AnyKafkaApi, version: number): object {
    const memberId = random.below(5) === 0 ? '' : random.of(ids.slice(-12));
    const generationId = random.below(12) - 1;
    const groupInstanceId = random.below(4) === 0 ? random.of(['one', 'two']) : null;
    const groupId = random.of(groupIds);
    const who = { groupId, memberId, generationId };
    const asStatic = (since: number) => (version >= since ? { groupInstanceId } : {});
    if (api === joinGroupApi) {
      const names = random.of([['range'], ['range'], ['range', 'sticky'], ['sticky'], []]);
      const protocols = names.map((name) => ({ name, metadata: Buffer.alloc(random.below(50), 'm') }));
      const timeouts = {
        sessionTimeoutMs: random.of([100, 300, 9]),
        ...(version >= 1 && { rebalanceTimeoutMs: 200 }),
      };
      return { groupId, memberId, ...timeouts, ...asStatic(5), protocolType: 'consumer', protocols };
    }
    if (api === syncGroupApi) {
      const assignments = ids.slice(-8).map((id) => ({ memberId: id, assignment: Buffer.from(id) }));
      return { ...who, ...asStatic(3), assignments };
    }
    if (api === heartbeatApi) return { ...who, ...asStatic(3) };
    if (api === leaveGroupApi) {
      return version >= 3
        ? { groupId, members: [{ memberId, groupInstanceId }, { memberId: '' }] }
        : { groupId, memberId };
    }
    if (api === describeGroupsApi) return { groups: groupIds };
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 1n }] }];
    return { groupId, memberId, generationIdOrMemberEpoch: generationId, ...asStatic(7), topics };
  }

  function note(answer: {
    errorCode?: number;
    memberId?: string;
    members?: readonly { errorCode?: number }[];
  }): void {
    if (answer.memberId !== undefined && answer.memberId !== '') ids.push(answer.memberId);
    for (const each of [answer, ...(answer.members ?? [])]) {
      const name = kafkaErrorName(each.errorCode ?? 0);
      told.set(name, (told.get(name) ?? 0) + 1);
    }
  }

  /** Sends one request after another, and is gone when an answer takes too long for it. */
  async function live(until: number): Promise<void> {
    while (Date.now() < until) {
      const client = front.client();
      for (let left = 1 + random.below(40); left > 0 && Date.now() < until; left--) {
        const api = random.of(apis);
        const version = api === offsetCommitApi ? 2 + random.below(8) : random.below(api.versionMax + 1);
        const answered = client.call(api, version, body(api, version)).then(note);
        answered.catch(() => {});
        const patience = delay(random.of([20, 100, 400]), 'impatient', { ref: false });
        if ((await Promise.race([answered, patience])) === 'impatient') break;
      }
      client.end();
    }
  }

  it(
    'are answered as by Kafka, and nothing of them stays',
    async () => {
      const until = Date.now() + durationMs;
      await Promise.all(Array.from({ length: clientsMax }, () => live(until)));
      await delay(200);
      const { metrics } = front.protocol.services;
      const { failures, requestsInFlight } = metrics.protocol('kafka');
      const strange = [...told.keys()].filter((name) => !allowed.has(name));
      expect({ seed, strange, failures, requestsInFlight }).toEqual({
        seed,
        strange: [],
        failures: 0,
        requestsInFlight: 0,
      });
      expect(await metrics.exposition()).toMatch(/^pulsegate_kafka_request_in_flight_bytes 0$/m);
      expect(told.get('NONE')).toBeGreaterThan(100);
    },
    durationMs + 30_000,
  );

  it.each(groupIds)('that behave form group %s again', async (groupId) => {
    // Whoever was in it is out after its session timeout.
    await delay(1_000);
    const clients = [front.client(), front.client()];
    const answers = await Promise.all(clients.map((client) => join(client, groupId)));
    const [{ leader, generationId }] = answers as [(typeof answers)[0]];
    expect(answers.map((each) => [each.leader, each.generationId])).toEqual([
      [leader, generationId],
      [leader, generationId],
    ]);
    const synced = await Promise.all(
      answers.map(({ memberId, members }, at) =>
        clients[at]!.call(syncGroupApi, 5, {
          ...{ groupId, memberId, generationId },
          assignments: members.map((each) => ({
            memberId: each.memberId,
            assignment: Buffer.from(each.memberId),
          })),
        }),
      ),
    );
    expect(synced.map(({ assignment }) => assignment.toString())).toEqual(
      answers.map(({ memberId }) => memberId),
    );
    const [described] = (await clients[0]!.call(describeGroupsApi, 6, { groups: [groupId] })).groups;
    expect(described).toMatchObject({ groupState: 'Stable', members: [{}, {}] });
  });

  async function join(client: KafkaClient, groupId: string) {
    const request = {
      ...{ groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocolType: 'consumer' },
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    };
    const { memberId } = await client.call(joinGroupApi, 9, { ...request, memberId: '' });
    return client.call(joinGroupApi, 9, { ...request, memberId });
  }
});
