// Two tenants that give everything the same names, at two gateways: nothing of one reaches the other.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type AmqpCompositeInput, encodeProperties } from '#libs/amqp-codec';
import {
  type AmqpClient,
  dataMessage,
  messageText,
} from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';

const names = ['acme', 'beta'] as const;
type Name = (typeof names)[number];
type Source = Omit<AmqpCompositeInput<'source'>, 'type'>;

const gateways: TestGateway[] = [];
const wires: { cut(): void }[] = [];
const namespaces = {} as Record<Name, string>;

beforeAll(async () => {
  const tenants = [];
  for (const name of names) {
    namespaces[name] = await createPulsarNamespace(name);
    // The same user name, too.
    const users = [{ name: 'app', password: `secret-of-${name}` }];
    tenants.push({ name, namespace: namespaces[name], users, permissions: [allowAll] });
  }
  const stateNamespace = `public/pulsegate-walls-${randomBytes(4).toString('hex')}`;
  const options = { tenants, stateNamespace, amqp: true } as const;
  gateways.push(...(await Promise.all([startGateway(options), startGateway(options)])));
}, 120_000);

afterEach(() => {
  for (const wire of wires.splice(0)) wire.cut();
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

/** All clients have the same container id, and their links the same names. */
async function connect(name: Name, gateway = 0): Promise<AmqpClient> {
  const wire = await openAmqpWire(gateways[gateway]!.amqp.tcp);
  wires.push(wire);
  await wire.open({ user: `${name}/app`, password: `secret-of-${name}`, containerId: 'container' });
  await wire.begin();
  return wire;
}

async function receiverOf(name: Name, source: Source): Promise<AmqpClient> {
  const wire = await connect(name);
  const { source: given } = await wire.attachReceiver('', {
    name: 'link',
    source: { type: 'source', ...source },
  });
  expect(given).toBeDefined();
  return wire;
}

async function send(name: Name, address: string): Promise<void> {
  const wire = await connect(name, 1);
  await wire.attachSender(address, { name: 'link' });
  wire.transfer(`of ${name}`);
  expect((await wire.first('disposition')).state?.type).toBe('accepted');
}

async function take(wire: AmqpClient): Promise<string> {
  const { payload, deliveryId } = await wire.first('transfer');
  wire.settle(deliveryId!);
  return messageText(payload);
}

/** The condition of the detach that follows an attach that was refused. */
async function refusal(wire: AmqpClient): Promise<string | undefined> {
  return (await wire.first('detach')).error?.condition;
}

describe('two tenants', () => {
  it.each<[string, Source, string]>([
    ['a topic', { address: 'same' }, 'same'],
    ['a queue', { address: '/queues/jobs' }, '/queues/jobs'],
    ['a subscription', { address: 'named::sub' }, 'named'],
    ['a durable subscription', { address: 'lasting', durable: 2, expiryPolicy: 'never' }, 'lasting'],
  ])('have the same names and not the same messages: %s', async (_, source, address) => {
    const receivers = await Promise.all(names.map((name) => receiverOf(name, source)));
    await Promise.all(names.map((name) => send(name, address)));
    for (const [at, name] of names.entries()) expect(await take(receivers[at]!)).toBe(`of ${name}`);
    for (const wire of receivers) {
      await wire.close();
    }
  });

  it('cannot name what is the other’s', async () => {
    const address = `persistent://${namespaces.beta}/same`;
    const wire = await connect('acme');
    await wire.attachSender(address, { handle: 0 });
    expect(await refusal(wire)).toBe('amqp:unauthorized-access');
    await wire.attachReceiver(address, { handle: 1 });
    expect(await refusal(wire)).toBe('amqp:unauthorized-access');
    await wire.attachSender(undefined, { handle: 2 });
    wire.send(
      { type: 'transfer', handle: 2, deliveryId: 0, deliveryTag: Buffer.of(1), messageFormat: 0 },
      0,
      Buffer.concat([encodeProperties({ type: 'properties', to: address }), dataMessage('over the wall')]),
    );
    const { state } = await wire.first('disposition');
    expect(state).toMatchObject({ type: 'rejected', error: { condition: 'amqp:unauthorized-access' } });
  });

  it('cannot send to the other’s temporary queue', async () => {
    const owner = await connect('beta');
    const { source } = await owner.attachReceiver('', {
      source: { type: 'source', dynamic: true, expiryPolicy: 'link-detach' },
    });
    const { address } = source as { address: string };
    const wire = await connect('acme');
    await wire.attachSender(address);
    expect(await refusal(wire)).toBe('amqp:not-found');
    await send('beta', address);
    expect(await take(owner)).toBe('of beta');
  });
});
