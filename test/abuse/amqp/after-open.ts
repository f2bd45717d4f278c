// What AMQP 1.0 clients try that are let in.
import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { AmqpErrorCondition, encodeApplicationProperties, selectorFilter } from '#libs/amqp-codec';
import {
  type AmqpClient,
  dataMessage,
  messageText,
} from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import { readsNothing } from '../every-protocol.js';
import { type FrontStage, subscriptionsMaxPerTopic, topicsMax } from '../front-stage.js';

const { INVALID_FIELD, RESOURCE_LIMIT_EXCEEDED, UNAUTHORIZED_ACCESS } = AmqpErrorCondition;
const durable = { type: 'source', durable: 2, expiryPolicy: 'never' } as const;

/** The condition of the only link that is refused. @param handle that its client gave it */
async function refused(wire: AmqpClient, handle: number): Promise<string | undefined> {
  const { error } = await wire.first('detach');
  wire.send({ type: 'detach', handle, closed: true });
  return error?.condition;
}

async function senderRefused(wire: AmqpClient, address: string, handle: number): Promise<string | undefined> {
  const { target } = await wire.attachSender(address, { handle, name: `to ${handle}` });
  return target === undefined ? refused(wire, handle) : 'it is attached';
}

async function receiverRefused(
  wire: AmqpClient,
  address: string,
  handle: number,
): Promise<string | undefined> {
  const { source } = await wire.attachReceiver(address, { handle, name: `from ${handle}` });
  return source === undefined ? refused(wire, handle) : 'it is attached';
}

const ofTheSystem = [
  ...['__change_events', '__transaction_buffer_snapshot', '__consumer_offsets', 'pulsegate.security'],
  ...[
    'orders-partition-0',
    'orders__transaction_pending_ack',
    '/queues/__change_events',
    'amqp.temp-queue.x',
  ],
];
const ofOthers = [
  ...[
    'persistent://pulsar/system/x',
    'persistent://public/default/x',
    'persistent://public/pulsegate/security',
  ],
  'non-persistent://public/default/x',
];

