import type { AmqpCompositeInput } from '#libs/amqp-codec';
import type { AmqpOptions } from '../amqp.options.js';
import { type AmqpBed, amqpBed } from './amqp-bed.js';
import type { AmqpClient } from './amqp-client.js';
import { FakeNodes } from './fake-nodes.js';

export interface BegunSettings {
  readonly options?: Partial<AmqpOptions>;
  readonly begin?: Parameters<AmqpClient['begin']>[1];
  readonly open?: Parameters<AmqpClient['open']>[0];
}

export interface BegunClient extends AmqpBed {
  readonly nodes: FakeNodes;
  readonly client: ReturnType<AmqpBed['connect']>;
  /** Of the session. */
  readonly answer: Awaited<ReturnType<AmqpClient['begin']>>;
}

/** A client with one session, and nodes that do what a test says. */
export async function begunClient({ options, begin, open }: BegunSettings = {}): Promise<BegunClient> {
  const nodes = new FakeNodes();
  const bed = await amqpBed({ options, services: { nodes } });
  const client = bed.connect();
  await client.open(open);
  const answer = await client.begin(0, begin);
  return { ...bed, nodes, client, answer };
}

export function flowFrame(fields: Partial<AmqpCompositeInput<'flow'>> = {}): AmqpCompositeInput<'flow'> {
  const windows = { nextIncomingId: 0, incomingWindow: 10_000, nextOutgoingId: 0, outgoingWindow: 10 };
  return { type: 'flow', ...windows, ...fields };
}

/** The server has seen all that the client sent: it answers a flow with echo. */
export async function served(
  client: AmqpClient,
  fields: Partial<AmqpCompositeInput<'flow'>> = {},
): Promise<void> {
  client.send(flowFrame({ echo: true, ...fields }));
  await client.first('flow', ({ handle }) => handle === undefined);
}
