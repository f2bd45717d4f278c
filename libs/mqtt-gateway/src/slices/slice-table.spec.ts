import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttMessage } from '../message.js';
import { MemorySliceLog } from '../testing/memory-slice-log.js';
import type { QueueTarget } from './records/queue-record.js';
import { SliceChanges } from './slice-changes.js';
import { SliceReplay } from './slice-replay.js';
import { SliceTable } from './slice-table.js';
import type { StoredSession } from './stored-session.js';

const clients = ['a', 'b', 'c'];
const partitions = ['p0', 'p1'];

function messageOf(topic: string, qos: MqttQos): MqttMessage {
  const payload = Buffer.from(topic);
  return {
    topic,
    payload,
    qos,
    retain: false,
    properties: {},
    expiresAtMs: undefined,
    publisherId: undefined,
  };
}

/** What a log can tell of a session: what is not stored yet is left out. */
function sessionView(session: StoredSession) {
  const { number, clientId, level, expirySeconds, disconnectedAtMs, subscriptions, intents } = session;
  const pending = [...session.pending()]
    .filter(({ ref }) => ref.stored)
    .map(({ ref, qos, retain, packetId, received }) => [
      ref.sequence,
      ...[qos, retain, packetId, received, ref.message.payload.toString()],
    ])
    .sort(([a], [b]) => Number(a) - Number(b));
  const inFlight = [...(session.inFlight ?? [])].filter(([, { ref }]) => ref.stored).map(([id]) => id);
  return {
    ...{ number, clientId, level, expirySeconds, disconnectedAtMs, pending, inFlight },
    subscriptions: [...subscriptions].sort(),
    intents: [...(intents ?? [])].sort(([a], [b]) => a - b),
  };
}

function view(table: SliceTable) {
  return {
    sessions: [...table.sessions.values()].map(sessionView).sort((a, b) => a.number - b.number),
    positions: [...table.positions].sort(),
    queue: [...table.queue.values()]
      .filter(({ stored }) => stored)
      .map(({ sequence, outstanding }) => ({ sequence, outstanding }))
      .sort((a, b) => a.sequence - b.sequence),
    wills: [...table.wills.values()].map(({ number, clientId, dueAtMs }) => ({ number, clientId, dueAtMs })),
  };
}

/** A slice that does what it is told, and its log. */
class Bed {
  readonly changes = new SliceChanges();
  readonly table = new SliceTable(this.changes);
  readonly log = new MemorySliceLog();
  readonly views: ReturnType<typeof view>[] = [];
  readonly #read = new Map(partitions.map((partition) => [partition, -1]));

  constructor() {
    // Known before anything is read, as in life.
    for (const partition of partitions) this.table.setPosition(partition, { ledgerId: 1, entryId: -1 });
  }

  flush(bytesMax = 1_000_000): void {
    const entries = this.changes.take(bytesMax);
    for (const entry of entries) this.log.append(entry, () => {});
    if (entries.length > 0) this.views[this.log.entries.length] = view(this.table);
  }

  read(partition: string, qos: MqttQos, receivers: readonly string[]): void {
    const entryId = this.#read.get(partition)! + 1;
    this.#read.set(partition, entryId);
    const targets: QueueTarget[] = receivers.flatMap((clientId) => {
      const session = this.table.sessionOf(clientId)?.number;
      const rest = { qos, retain: false, checked: false, subscriptionIdentifiers: [] };
      return session === undefined ? [] : [{ session, ...rest }];
    });
    if (targets.length === 0) return;
    const source = { partition, ledgerId: 1, entryId, index: 0 };
    const queued = this.table.enqueue(messageOf(`${partition}/${entryId}`, qos), source, targets);
    if (qos === 2) this.table.store(queued);
  }

