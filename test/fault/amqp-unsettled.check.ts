// Unsettled deliveries over four links and two gateways, accepted in ranges and at random, while gateways are killed and the broker restarts: none is lost, none that was accepted comes again (full: 100,000 messages)
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeTransferHead } from '#libs/amqp-codec';
import { dataMessage, messageText } from '../../libs/amqp-gateway/src/testing/amqp-client.js';
import { AmqpSocket } from '../bench/amqp-load/amqp-socket.js';
import { checkForm, inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { until } from '../support/group-member.js';
import { createPulsarNamespace, testPulsar } from '../support/pulsar.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';

const messageCount = inForm({ short: 2_000, full: 100_000 });
const testTimeoutMs = inForm({ short: 120_000, full: 900_000 });
const waitMsMax = inForm({ short: 30_000, full: 180_000 });
const rangeMessages = 50;
const address = '/queues/unsettled';

let own: OwnPulsar | undefined;
let namespace: string;
let gateways: TestGateway[] = [];
/** Settled for good: Pulsar has it, and the client was told so. */
const confirmed = new Set<number>();
/** Accepted by a client that was cut off before it was told. */
const unanswered = new Set<number>();
/** What came after it was confirmed. */
const again: number[] = [];
const receivers: Receiver[] = [];

/** A link that takes what comes and accepts what it is told to. */
class Receiver {
  /** The number of each delivery, by its id. */
  readonly numbers: number[] = [];
  readonly #accepted = new Set<number>();

  private constructor(private readonly socket: AmqpSocket) {
    socket.failsWith(() => {});
    socket.onFrame = ({ performative, payload }) => {
      if (performative.type === 'transfer') {
        const number = Number(messageText(payload));
        if (confirmed.has(number)) again.push(number);
        this.numbers.push(number);
      } else if (performative.type === 'disposition' && performative.settled) {
        const { first, last = first, state } = performative;
        for (let id = first; id <= last; id++) {
          this.#accepted.delete(id);
          // Else Pulsar could not be told, and it comes again.
          if (state?.type === 'accepted') confirmed.add(this.numbers[id]!);
        }
      }
    };
  }

  static async open(gateway: TestGateway, credit: number): Promise<Receiver> {
    const name = `receiver-${receivers.length}`;
    const socket = await AmqpSocket.attach(gateway.amqp.tcp, {
      ...{ name, role: true, source: { type: 'source', address }, target: { type: 'target' } },
    });
    const receiver = new Receiver(socket);
    receivers.push(receiver);
    socket.credit(0, credit);
    return receiver;
  }

  accept(first: number, last = first): void {
    for (let id = first; id <= last; id++) this.#accepted.add(id);
    this.socket.accept(first, last, false);
  }

  get waitsForAnswers(): boolean {
    return this.#accepted.size > 0;
  }

  /** Its gateway is killed, or it goes. */
  cut(): void {
    for (const id of this.#accepted) unanswered.add(this.numbers[id]!);
    this.#accepted.clear();
    this.socket.close();
  }
}

async function sendAll(gateway: TestGateway): Promise<void> {
  const socket = await AmqpSocket.attach(gateway.amqp.tcp, {
    ...{ name: 'sender', role: false, initialDeliveryCount: 0 },
    ...{ source: { type: 'source' }, target: { type: 'target', address } },
  });
  let sent = 0;
  let accepted = 0;
  const send = () => {
    const parts: Buffer[] = [];
    for (; sent < Math.min(messageCount, socket.creditUpTo); sent++) {
      const message = dataMessage(`${sent}`);
      const deliveryTag = Buffer.alloc(4);
      deliveryTag.writeUInt32BE(sent);
      const transfer = {
        type: 'transfer',
        handle: 0,
        deliveryId: sent,
        deliveryTag,
        messageFormat: 0,
      } as const;
      parts.push(encodeTransferHead(0, transfer, message.length), message);
    }
    if (parts.length > 0) socket.socket.write(Buffer.concat(parts));
  };
  await new Promise<void>((resolve, reject) => {
    socket.failsWith(reject);
    socket.onFrame = ({ performative }) => {
      if (performative.type !== 'disposition') return;
      const { first, last = first, state } = performative;
      if (state?.type !== 'accepted') reject(new Error(`a message was ${state?.type}`));
      accepted += last - first + 1;
    };
    socket.onPiece = () => {
      if (accepted === messageCount) resolve();
      else send();
    };
    send();
  });
  socket.close();
}

/**
 * In ranges, or each by itself in any order: a part of what this receiver has, with less holes than Pulsar keeps over a
 * restart (`managedLedgerMaxUnackedRangesToPersist`, 10,000).
 */
function acceptSome(receiver: Receiver, at: number): void {
  const { length } = receiver.numbers;
  if (at % 2 === 0) {
    for (let id = 0; id + rangeMessages <= length; id += 2 * rangeMessages) {
      receiver.accept(id, id + rangeMessages - 1);
    }
  } else {
    const ids = Array.from({ length }, (_, id) => id).filter((id) => (id >> 3) % 3 > 0);
    for (const id of ids.sort((one, other) => ((one * 7_919) % 10_007) - ((other * 7_919) % 10_007)))
      receiver.accept(id);
  }
}

const within = (condition: () => boolean, tell: () => string) => until(condition, tell, waitMsMax);

function received(): number {
  return receivers.reduce((sum, { numbers }) => sum + numbers.length, 0);
}

function isOver(): boolean {
  for (let number = 0; number < messageCount; number++) {
    if (!confirmed.has(number) && !unanswered.has(number)) return false;
  }
  return true;
}

beforeAll(async () => {
  if (checkForm === 'full') own = await OwnPulsar.start();
  namespace = own === undefined ? await createPulsarNamespace('acme') : 'public/faults';
  const { serviceUrl, adminUrl } = own?.broker ?? testPulsar;
  const options = {
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    stateNamespace: `public/pulsegate-unsettled-${randomBytes(4).toString('hex')}`,
    amqp: { listener: { anonymousTenant: 'acme' } },
    config: {
      pulsar: { serviceUrl, adminUrl },
      amqp: { unsettledMax: messageCount, prefetchMessagesMax: 10_000, idleTimeoutMs: 600_000 },
    },
  };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
}, brokerTimeoutMs);

afterAll(async () => {
  for (const receiver of receivers) receiver.cut();
  for (const gateway of gateways) await gateway.stop();
  await own?.stop();
}, brokerTimeoutMs);

describe(`${messageCount} unsettled deliveries`, () => {
  it(
    'are given again until they are accepted, and not once more',
    async () => {
      const [first, second] = gateways as [TestGateway, TestGateway];
      await sendAll(first);
      const credit = messageCount / 4;
      for (const gateway of [first, first, second, second]) await Receiver.open(gateway, credit);
      await within(
        () => received() === messageCount,
        () => `${received()} came`,
      );

      for (const [at, receiver] of receivers.entries()) acceptSome(receiver, at);
      await within(
        () => receivers.every((each) => !each.waitsForAnswers),
        () => `${confirmed.size} settled`,
      );
      const settledByAll = confirmed.size;
      expect(settledByAll).toBeGreaterThan(messageCount / 3);

      await first.kill();
      for (const receiver of receivers.slice(0, 2)) receiver.cut();
      const heir = await Receiver.open(second, messageCount);
      await within(
        () => heir.numbers.length > 0,
        () => 'nothing came again',
      );

      if (own === undefined) await unload();
      else await own.restartBroker();
      await first.restart();
      await Receiver.open(first, messageCount);
      await second.kill();
      for (const receiver of receivers.slice(2, 5)) receiver.cut();
      await second.restart();
      await Receiver.open(second, messageCount);

      const last = receivers.slice(5);
      const taken = last.map(() => 0);
      await within(
        () => {
          for (const [at, receiver] of last.entries()) {
            if (receiver.numbers.length === taken[at]) continue;
            receiver.accept(taken[at]!, receiver.numbers.length - 1);
            taken[at] = receiver.numbers.length;
          }
          return isOver();
        },
        () => `${confirmed.size} of ${messageCount} were accepted`,
      );
      expect(again).toEqual([]);
    },
    testTimeoutMs,
  );
});

/** The queue's topic leaves the broker in order and comes back. */
async function unload(): Promise<void> {
  const url = `${testPulsar.adminUrl}/admin/v2/persistent/${namespace}/unsettled/unload`;
  const answer = await fetch(url, { method: 'PUT' });
  if (!answer.ok) throw new Error(`unload: ${answer.status} ${await answer.text()}`);
}
