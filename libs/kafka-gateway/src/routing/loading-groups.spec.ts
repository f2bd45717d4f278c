import { describe, expect, it } from '@jest/globals';
import { ManualClock, soleGateway } from '#libs/cluster';
import { heartbeatApi, type HeartbeatResponse, KafkaErrorCode, listOffsetsApi } from '#libs/kafka-codec';
import type { LeaseOptions, LeaseState, PulsarAdmin, TopicLease } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { GroupCoordinators } from '../group-coordinator/group-coordinators.js';
import { heartbeatHandler } from '../handlers/heartbeat.handler.js';
import { listOffsetsHandler } from '../handlers/list-offsets.handler.js';
import { tenant as acme } from '../testing/connection-bed.js';
import { ReadingBed } from '../testing/fetch-bed.js';
import type { TenantRefusal } from '../topics/topic-registry.js';

const { COORDINATOR_LOAD_IN_PROGRESS, GROUP_AUTHORIZATION_FAILED, UNKNOWN_MEMBER_ID } = KafkaErrorCode;

/** A gateway whose groups are loaded when the test says so; group `secret` may not be touched. */
function bed(options: object = {}) {
  const rules = [
    {
      effect: 'deny' as const,
      principals: ['*'],
      actions: ['*' as const],
      resource: { type: 'group' as const, match: 'literal' as const, name: 'secret' },
    },
  ];
  const front = new ReadingBed({ handlers: [heartbeatHandler, listOffsetsHandler], rules, options });
  front.topic('t');
  const clock = new ManualClock();
  const leases: { state: LeaseState; serve(): void }[] = [];
  const acquireLease = async ({ onStateChange }: LeaseOptions) => {
    const lease = {
      state: 'queued' as LeaseState,
      serve() {
        lease.state = 'serving';
        onStateChange?.('serving', undefined);
      },
      release: async () => {},
    };
    leases.push(lease);
    return lease as unknown as TopicLease;
  };
  const { services } = front.protocol;
  const tenant: { refusal?: TenantRefusal } = {};
  const groups = new GroupCoordinators({
    ...services,
    tenantRefusal: () => tenant.refusal,
    pulsar: { acquireLease, admin: { createPartitionedTopic: async () => {} } as unknown as PulsarAdmin },
    cluster: soleGateway(0),
    stateNamespace: 'public/state',
    log: silentLog,
    clock,
  });
  Object.assign(services, { groups });
  const connect = () => {
    const { kafka, memory } = front.connect();
    return {
      memory,
      send: (groupId: string) =>
        kafka.send(heartbeatApi, 4, { groupId, memberId: 'm', generationId: 1, groupInstanceId: null }),
      code: async () => (await kafka.response<HeartbeatResponse>(heartbeatApi, 4)).body.errorCode,
      endOffset: () =>
        kafka.call(listOffsetsApi, 7, {
          topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
        }),
    };
  };
  return { clock, leases, tenant, groups, connect };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('requests of groups that are being loaded', () => {
  it('wait until they are, and nobody else waits with them', async () => {
    const { leases, connect } = bed();
    const [one, other, reader] = [connect(), connect(), connect()];
    one.send('g');
    one.send('g');
    other.send('g');
    const codes = Promise.all([one.code(), other.code()]);
    expect((await reader.endOffset()).topics[0]!.partitions[0]!.errorCode).toBe(0);
    await soon();
    expect(leases).toHaveLength(1);
    leases[0]!.serve();
    expect([await codes, await one.code()]).toEqual([
      [UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID],
      UNKNOWN_MEMBER_ID,
    ]);
    other.send('g');
    expect(await other.code()).toBe(UNKNOWN_MEMBER_ID);
  });

  it('are refused where the name is too long for the records of a group', async () => {
    const { connect } = bed({ coordinatorLoadWaitMs: 0 });
    const client = connect();
    client.send('g'.repeat(1_025));
    expect(await client.code()).toBe(KafkaErrorCode.INVALID_GROUP_ID);
  });

  it('are told so after the time for it, at once where there is none', async () => {
    const { clock, connect } = bed({ coordinatorLoadWaitMs: 700 });
    const client = connect();
    client.send('g');
    await soon();
    clock.advance(700);
    expect(await client.code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    const hasty = bed({ coordinatorLoadWaitMs: 0 });
    const impatient = hasty.connect();
    impatient.send('g');
    expect(await impatient.code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
  });

  it('load nothing for somebody who may not know of the group', async () => {
    const { leases, connect } = bed();
    const client = connect();
    client.send('secret');
    expect([await client.code(), leases]).toEqual([GROUP_AUTHORIZATION_FAILED, []]);
  });

  it('are a thousand at most', async () => {
    const { leases, connect } = bed({ requestsInFlightMax: 2_000 });
    const client = connect();
    for (let each = 0; each < 1_000; each++) client.send('g');
    await soon();
    const late = connect();
    late.send('g');
    expect(await late.code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    leases[0]!.serve();
    expect(await client.code()).toBe(UNKNOWN_MEMBER_ID);
  });

  it('are told so while it is not known what denies, and lists of groups too', async () => {
    const { connect, groups, leases, tenant } = bed();
    const client = connect();
    client.send('g');
    await soon();
    leases[0]!.serve();
    expect(await client.code()).toBe(UNKNOWN_MEMBER_ID);
    tenant.refusal = { retriable: true, message: 'the permissions are being read' };
    client.send('g');
    expect(await client.code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    await expect(groups.all(acme)).rejects.toMatchObject({ code: COORDINATOR_LOAD_IN_PROGRESS });
    tenant.refusal = undefined;
    client.send('g');
    expect(await client.code()).toBe(UNKNOWN_MEMBER_ID);
  });

  it('do not keep a gateway from stopping', async () => {
    const { connect } = bed();
    const client = connect();
    client.send('g');
    await soon();
    const stopped = client.memory.connection.drained?.();
    expect(await client.code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    await stopped;
  });
});