  checkpoint(): void {
    this.table.checkpoint(
      [...this.#read].map(([name, entryId]) => [name, { ledgerId: 1, entryId }] as const),
    );
  }

  replayed(compacted: boolean, entries?: number): SliceTable {
    const replay = new SliceReplay();
    for (const { key, value } of this.log.records(compacted, entries)) replay.take(key, value);
    const table = new SliceTable(new SliceChanges());
    replay.fill(table);
    return table;
  }
}

type Step = (bed: Bed) => void;

const client = fc.constantFrom(...clients);
const qos = fc.constantFrom<MqttQos>(1, 2);
const withSession = (clientId: string, step: (session: StoredSession, bed: Bed) => void) => (bed: Bed) => {
  const session = bed.table.sessionOf(clientId);
  if (session !== undefined) step(session, bed);
};

const steps: fc.Arbitrary<Step>[] = [
  client.map((clientId) => (bed: Bed) => {
    if (bed.table.sessionOf(clientId) !== undefined) return;
    bed.table.createSession(clientId, { level: 5, expirySeconds: 60, disconnectedAtMs: undefined });
  }),
  client.map((clientId) => withSession(clientId, (session, { table }) => table.discard(session))),
  fc.tuple(client, fc.nat(9)).map(([clientId, at]) =>
    withSession(clientId, (session, { table }) => {
      session.disconnectedAtMs = at === 0 ? undefined : at;
      table.sessionChanged(session);
      table.takeBack(session);
    }),
  ),
  fc.tuple(client, fc.constantFrom('a/#', '+/b', 'c'), qos, fc.boolean()).map(([clientId, filter, max, on]) =>
    withSession(clientId, (session, { table }) => {
      const rest = { noLocal: on, retainAsPublished: false, retainHandling: 0, checked: false } as const;
      if (on)
        table.setSubscription(session, { filter, qos: max, identifier: max === 2 ? 7 : undefined, ...rest });
      else table.removeSubscription(session, filter);
    }),
  ),
  fc.tuple(fc.constantFrom(...partitions), qos, fc.subarray(clients)).map(
    ([partition, level, receivers]) =>
      (bed: Bed) =>
        bed.read(partition, level, receivers),
  ),
  client.map((clientId) => withSession(clientId, (session, { table }) => table.give(session))),
  fc.tuple(client, fc.nat(5)).map(([clientId, at]) =>
    withSession(clientId, (session, { table }) => {
      const given = [...(session.given?.values() ?? [])].filter(({ packetId }) => packetId === 0);
      const next = given[0];
      const packetId = at + 1;
      if (next !== undefined && !session.inFlight?.has(packetId)) table.sending(next, packetId);
    }),
  ),
  fc.tuple(client, fc.nat(5), fc.boolean()).map(([clientId, at, only]) =>
    withSession(clientId, (session, { table }) => {
      const sent = [...(session.inFlight?.values() ?? [])][at];
      if (sent === undefined) return;
      if (only && !sent.received && sent.qos === 2) table.received(sent);
      else table.completed(sent);
    }),
  ),
  fc.tuple(client, fc.nat(3)).map(([clientId, at]) =>
    withSession(clientId, (session, { table }) => {
      const waits = session.waiting[at];
      if (waits !== undefined) table.completed(waits);
    }),
  ),
  fc.tuple(client, fc.integer({ min: 1, max: 4 }), fc.boolean()).map(([clientId, packetId, on]) =>
    withSession(clientId, (session, { table }) => {
      if (on) table.setIntent(session, packetId, { partition: 'p', sequenceId: packetId });
      else table.removeIntent(session, packetId);
    }),
  ),
  fc.constant((bed: Bed) => bed.checkpoint()),
  fc.constant((bed: Bed) => bed.flush()),
];

const script = fc.array(fc.oneof(...steps), { maxLength: 80 });

describe('the state of a slice', () => {
  it.each([false, true])(
    'is after each entry of its log what a new holder replays, compacted: %p',
    (compacted) => {
      fc.assert(
        fc.property(script, (all) => {
          const bed = new Bed();
          for (const step of all) step(bed);
          bed.flush();
          bed.views.forEach((expected, entries) => {
            expect(view(bed.replayed(compacted, entries))).toEqual(expected);
          });
        }),
        { numRuns: 300 },
      );
    },
  );

  it('never gives a number or a sequence that its log names to something else', () => {
    fc.assert(
      fc.property(script, (all) => {
        const bed = new Bed();
        for (const step of all) step(bed);
        bed.flush();
        const table = bed.replayed(true);
        const numbers = new Set(bed.log.records(true).map(({ key }) => key.split('/').slice(0, 2).join('/')));
        const session = table.createSession('new', { level: 4, expirySeconds: 1, disconnectedAtMs: 1 });
        expect(numbers.has(`session/${session.number}`)).toBe(false);
        const target = { session: session.number, qos: 1, retain: false, checked: false } as const;
        const source = { partition: 'p0', ledgerId: 9, entryId: 0, index: 0 };
        const targets = [{ ...target, subscriptionIdentifiers: [] }];
        expect(numbers.has(`queue/${table.enqueue(messageOf('t', 1), source, targets).sequence}`)).toBe(
          false,
        );
        expect([...session.pending()]).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  it('is not torn where what changed takes several entries: all that positions pass is there', () => {
    fc.assert(
      fc.property(script, (all) => {
        const bed = new Bed();
        for (const step of all) step(bed);
        bed.checkpoint();
        const before = bed.log.entries.length;
        bed.flush(1);
        const whole = view(bed.table);
        for (let entries = before; entries <= bed.log.entries.length; entries++) {
          const table = bed.replayed(false, entries);
          if (table.positions.size < whole.positions.length) continue;
          const pending = new Set(
            [...table.sessions.values()].flatMap((s) =>
              [...s.pending()].map(({ ref }) => `${s.number} ${ref.sequence}`),
            ),
          );
          const isSamePosition =
            JSON.stringify([...table.positions].sort()) === JSON.stringify(whole.positions);
          if (!isSamePosition) continue;
          for (const session of whole.sessions)
            for (const [sequence] of session.pending)
              expect(pending).toContain(`${session.number} ${sequence}`);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('forgets a message that all have before any position passes it, and keeps the record of one that it stored', () => {
    const bed = new Bed();
    bed.table.createSession('a', { level: 5, expirySeconds: 60, disconnectedAtMs: undefined });
    bed.read('p0', 2, ['a']);
    bed.read('p0', 1, ['a']);
    const session = bed.table.sessionOf('a')!;
    for (const packetId of [1, 2]) {
      bed.table.give(session);
      bed.table.sending([...session.given!.values()].at(-1)!, packetId);
    }
    bed.flush();
    for (const pending of [...session.pending()]) bed.table.completed(pending);
    expect([...bed.table.queue.keys()]).toEqual([1]);
    bed.flush();
    const source = { partition: 'p0', ledgerId: 1, entryId: 0, index: 0 };
    expect(bed.replayed(false).readBefore(source)?.targets).toHaveLength(1);
    bed.checkpoint();
    bed.flush();
    expect([bed.table.queue.size, bed.table.queueBytes, bed.replayed(true).queue.size]).toEqual([0, 0, 0]);
  });
});
