// What AMQP 0-9-1 clients try that are let in.
import { expect } from '@jest/globals';
import { type Amqp091Method, type FieldTable, type FieldValue, encodeFieldTable } from '#libs/amqp091-codec';
import { testPulsar } from '../../support/pulsar.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import { readsNothing } from '../every-protocol.js';
import { type FrontStage, topicsMax } from '../front-stage.js';

const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: false };
const declare = (queue: string, rest: object = {}, fields: FieldTable = []): Amqp091Method =>
  ({ name: 'queue.declare', queue, ...flags, ...rest, arguments: encodeFieldTable(fields) }) as Amqp091Method;

const ofTheSystem = [
  ...['__change_events', '__transaction_buffer_snapshot', '__consumer_offsets', 'pulsegate.security'],
  ...['orders-partition-0', 'orders__transaction_pending_ack'],
];

/** The partitioned topics, by their names in Pulsar. */
async function namespaceTopics(namespace: string): Promise<string[]> {
  const answer = await fetch(`${testPulsar.adminUrl}/admin/v2/persistent/${namespace}/partitioned`);
  return ((await answer.json()) as string[]).map((topic) => topic.slice(topic.lastIndexOf('/') + 1));
}

/** The words of the close that answers the method, of its channel or connection. */
function refused(
  wire: Awaited<ReturnType<FrontStage['amqp091Client']>>,
  method: Amqp091Method,
): Promise<string> {
  return wire.call(method, 'queue.declare-ok').then(
    ({ queue }) => `${queue} is declared`,
    (error: Error) => error.message,
  );
}

export const afterOpen: readonly (Abuse<FrontStage> | ProvenAbuse)[] = [
  {
    item: 'A2',
    tries: 'consumes on when the rule that allowed it is taken back',
    meets: 'is given nothing more within a second: `basic.cancel`, or 403',
    provenBy: {
      file: 'test/e2e/gateway/reload.spec.ts',
      test: 'gives a user that lost its permission nothing more, in each protocol, within a second',
    },
  },
  {
    item: 'A3',
    tries:
      'declares queues of the names of topics of Pulsar, of Kafka’s server, of the gateway, and of single partitions',
    meets: 'has a queue of its own, whose topic has another name; names of the server (`amq.`) are 403',
    async run({ amqp091Client, gateway }) {
      const wire = await amqp091Client();
      for (const queue of ofTheSystem) {
        expect(await refused(wire, declare(queue))).toBe(`${queue} is declared`);
      }
      expect(await refused(wire, declare('amq.gen-mine'))).toContain('403');
      const topics = await namespaceTopics(gateway.namespaceOf('acme'));
      expect(topics.length).toBeGreaterThan(ofTheSystem.length - 1);
      expect(topics.filter((topic) => ofTheSystem.includes(topic))).toEqual([]);
    },
  },
  {
    item: 'A5',
    tries: 'fights for one exclusive queue, five times eight connections at once',
    meets: 'one has it, the others hear 405; when it is gone the next has it',
    alone: true,
    async run({ amqp091Client }) {
      for (let round = 0; round < 5; round++) {
        const wires = await Promise.all(Array.from({ length: 8 }, () => amqp091Client()));
        const words = await Promise.all(
          wires.map((wire) => refused(wire, declare('wanted', { exclusive: true, durable: false }))),
        );
        const locked = words.filter((each) => each.includes('405'));
        expect([words.filter((each) => each.endsWith('is declared')).length, locked.length]).toEqual([1, 7]);
        await Promise.all(
          wires.map((wire) => (wire.isClosed ? undefined : wire.close().catch(() => wire.cut()))),
        );
      }
    },
  },
  {
    item: 'A8',
    tries: 'declares queues with tables of thousands of arguments, or nested without end',
    meets: 'hears 406 or 506, and others are served meanwhile',
    async run({ amqp091Client, servesAmqp091 }) {
      const many: FieldTable = Array.from({ length: 5_000 }, (_, at) => [
        `a${at}`,
        { tag: 't', value: true },
      ]);
      let nested: FieldValue = { tag: 't', value: true };
      for (let depth = 0; depth < 30; depth++) nested = { tag: 'F', value: [['n', nested]] };
      for (const fields of [many, [['deep', nested]] as FieldTable]) {
        const wire = await amqp091Client();
        expect(await refused(wire, declare('bombed', {}, fields))).toMatch(/406|50[26]|is declared/);
        wire.cut();
      }
      await servesAmqp091();
    },
  },
  {
    item: 'A8',
    tries: 'binds by patterns, and permits by expressions, that take others exponential time',
    meets: 'they take no longer than others',
    provenBy: {
      file: 'libs/amqp091-gateway/src/permissions/permission-pattern.spec.ts',
      test: 'takes no longer for %s than for others',
    },
  },
  {
    item: 'A9',
    tries: 'acknowledges nothing',
    meets: 'is given as many as its prefetch says, 20,000 of a channel where it says nothing',
    provenBy: {
      file: 'test/e2e/amqp091/queues.spec.ts',
      test: 'is given as many as its prefetch says, in order, and more for each acknowledgement',
    },
  },
  readsNothing,
  {
    item: 'A11',
    tries: 'leaves exclusive and transient queues behind',
    meets: 'they end with their connection, or with their gateway',
    provenBy: {
      file: 'libs/amqp091-gateway/src/topology/queue-operations.spec.ts',
      test: 'deletes exclusive queues with their connection, those that come later too',
    },
  },
  {
    item: 'A12',
    tries: 'declares more and more queues',
    meets: 'they count in `limits.topics` (10,000 where nothing is said) beside `queuesMax`; beyond, 406',
    async run({ amqp091Client }) {
      const words: string[] = [];
      for (let at = 0; at < topicsMax + 2; at++) {
        const wire = await amqp091Client('counted');
        words.push(await refused(wire, declare(`queue-${at}`)));
        wire.cut();
      }
      const last = expect.stringMatching(/406 .*limit/);
      expect(words.slice(-2)).toEqual([last, last]);
    },
  },
];
