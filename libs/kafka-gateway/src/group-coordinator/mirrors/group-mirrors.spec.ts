import { describe, expect, it } from '@jest/globals';
import { type CursorPosition, PulsarAdminError, type SubscriptionStats } from '#libs/pulsar';
import type { LogFields } from '#libs/telemetry';
import { kafkaOptionsSchema } from '../../kafka.options.js';
import { coordinatorBed } from '../../testing/group-coordinator-bed.js';
import type { KafkaTopic } from '../../topics/kafka-topic.js';
import { commitOffsets } from '../commit-offsets.js';
import { offsetRecords } from '../group-offsets-kind.js';
import { GroupMirrors } from './group-mirrors.js';
import type { MirrorAdmin } from './mirror-subscription.js';
import { firstLedgerKept } from './mirror-sweep.js';

/** The admin REST of one partition, and what it was asked to do. */
class FakeAdmin {
  readonly subscriptions = new Map<string, { at: CursorPosition; properties: Record<string, string> }>();
  readonly calls: string[] = [];
  retention = { retentionTimeInMinutes: 60, retentionSizeInMB: -1 };
  backlog = { msgBacklog: 5, backlogSize: 5_000 };
  failing = 0;

  async createSubscription(
    _topic: string,
    name: string,
    at: CursorPosition,
    properties: Record<string, string>,
  ) {
    this.#note(`create ${name}`);
    if (name.includes('/')) throw new PulsarAdminError(400, 'Ambiguous URI', 'PUT');
    if (this.subscriptions.has(name)) throw new PulsarAdminError(409, 'exists', 'PUT');
    this.subscriptions.set(name, { at, properties });
  }

  async resetCursor(_topic: string, name: string, at: CursorPosition) {
    this.#note(`reset ${name} ${at.ledgerId}:${at.entryId}${at.excluded ? ' excluded' : ''}`);
    this.#of(name).at = at;
  }

  async subscriptionProperties(_topic: string, name: string) {
    return this.#of(name).properties;
  }

  async deleteSubscription(_topic: string, name: string) {
    this.#note(`delete ${name}`);
    this.subscriptions.delete(name);
  }

  async expireMessages(_topic: string, name: string, seconds: number) {
    this.#note(`expire ${name} ${seconds}`);
  }

  async appliedRetention() {
    return this.retention;
  }

  async internalStats() {
    const ledgers = [1, 2, 3].map((ledgerId) => ({ ledgerId, entries: 10, size: 1024 * 1024 }));
    const cursors = Object.fromEntries(
      [...this.subscriptions.keys()].map((name) => [
        name,
        { markDeletePosition: '1:0', readPosition: '1:1' },
      ]),
    );
    return { ledgers, totalSize: 3 * 1024 * 1024, cursors };
  }

  async stats() {
    const subscriptions: Record<string, SubscriptionStats> = {};
    for (const [name, { properties: subscriptionProperties }] of this.subscriptions) {
      subscriptions[name] = { ...this.backlog, consumers: [], subscriptionProperties };
    }
    return { subscriptions };
  }

  #of(name: string) {
    const found = this.subscriptions.get(name);
    if (found === undefined) throw new PulsarAdminError(404, 'Subscription not found', 'GET');
    return found;
  }

  #note(call: string): void {
    if (this.failing > 0) {
      this.failing--;
      throw new PulsarAdminError(503, 'busy', call);
    }
    this.calls.push(call);
  }
}

const ours = { 'pulsegate.kind': 'kafka-group' };

