// The scenario `types` with amqplib: what it writes, and what it makes of what others wrote.
import type { ConsumeMessage, Options } from 'amqplib';
import type { Amqp091ClientTask } from '../../support/amqp091-scenario.js';
import { Inbox, mustBe, type Stage } from './amqplib-stage.js';

/** Its types by name; of plain numbers it would take the shortest. */
const of = (type: string, value: unknown) => ({ '!': type, value });

function headersOf(task: Amqp091ClientTask): Record<string, unknown> {
  const number = (name: string) => Number(task.headers[name]);
  return {
    ...{ text: task.headers['text'], empty: '', long_text: task.headers['long_text'], yes: true, no: false },
    ...{ int8: of('int8', number('int8')), uint8: of('uint8', number('uint8')) },
    ...{ int16: of('int16', number('int16')), uint16: of('uint16', number('uint16')) },
    ...{ int32: of('int32', number('int32')), uint32: of('uint32', number('uint32')) },
    ...{ int64: of('int64', number('int64')) },
    ...{ float: of('float', number('float')), double: of('double', number('double')) },
    ...{ decimal: of('decimal', { places: 2, digits: 1999 }), timestamp: of('timestamp', 1_700_000_000) },
    ...{ bytes: Buffer.from('0001ff', 'hex'), void: null },
    ...{ table: { name: 'röd', list: [1, 'two'] }, array: [1, 'two', true, { deep: [] }] },
  };
}

function textOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return `x${value.toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if ('!' in value) {
    const { '!': type, value: inner } = value as { '!': string; value: unknown };
    if (type === 'timestamp') return `T${inner}`;
    const { places, digits } = inner as { places: number; digits: number };
    return (digits / 10 ** places).toFixed(places);
  }
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, each]) => `${name}=${textOf(each)}`).join(',')}}`;
}

const propertiesOf: Options.Publish = {
  ...{ contentType: 'text/plain', contentEncoding: 'utf-8', deliveryMode: 1, priority: 7 },
  ...{ correlationId: 'correlation', replyTo: 'replies', expiration: '3600000', messageId: 'id' },
  ...{ timestamp: 1_700_000_000, type: 'kind', appId: 'app' },
};

function mustBeHeaders(writer: string, task: Amqp091ClientTask, { properties }: ConsumeMessage): void {
  const headers = Object.entries(properties.headers ?? {});
  if (headers.length < 9) throw new Error(`${writer}: only ${headers.map(([name]) => name)}`);
  for (const [name, value] of headers) mustBe(`${writer}'s ${name}`, textOf(value), task.headers[name]);
}

function mustBeProperties(writer: string, { properties, content }: ConsumeMessage): void {
  const told = Object.keys(propertiesOf).map((name) => properties[name as keyof typeof properties]);
  mustBe(`${writer}'s properties`, told, Object.values(propertiesOf));
  mustBe(`${writer}'s body`, content.toString('hex'), '00ff80');
}

export async function exchangedTypes(stage: Stage, task: Amqp091ClientTask): Promise<void> {
  const channel = await (await stage.connect(task.ports.recorded)).createConfirmChannel();
  const queueOf = (writer: string, reader: string) => `${task.exchange}-${writer}-${reader}`;
  for (const reader of task.readers) {
    const queue = queueOf('amqplib', reader);
    await channel.assertQueue(queue);
    channel.sendToQueue(queue, Buffer.from('größe'), { headers: headersOf(task) });
    channel.sendToQueue(queue, Buffer.from('00ff80', 'hex'), propertiesOf);
    channel.sendToQueue(queue, Buffer.alloc(0));
  }
  await channel.waitForConfirms();
  for (const writer of task.writers) {
    const queue = queueOf(writer, 'amqplib');
    await channel.assertQueue(queue);
    const inbox = await Inbox.open(channel, queue);
    const message = await inbox.take();
    mustBe(`${writer}'s text`, message.content.toString(), 'größe');
    mustBeHeaders(writer, task, message);
    mustBeProperties(writer, await inbox.take());
    mustBe(`${writer}'s empty body`, (await inbox.take()).content.length, 0);
  }
}
