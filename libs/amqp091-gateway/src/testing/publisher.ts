import { Buffer } from 'node:buffer';
import type { BasicProperties } from '#libs/amqp091-codec';
import type { Amqp091Bed, BedClient } from './amqp091-bed.js';
import { basicPublish, exchangeDeclare, type Fields, queueBind, type Rest } from './client-methods.js';

/** A client with channel 1 open. */
export async function opened(bed: Amqp091Bed): Promise<BedClient> {
  const client = bed.connect();
  await client.open();
  await client.openChannel();
  return client;
}

export const none = Buffer.alloc(0);

export async function declare(client: BedClient, queue: string, fields?: Fields): Promise<void> {
  await client.declare(queue, fields);
}

export async function declareExchange(
  client: BedClient,
  exchange: string,
  type: string,
  rest: Rest<'exchange.declare'> = {},
  fields?: Fields,
) {
  await client.call(exchangeDeclare(exchange, type, fields, rest), 'exchange.declare-ok');
}

export async function bind(client: BedClient, queue: string, exchange: string, routingKey: string) {
  await client.call(queueBind(queue, exchange, routingKey), 'queue.bind-ok');
}

export const confirmSelect = (client: BedClient) => client.confirms();

export function publish(
  client: BedClient,
  exchange: string,
  routingKey: string,
  body: string,
  properties: BasicProperties = {},
  flags: Rest<'basic.publish'> = {},
) {
  client.sendContent(basicPublish(exchange, routingKey, flags), body, properties);
}

export const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await turn();
  }
}