function bed(settings: object = {}) {
  const admin = new FakeAdmin();
  const warnings: LogFields[] = [];
  const topic = {
    name: 't',
    id: Buffer.from('aa', 'hex'),
    partitions: 1,
    pulsarTopic: 'persistent://t/n/t',
    partitionTopic: (partition: number) => `persistent://t/n/t-partition-${partition}`,
  } as unknown as KafkaTopic;
  const options = { mirrorCheckMs: 600_000, ...settings };
  const topics = {
    resolve: async (_tenant: unknown, name: string) => (name === 't' ? topic : undefined),
    names: async () => ['t', 'gone'],
  };
  const { coordinator, clock } = coordinatorBed([offsetRecords], { options, topics });
  /** Twenty offsets, two in each entry of ledger 3. */
  const log = {
    positionOf: async (offset: number) =>
      offset < 20 ? { ledgerId: 3, entryId: Math.floor(offset / 2) } : undefined,
    bounds: async () => ({ start: 0, end: 20 }),
  };
  const mirrors = new GroupMirrors({
    admin: admin as unknown as MirrorAdmin,
    logs: { log: () => log as never },
    options: kafkaOptionsSchema.parse(options),
    log: { debug() {}, info() {}, warn: (fields) => warnings.push(fields), error() {} },
    clock,
  });
  const commit = (groupId: string, offset: number, topicName = 't') => {
    const committer = { groupId, memberId: '', instanceId: null, generationOrEpoch: -1, apiVersion: 9 };
    const committed = { offset, leaderEpoch: -1, metadata: '', committedAt: clock.now(), topicId: 'aa' };
    commitOffsets(coordinator, committer, [{ topic: topicName, partition: 0, committed }], () => {});
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  mirrors.follow(coordinator);
  return { admin, warnings, coordinator, mirrors, commit, pass, clock };
}

describe('the subscription that shows a group', () => {
  it('is made by the first commit and follows the later ones, once a second at most', async () => {
    const { admin, commit, pass } = bed();
    commit('g', 4);
    await pass(200);
    for (let offset = 5; offset <= 9; offset++) commit('g', offset);
    await pass(1_200);
    commit('g', 20);
    await pass(1_200);
    expect(admin.calls).toEqual(['create g', 'reset g 3:2', 'reset g 3:4', 'reset g 3:9 excluded']);
    expect(admin.subscriptions.get('g')?.properties).toEqual(ours);
  });

  it('stands at the end when more was committed than there is', async () => {
    const { admin, commit, pass } = bed();
    commit('g', 1_000);
    await pass(200);
    expect(admin.calls).toEqual(['create g', 'reset g 3:9 excluded']);
  });

  it('is not touched when it is not a mirror, with one warning', async () => {
    const { admin, warnings, commit, pass, coordinator } = bed();
    const foreign = { at: { ledgerId: 1, entryId: 1 }, properties: { of: 'somebody' } };
    admin.subscriptions.set('g', foreign);
    for (let offset = 1; offset < 5; offset++) {
      commit('g', offset);
      await pass(1_200);
    }
    coordinator.remove(coordinator.group('g')!, () => {});
    await pass(1_200);
    expect([admin.calls, admin.subscriptions.get('g')]).toEqual([['create g'], foreign]);
    expect(warnings.map(({ event, group, reason }) => [event, group, reason])).toEqual([
      ['group-mirror-off', 'g', 'foreign'],
    ]);
  });

  it('is not asked for where Pulsar would take its name for its own, or takes none of it', async () => {
    const { admin, warnings, commit, pass } = bed();
    for (const group of ['__compaction', 'pulsar.dedup', 'a/b']) commit(group, 1);
    await pass(400);
    expect(admin.calls).toEqual(['create a/b']);
    expect(warnings.map(({ reason }) => reason)).toEqual(['refused', 'refused', 'refused']);
  });

  it('is tried again a few times while Pulsar refuses, and commits do not wait for it', async () => {
    const { admin, commit, pass, coordinator } = bed();
    admin.failing = 2;
    commit('g', 2);
    expect(coordinator.group('g')?.offsets.get('t', 0)?.offset).toBe(2);
    await pass(300);
    expect(admin.subscriptions.size).toBe(0);
    await pass(16_000);
    expect(admin.calls).toEqual(['create g', 'reset g 3:1']);
  });

  it('ends with the group, and nothing follows a slice that is lost', async () => {
    const { admin, commit, pass, coordinator } = bed();
    commit('g', 2);
    commit('h', 2);
    await pass(1_200);
    coordinator.remove(coordinator.group('g')!, () => {});
    await pass(1_200);
    expect([...admin.subscriptions.keys()]).toEqual(['h']);
    commit('h', 4);
    coordinator.close();
    await pass(1_200);
    expect(admin.calls.at(-1)).toBe('delete g');
  });

  it('moves past what the retention does not promise, by time and by size', async () => {
    const { admin, commit, pass } = bed({ mirrorCheckMs: 5_000 });
    commit('a', 2);
    await pass(1_200);
    admin.backlog = { msgBacklog: 5, backlogSize: 3 * 1024 * 1024 };
    admin.retention = { retentionTimeInMinutes: 90, retentionSizeInMB: 2 };
    admin.calls.length = 0;
    await pass(4_000);
    expect(admin.calls).toEqual(['reset a 2:0', 'expire a 5400']);
    admin.backlog = { msgBacklog: 0, backlogSize: 0 };
    admin.calls.length = 0;
    await pass(6_000);
    expect(admin.calls).toEqual([]);
  });

  it('that was left behind is ended, if its group is served here', async () => {
    const { admin, commit, pass } = bed({ mirrorCheckMs: 5_000 });
    for (const name of ['a', 'b'])
      admin.subscriptions.set(name, { at: { ledgerId: 1, entryId: 1 }, properties: ours });
    admin.subscriptions.set('orders', { at: { ledgerId: 1, entryId: 1 }, properties: {} });
    commit('g2', 1);
    await pass(6_000);
    // 'a' is of this slice, 'b' of another; 'orders' is of this one and somebody else's.
    expect([...admin.subscriptions.keys()].sort()).toEqual(['b', 'g2', 'orders']);
  });

  it('is none where groups are not to be shown, and those that are there end', async () => {
    const { admin, commit, pass } = bed({ mirrorGroups: false, mirrorCheckMs: 5_000 });
    admin.subscriptions.set('a', { at: { ledgerId: 1, entryId: 1 }, properties: ours });
    commit('a', 1);
    await pass(6_000);
    expect(admin.calls).toEqual(['delete a']);
  });
});

describe('the ledgers that a limit of size keeps', () => {
  const stats = (...sizes: number[]) => {
    const ledgers = sizes.map((size, ledgerId) => ({ ledgerId, entries: 1, size }));
    return { ledgers, totalSize: sizes.reduce((sum, size) => sum + size, 0) } as never;
  };

  it.each([
    [[10, 10, 10], 30, 0],
    [[10, 10, 10], 29, 0],
    [[10, 10, 10], 20, 1],
    [[10, 10, 10], 11, 1],
    [[10, 10, 10], 10, 2],
    [[10, 10, 10], 0, 2],
    [[50, 1, 1], 10, 0],
    [[], 10, -1],
  ])('of %p bytes, %p allowed: from ledger %p on', (sizes, bytesMax, expected) => {
    expect(firstLedgerKept(stats(...sizes), bytesMax)).toBe(expected);
  });
});
