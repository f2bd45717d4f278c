import { classicRecords, classicGroup, groupToJoin } from '../group-coordinator/classic/classic-groups.js';
import type { ClassicGroup } from '../group-coordinator/classic/classic-group.js';
import type { JoinAnswer, JoinCall, SyncAnswer } from '../group-coordinator/classic/classic-requests.js';
import { type CoordinatorBed, coordinatorBed } from './group-coordinator-bed.js';

export const groupId = 'g';

export interface Pending<T> {
  /** Undefined while nobody answered. */
  answer: T | undefined;
  answers: number;
}

/** One group of a coordinator in memory, and members that say what the test has them say. */
export class ClassicBed {
  readonly bed: CoordinatorBed;

  constructor(options: object = {}, bed?: CoordinatorBed) {
    this.bed =
      bed ?? coordinatorBed([classicRecords], { options: { groupInitialRebalanceDelayMs: 0, ...options } });
  }

  /** The next holder of the slice, which may have other settings. */
  failOver(options: object = { groupInitialRebalanceDelayMs: 0 }): ClassicBed {
    const { clock, log, coordinator } = this.bed;
    coordinator.close();
    return new ClassicBed({}, coordinatorBed([classicRecords], { clock, entries: log.entries, options }));
  }

  get group(): ClassicGroup {
    return this.bed.coordinator.group(groupId)!.protocol as ClassicGroup;
  }

  get state(): string | undefined {
    return this.bed.coordinator.group(groupId)?.protocol?.stateName;
  }

  advance(ms: number): void {
    this.bed.clock.advance(ms);
  }

  /** A JoinGroup v3: nobody is asked to come back with an id. */
  join(call: Partial<JoinCall> = {}, answered: (answer: JoinAnswer) => void = () => {}): Pending<JoinAnswer> {
    const pending: Pending<JoinAnswer> = { answer: undefined, answers: 0 };
    const full: JoinCall = {
      ...{ memberId: '', instanceId: null, clientId: 'c', clientHost: '/1.2.3.4', reason: null },
      ...{ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000, protocolType: 'consumer' },
      protocols: protocols('range'),
      ...{ idRequired: false, skipsAssignment: false },
      whenGone: () => () => {},
      ...call,
    };
    groupToJoin(this.bed.coordinator, groupId, full.memberId).join(full, (answer) => {
      pending.answer = answer;
      pending.answers++;
      answered(answer);
    });
    return pending;
  }

  sync(
    memberId: string,
    generation: number,
    assignments: Record<string, string> = {},
    more: { instanceId?: string; protocolType?: string; protocolName?: string } = {},
    answered: (answer: SyncAnswer) => void = () => {},
  ): Pending<SyncAnswer> {
    const pending: Pending<SyncAnswer> = { answer: undefined, answers: 0 };
    const call = {
      memberId,
      generation,
      instanceId: more.instanceId ?? null,
      protocolType: more.protocolType ?? null,
      protocolName: more.protocolName ?? null,
      assignments: new Map(Object.entries(assignments).map(([id, text]) => [id, Buffer.from(text)])),
    };
    classicGroup(this.bed.coordinator, groupId)!.sync(call, (answer) => {
      pending.answer = answer;
      pending.answers++;
      answered(answer);
    });
    return pending;
  }

  heartbeat(memberId: string, generation: number, instanceId: string | null = null): number {
    return this.group.heartbeat(memberId, instanceId, generation);
  }

  leave(memberId: string, instanceId: string | null = null): number {
    return this.group.leave([{ memberId, instanceId, reason: null }])[0]!;
  }

  /** Members that joined and synced, the leader first; each is assigned `to <id>`. */
  stable(count: number, call: Partial<JoinCall> = {}): string[] {
    const joined = Array.from({ length: count }, (_, index) =>
      this.join({ ...call, ...(call.instanceId != null && { instanceId: `${call.instanceId}${index}` }) }),
    );
    this.advance(0);
    return this.syncAll(joined.map(({ answer }) => answer!));
  }

  /** SyncGroup of all of a generation; gives their ids, the leader first. */
  syncAll(answers: readonly JoinAnswer[]): string[] {
    const { leader, generation } = answers[0]!;
    const ids = answers.map(({ memberId }) => memberId);
    const others = ids.filter((id) => id !== leader);
    for (const id of others) this.sync(id, generation);
    this.sync(leader, generation, Object.fromEntries(ids.map((id) => [id, `to ${id}`])));
    return [leader, ...others];
  }
}

export function protocols(...names: string[]): { name: string; metadata: Buffer }[] {
  return names.map((name) => ({ name, metadata: Buffer.from(`says ${name}`) }));
}

/** Keeps members alive while time passes. */
export function beat(bed: ClassicBed, ids: readonly string[], generation: number, ms: number): void {
  for (let passed = 0; passed < ms; passed += 3_000) {
    bed.advance(Math.min(3_000, ms - passed));
    for (const id of ids) bed.heartbeat(id, generation);
  }
}
