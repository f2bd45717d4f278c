// AMQP 0-9-1 clients in trouble: consumers that never acknowledge, never read or fall silent, publishers that flood a gateway
// whose Pulsar is away: the specification's words, memory that is bounded, and others served meanwhile.
import { Buffer } from 'node:buffer';
import { queueBind } from '../../libs/amqp091-gateway/src/testing/client-methods.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Amqp091FrameDecoder,
  type Amqp091Method,
  AssemblyBudget,
  ContentAssembler,
  encodeContent,
  encodeMethod,
  FrameType,
} from '#libs/amqp091-codec';
import { consume } from '../bench/amqp091-load/consuming.js';
import { LoadSocket } from '../bench/amqp091-load/load-socket.js';
import { type Amqp091Wire, openAmqp091Wire } from '../support/amqp091-wire.js';
import { measureMemory } from '../support/collect-garbage.js';
import { FaultyLink } from '../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

import { testPulsar } from '../support/pulsar.js';
import { until } from '../support/until.js';

const setUpTimeoutMs = 120_000;
const testTimeoutMs = 60_000;
const mebibyte = 1_048_576;
/** Of one channel, whatever it asks for. */
const unackedMax = 20_000;
const publishBytesMaxPerProcess = 32 * mebibyte;
const publishTimeoutMs = 2_000;
/** What a process of the gateway may grow by beside what it is allowed to hold. */
const slackBytes = 16 * mebibyte;

let link: FaultyLink;
let gateway: TestGateway;
const opened: { close(): void }[] = [];

beforeAll(async () => {
  link = await FaultyLink.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { anonymousTenant: 'acme' } },
    config: {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      amqp091: {
        ...{ publishBytesInFlightMaxPerProcess: publishBytesMaxPerProcess, publishTimeoutMs },
        blockedNoticeMs: 0,
      },
    },
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
}, setUpTimeoutMs);

afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

afterAll(async () => {
  await gateway?.stop();
  await link?.stop();
}, setUpTimeoutMs);

/** Objects and buffers that the gateway holds; what it is yet to free is not growth. */
async function heldBytes(): Promise<number> {
  const { heap, external } = await measureMemory(gateway.log());
  return heap + external;
}

/** Counts what comes, by name, and keeps the last of each. */
class Counting {
  readonly counts = new Map<string, number>();
  readonly last = new Map<string, Amqp091Method>();
  redelivered = 0;
  readonly #decoder = new Amqp091FrameDecoder({ fromServer: true });
  /** Of channel 0, and of the one that it has. */
  readonly #assemblers = [0, 1].map(
    (channel) =>
      new ContentAssembler({
        ...{ channel, sender: 'server', bodyBytesMax: mebibyte },
        budget: new AssemblyBudget(Number.MAX_SAFE_INTEGER),
      }),
  );

  private constructor(readonly socket: LoadSocket) {
    this.#decoder.tuned(0, 0);
    socket.takeOver(
      (bytes) => this.#onBytes(bytes),
      () => {},
    );
  }

  static async open(): Promise<Counting> {
    const socket = await LoadSocket.open(gateway.amqp.tcp);
    opened.push(socket);
    return new Counting(socket);
  }

  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  write(bytes: Buffer): void {
    this.socket.socket.write(bytes);
  }

  ackAll(): void {
    this.write(encodeMethod(1, { name: 'basic.ack', deliveryTag: 0, multiple: true }));
  }

  #onBytes(bytes: Buffer): void {
    for (const frame of this.#decoder.push(bytes)) {
      if (frame.type === FrameType.HEARTBEAT) continue;
      const method = this.#assemblers[frame.channel]!.push(frame)?.method;
      if (method === undefined) continue;
      this.counts.set(method.name, this.count(method.name) + 1);
      this.last.set(method.name, method);
      if (method.name === 'basic.deliver' && method.redelivered) this.redelivered++;
    }
  }
}

async function wireOf(heartbeat = 0): Promise<Amqp091Wire> {
  const wire = await openAmqp091Wire(gateway.amqp.tcp);
  opened.push({ close: () => wire.cut() });
  await wire.open({ heartbeat });
  await wire.openChannel();
  return wire;
}

async function declare(queue: string, exchange?: string): Promise<void> {
  const socket = await LoadSocket.open(gateway.amqp.tcp);
  await socket.client.declare(queue);
  if (exchange !== undefined) {
    await socket.client.call(queueBind(queue, exchange), 'queue.bind-ok');
  }
  socket.close();
}

function published(exchange: string, routingKey: string, body: Buffer): Buffer {
  const to = { exchange, routingKey, mandatory: false, immediate: false };
  const content = { properties: Buffer.alloc(2), body };
  return Buffer.concat(encodeContent(1, { name: 'basic.publish', ...to }, content, 131_072));
}

