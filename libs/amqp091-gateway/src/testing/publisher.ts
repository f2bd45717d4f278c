import { Buffer } from 'node:buffer';
import { type Amqp091Method, type BasicProperties, encodeFieldTable } from '#libs/amqp091-codec';
import type { Amqp091Bed, BedClient } from './amqp091-bed.js';
import { table } from './topology-fixture.js';

/** A client with channel 1 open. */
export async function opened(bed: Amqp091Bed): Promise<BedClient> {
  const client = bed.connect();
  await client.open();
  await client.openChannel();
  return client;
}

export const none = Buffer.alloc(0);

export async function declare(client: BedClient, queue: string, fields: Parameters<typeof table>[0] = {}) {
  await client.call(
    {
      ...{ name: 'queue.declare', queue, passive: false, durable: true, exclusive: false },
      ...{ autoDelete: false, noWait: false, arguments: encodeFieldTable(table(fields)) },
    },
    'queue.declare-ok',
  );
}

export async function declareExchange(client: BedClient, exchange: string, type: string, rest = {}) {
  await client.call(
    {
      ...{ name: 'exchange.declare', exchange, type, passive: false, durable: true, autoDelete: false },
      ...{ internal: false, noWait: false, arguments: none },
      ...rest,
    } as Amqp091Method,
    'exchange.declare-ok',
  );
}

export async function bind(client: BedClient, queue: string, exchange: string, routingKey: string) {
  await client.call(
    { name: 'queue.bind', queue, exchange, routingKey, noWait: false, arguments: none },
    'queue.bind-ok',
  );
}

export const confirmSelect = (client: BedClient) =>
  client.call({ name: 'confirm.select', noWait: false }, 'confirm.select-ok');

export function publish(
  client: BedClient,
  exchange: string,
  routingKey: string,
  body: string,
  properties: BasicProperties = {},
  flags: { readonly mandatory?: boolean; readonly immediate?: boolean } = {},
) {
  client.sendContent(
    { name: 'basic.publish', exchange, routingKey, mandatory: false, immediate: false, ...flags },
    body,
    properties,
  );
}

export const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await turn();
  }
}
