import { Buffer } from 'node:buffer';
import { beforeEach, expect, it, jest } from '@jest/globals';
import { type ConsumerOptions, Delivery, newBuilder, storedBatch } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { Amqp091Counters } from '../amqp091.counters.js';
import { amqp091OptionsSchema } from '../amqp091.options.js';
import { appendMessage } from '../mapping/message.mapping.js';
import { published } from '../testing/mapping-bed.js';
import { ConsumingServices } from './consuming-services.js';
import type { QueueMessage } from './queue-message.js';
import { QueueSource } from './queue-source.js';
import type { QueueSourcePlan } from './queue-source-plan.js';

const topic = 'persistent://acme/shop/q';
const plan = {
  ...{ topic, topology: { scope: { tenant: { name: 'acme' } } } },
  queue: { name: 'q', uid: '1', settings: { type: 'classic' } },
} as unknown as QueueSourcePlan;
const given = {
  ...{ attached: async () => {}, mayHaveBeenGiven: () => false, given() {}, brokerLost() {} },
  leave: jest.fn(),
};
let uses: Promise<typeof given>;
let options: ConsumerOptions;
let redelivered: number[];
let services: ConsumingServices;
let messages: QueueMessage[];
let source: QueueSource;

beforeEach(() => {
  uses = Promise.resolve(given);
  redelivered = [];
  messages = [];
  given.leave.mockClear();
  const consumer = {
    ...{ grantedMessages: 0, grant() {}, holds: () => true, ack() {}, ackIndex() {}, close: async () => {} },
    hasNoBacklog: async () => true,
    redeliver: (all: readonly Delivery[]) => redelivered.push(...all.map(({ entryId }) => entryId)),
  };
  const subscribe = async (asked: ConsumerOptions) => {
    options = asked;
    return consumer;
  };
  services = new ConsumingServices({
    ...{ pulsar: { subscribe, partitions: async () => 0 }, given: { use: () => uses }, log: silentLog },
    ...{ options: amqp091OptionsSchema.parse({}), counters: new Amqp091Counters() },
    ...{ authorizer: { version: () => 0 } },
  } as never);
  source = new QueueSource(services, plan, {
    room: 2,
    onMessage: (message) => messages.push(message),
    onEnded() {},
  });
});

function deliver(entryId: number, deliverAtTime?: number): void {
  const builder = newBuilder();
  appendMessage(builder, published({}, { body: [Buffer.from('a')] }), undefined);
  const entry = storedBatch(builder.finish('none'));
  Object.defineProperties(entry, { entryId: { value: entryId }, deliverAtTime: { value: deliverAtTime } });
  const fields = { redeliveryCount: 0 };
  options.onEntry(new Delivery(entry, fields as never, 0, 1, 1));
}

it('keeps nothing from others when it gives no more, not what came before its time either', async () => {
  await source.open();
  deliver(0);
  deliver(1, Date.now() + 1_500);
  expect(messages).toHaveLength(1);
  await source.stop();
  expect(redelivered).toEqual([1]);
  source.accept(messages[0]!);
  await services.close();
});

it('remembers nothing of a queue that it was closed before it came to', async () => {
  const asked = Promise.withResolvers<typeof given>();
  uses = asked.promise;
  const remembered = jest.spyOn(services, 'useOf');
  const opened = source.open();
  await source.close();
  asked.resolve(given);
  await opened;
  expect([remembered.mock.calls.length, given.leave.mock.calls.length]).toEqual([0, 1]);
  await services.close();
});