export const afterOpen: readonly (Abuse<FrontStage> | ProvenAbuse)[] = [
  {
    item: 'A2',
    tries:
      'keeps its links when the rule that allowed them is taken back; patterns in addresses are names like others',
    meets: 'is given nothing more within a second: `amqp:unauthorized-access`',
    provenBy: {
      file: 'test/e2e/gateway/reload.spec.ts',
      test: 'gives a user that lost its permission nothing more, in each protocol, within a second',
    },
  },
  {
    item: 'A3',
    tries:
      'sends to, and receives from, topics of Pulsar, of Kafka’s server, of the gateway, of other namespaces, and single partitions',
    meets: 'hears `amqp:invalid-field`, of other namespaces `amqp:unauthorized-access`',
    async run({ amqpClient }) {
      const wire = await amqpClient();
      for (const [at, address] of [...ofTheSystem, ...ofOthers].entries()) {
        const condition = at < ofTheSystem.length ? INVALID_FIELD : UNAUTHORIZED_ACCESS;
        const [to, from] = [await senderRefused(wire, address, 0), await receiverRefused(wire, address, 1)];
        expect([address, to, from]).toEqual([address, condition, condition]);
      }
    },
  },
  {
    item: 'A5',
    tries:
      'fights for one durable subscription, eight times six connections at once with one container id and link name',
    meets: 'one has it, others hear `amqp:link:stolen`; nothing is lost, and what they left is gone',
    alone: true,
    async run({ gateway, amqpClient }) {
      const links = async () => {
        const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
        return [...metrics.matchAll(/^pulsegate_amqp_(?:links|sessions)(?:\{.*\})? (\d+)$/gm)].map(
          ([, count]) => Number(count),
        );
      };
      const before = await links();
      const fighting = async () => {
        const wire = await amqpClient('acme', 'wanted');
        wire.send({
          ...{ type: 'attach', name: 'prize', handle: 0, role: true, target: { type: 'target' } },
          source: { ...durable, address: 'prizes' },
        });
        return wire;
      };
      const owner = await fighting();
      await owner.first('attach');
      const sender = await amqpClient('acme', 'giver');
      await sender.attachSender('prizes');
      const count = 24;
      let sent = 0;
      for (let round = 0; round < 8; round++) {
        const wires = await Promise.all(Array.from({ length: 6 }, fighting));
        for (; sent < (round + 1) * 3; sent++) sender.transfer(`${sent}`);
        for (const wire of wires) wire.cut();
      }
      await sender.settled(count);
      const last = await fighting();
      const { source } = await last.first('attach');
      expect(source).toBeDefined();
      last.flow(0, 100);
      const given = await last.take('transfer', count);
      expect(given.map(({ payload }) => messageText(payload)).sort()).toEqual(
        Array.from({ length: count }, (_, at) => `${at}`).sort(),
      );
      for (const wire of [owner, last, sender]) wire.cut();
      const deadlineMs = performance.now() + 10_000;
      for (let now = await links(); now.some((each, at) => each > before[at]!); now = await links()) {
        if (performance.now() > deadlineMs) expect(now).toEqual(before);
      }
    },
  },
  {
    item: 'A8',
    tries:
      'has addresses of 100 KB, link names of 2,000 characters, and selectors of 5,000 or nested without end',
    meets: 'hears `amqp:invalid-field`, or its session is ended, and others go on',
    async run({ amqpClient }) {
      const wire = await amqpClient();
      expect(await senderRefused(wire, 'x'.repeat(100_000), 0)).toBe(INVALID_FIELD);
      for (const selector of ['('.repeat(4_000), `a = '${'x'.repeat(5_000)}'`, 'NOT '.repeat(1_000)]) {
        const filter = new Map([['s', selectorFilter(selector)]]);
        const { source } = await wire.attachReceiver('selected', {
          ...{ handle: 1, source: { type: 'source', address: 'selected', filter } },
        });
        expect([selector.slice(0, 4), source ?? (await refused(wire, 1))]).toEqual([
          selector.slice(0, 4),
          INVALID_FIELD,
        ]);
      }
      wire.send({ type: 'attach', name: 'x'.repeat(2_000), handle: 2, role: false });
      expect((await wire.first('end')).error?.condition).toBe(INVALID_FIELD);
    },
  },
  {
    item: 'A8',
    tries: 'sends messages that are thousands of application properties',
    meets: 'they are stored, or refused with AMQP’s error; others are served meanwhile',
    async run({ amqpClient, servesAmqp }) {
      const wire = await amqpClient();
      await wire.attachSender('bombed');
      for (const [deliveryId, count] of [1_000, 9_000].entries()) {
        const properties = new Map(
          Array.from({ length: count }, (_, at) => [`p${at}`, { type: 'string', value: 'x' }] as const),
        );
        const deliveryTag = Buffer.from(`${deliveryId}`);
        const message = Buffer.concat([encodeApplicationProperties(properties), dataMessage('x')]);
        wire.send({ type: 'transfer', handle: 0, deliveryId, deliveryTag, messageFormat: 0 }, 0, message);
      }
      const answers = await Promise.all([wire.first('disposition'), servesAmqp()]);
      expect(['accepted', 'rejected']).toContain(answers[0].state?.type);
    },
  },
  {
    item: 'A8',
    tries: 'sends selectors of every form',
    meets: 'they are values or that error, whatever they are, in at most 4,096 characters',
    provenBy: {
      file: 'libs/amqp-gateway/src/selectors/selector-parser.spec.ts',
      test: 'are refused by that error and no other, and what is taken gives a value',
    },
  },
  {
    item: 'A9',
    tries: 'gives credit without end and settles nothing',
    meets: 'has `unsettledMax` deliveries of a link, and no more',
    provenBy: {
      file: 'libs/amqp-gateway/src/sender-link.spec.ts',
      test: 'leaves so many unsettled and no more',
    },
  },
  readsNothing,
  {
    item: 'A10',
    tries: 'is silent behind its login',
    meets: 'is closed after `amqp.idleTimeoutMs`: empty frames at least are asked of it',
    provenBy: {
      file: 'libs/amqp-gateway/src/amqp.connection.spec.ts',
      test: 'a client that is silent is closed, and one that sends empty frames is not',
    },
  },
  {
    item: 'A11',
    tries: 'makes durable subscriptions that never expire, of more and more containers',
    meets:
      'has `subscriptionsMaxPerTopic` of a topic, then `amqp:resource-limit-exceeded`; those that were there go on',
    async run({ amqpClient }) {
      const attached = async (at: number) => {
        const wire = await amqpClient('counted', `leaver-${at}`);
        const source = { ...durable, address: 'left' };
        const answer = await wire.attachReceiver('left', { name: 'left', source });
        const condition = answer.source === undefined ? await refused(wire, 0) : undefined;
        wire.cut();
        return condition;
      };
      const conditions: (string | undefined)[] = [];
      for (let at = 0; at < subscriptionsMaxPerTopic + 2; at++) conditions.push(await attached(at));
      const over = [RESOURCE_LIMIT_EXCEEDED, RESOURCE_LIMIT_EXCEEDED];
      expect(conditions).toEqual([...Array(subscriptionsMaxPerTopic).fill(undefined), ...over]);
      expect(await attached(0)).toBeUndefined();
    },
  },
  {
    item: 'A11',
    tries: 'leaves links suspended, with deliveries that nobody else gets',
    meets: 'there are so many of a connection, a tenant and the process, for a minute at most',
    provenBy: {
      file: 'libs/amqp-gateway/src/links/suspended-links.spec.ts',
      test: 'is nothing beyond the bound on links of one connection, which may be lost at once',
    },
  },
  {
    item: 'A12',
    tries: 'attaches to more and more topics, queues and dynamic nodes',
    meets: 'the tenant has `limits.topics` of them, then `amqp:resource-limit-exceeded`',
    async run({ amqpClient }) {
      const wire = await amqpClient('counted');
      const answers: (string | undefined)[] = [];
      for (let at = 0; at < topicsMax + 2; at++) answers.push(await senderRefused(wire, `many-${at}`, at));
      expect(answers.slice(-2)).toEqual([RESOURCE_LIMIT_EXCEEDED, RESOURCE_LIMIT_EXCEEDED]);
      const dynamic = await wire.attachReceiver('', {
        ...{ handle: 200, name: 'dynamic', source: { type: 'source', dynamic: true } },
      });
      expect(dynamic.source).toBeUndefined();
      expect(await refused(wire, 200)).toBe(RESOURCE_LIMIT_EXCEEDED);
    },
  },
];