/** Resolves when all are stored. */
async function fill(exchange: string, routingKey: string, count: number, bytes: number): Promise<void> {
  const publisher = await Counting.open();
  publisher.write(encodeMethod(1, { name: 'confirm.select', noWait: true }));
  const message = published(exchange, routingKey, Buffer.alloc(bytes, 'x'));
  publisher.write(Buffer.concat(Array.from({ length: count }, () => message)));
  const done = () => (publisher.last.get('basic.ack') as { deliveryTag: number } | undefined)?.deliveryTag;
  await until(
    () => done() === count,
    () => `${done()} of ${count} are stored`,
  );
}

describe('a consumer', () => {
  it(
    'that never acknowledges has so many and no more; others have the rest, and its own when it goes',
    async () => {
      const [queue, left] = ['unacked', 500];
      await declare(queue);
      await fill('', queue, unackedMax + left, 64);
      const before = await heldBytes();
      const stuck = await Counting.open();
      stuck.write(consume(queue));
      const given = (to: Counting) => to.count('basic.deliver');
      await until(
        () => given(stuck) === unackedMax,
        () => `${given(stuck)} are given`,
      );
      const other = await Counting.open();
      other.write(consume(queue));
      await until(
        () => given(other) === left,
        () => `${given(other)} are left to others`,
      );
      other.ackAll();
      // What is unacknowledged is a place in the gateway, and no message.
      expect((await heldBytes()) - before).toBeLessThan(unackedMax * 1_024);
      expect([given(stuck), other.redelivered]).toEqual([unackedMax, 0]);

      stuck.socket.close();
      await until(
        () => {
          other.ackAll();
          return given(other) === left + unackedMax;
        },
        () => `${given(other) - left} came again`,
      );
      expect(other.redelivered).toBe(unackedMax);
    },
    testTimeoutMs,
  );

  it(
    'that never reads costs a part of what waits for it, and others read on',
    async () => {
      const [deafCount, count, bytes] = [4, 1_200, 10_000];
      const queues = Array.from({ length: deafCount + 1 }, (_, at) => `deaf-${at}`);
      for (const queue of queues) await declare(queue, 'amq.fanout');
      await fill('amq.fanout', '', count, bytes);
      const before = await heldBytes();
      for (const queue of queues.slice(1)) {
        const deaf = await Counting.open();
        deaf.socket.socket.pause();
        deaf.write(consume(queue));
      }
      const reader = await Counting.open();
      reader.write(consume(queues[0]!));
      await until(
        () => reader.count('basic.deliver') === count,
        () => `${reader.count('basic.deliver')} came`,
      );
      expect((await heldBytes()) - before).toBeLessThan(deafCount * 2 * mebibyte + slackBytes);
    },
    testTimeoutMs,
  );

  it(
    'that is silent for two heartbeats is let go, and what it had comes to others',
    async () => {
      await declare('silent');
      const silent = await wireOf(1);
      silent.link.write(consume('silent'));
      silent.publish('', 'silent', 'a');
      await silent.first('basic.deliver');
      const other = await wireOf();
      other.link.write(consume('silent'));
      expect(await other.first('basic.deliver')).toMatchObject({ redelivered: true });
      expect(silent.heartbeats).toBeGreaterThan(0);
      await silent.link.closed;
    },
    testTimeoutMs,
  );
});

describe('while Pulsar is away', () => {
  it(
    'publishers are not read, are told that they are blocked, what was given up, and go on',
    async () => {
      const [publisherCount, count, bytes] = [12, 200, 100_000];
      for (const at of [0, 1, 2]) await declare(`flood-${at}`);
      const publishers = await Promise.all(Array.from({ length: publisherCount }, () => Counting.open()));
      const before = await heldBytes();
      link.stall(publishTimeoutMs + 1_000);
      for (const [at, publisher] of publishers.entries()) {
        publisher.write(encodeMethod(1, { name: 'confirm.select', noWait: true }));
        const message = published('', `flood-${at % 3}`, Buffer.alloc(bytes));
        for (let sent = 0; sent < count; sent++) publisher.write(message);
      }
      await until(
        () => publishers.every((each) => each.count('connection.blocked') > 0),
        () => publishers.map((each) => each.count('connection.blocked')).join(),
      );
      // Of each that it reads there may be a message that is not whole.
      expect((await heldBytes()) - before).toBeLessThan(publishBytesMaxPerProcess + slackBytes);
      const newcomer = await Counting.open();
      newcomer.socket.close();

      const answered = (each: Counting) =>
        Math.max(
          ...['basic.ack', 'basic.nack'].map(
            (name) => (each.last.get(name) as { deliveryTag: number } | undefined)?.deliveryTag ?? 0,
          ),
        );
      await until(
        () => publishers.every((each) => answered(each) === count),
        () => publishers.map(answered).join(),
      );
      const told = new Set(publishers.flatMap(({ counts }) => [...counts.keys()]));
      // What was on its way for too long is refused, if any of it was.
      told.delete('basic.nack');
      expect([...told].sort()).toEqual(['basic.ack', 'connection.blocked', 'connection.unblocked']);
      for (const each of publishers) {
        expect(each.count('connection.unblocked')).toBe(each.count('connection.blocked'));
      }
    },
    testTimeoutMs,
  );
});
