// The scenario `types` with amqp-client.js: what it writes, and what it makes of what others wrote.
import type { AMQPMessage, AMQPProperties } from '@cloudamqp/amqp-client';
import type { Amqp091ClientTask } from '../../support/amqp091-scenario.js';
import { Inbox, mustBe, type Stage } from './amqp-client-js-stage.js';

/** Of every type that it has: it writes integers as int32, larger ones as int64, all with a fraction as a float of 32 bits. */
function headersOf({ headers }: Amqp091ClientTask): NonNullable<AMQPProperties['headers']> {
  return {
    ...{ text: headers['text']!, empty: '', long_text: headers['long_text']!, yes: true, no: false },
    ...{ int32: Number(headers['int32']), int64: BigInt(headers['int64']!), float: Number(headers['float']) },
    ...{ timestamp: new Date(1_700_000_000_000), bytes: Uint8Array.of(0, 1, 0xff), void: null },
    ...{ table: { name: 'röd', list: [1, 'two'] }, array: [1, 'two', true, { deep: [] }] },
  };
}

function textOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Date) return `T${value.getTime() / 1000}`;
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, each]) => `${name}=${textOf(each)}`).join(',')}}`;
}

const propertiesOf: AMQPProperties = {
  ...{ contentType: 'text/plain', contentEncoding: 'utf-8', deliveryMode: 1, priority: 7 },
  ...{ correlationId: 'correlation', replyTo: 'replies', expiration: '3600000', messageId: 'id' },
  ...{ timestamp: new Date(1_700_000_000_000), type: 'kind', appId: 'app' },
};

function mustBeHeaders(writer: string, task: Amqp091ClientTask, { properties }: AMQPMessage): void {
  const headers = Object.entries(properties.headers ?? {});
  if (headers.length < 9) throw new Error(`${writer}: only ${headers.map(([name]) => name)}`);
  for (const [name, value] of headers) mustBe(`${writer}'s ${name}`, textOf(value), task.headers[name]);
}

function mustBeProperties(writer: string, { properties, body }: AMQPMessage): void {
  const told = Object.keys(propertiesOf).map((name) => properties[name as keyof AMQPProperties]);
  mustBe(`${writer}'s properties`, told, Object.values(propertiesOf));
  mustBe(`${writer}'s body`, Buffer.from(body as Uint8Array).toString('hex'), '00ff80');
}

export async function exchangedTypes(stage: Stage, task: Amqp091ClientTask): Promise<void> {
  const channel = await stage.confirming(await stage.connect(task.ports.recorded));
  const queueOf = (writer: string, reader: string) => `${task.exchange}-${writer}-${reader}`;
  const durable = { durable: true };
  for (const reader of task.readers) {
    const queue = queueOf('amqpclientjs', reader);
    await channel.queueDeclare(queue, durable);
    await Promise.all([
      channel.basicPublish('', queue, 'größe', { headers: headersOf(task) }),
      channel.basicPublish('', queue, Buffer.from('00ff80', 'hex'), propertiesOf),
      channel.basicPublish('', queue, ''),
    ]);
  }
  for (const writer of task.writers) {
    const queue = queueOf(writer, 'amqpclientjs');
    await channel.queueDeclare(queue, durable);
    const inbox = await Inbox.open(channel, queue);
    const message = await inbox.take();
    mustBe(`${writer}'s text`, message.bodyString(), 'größe');
    mustBeHeaders(writer, task, message);
    mustBeProperties(writer, await inbox.take());
    mustBe(`${writer}'s empty body`, (await inbox.take()).bodySize, 0);
  }
}
