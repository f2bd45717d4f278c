// Publishing over two gateways: what is declared at one is known to who publishes at the other, nothing that is confirmed is lost.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import rhea from 'rhea';
import { encodeFieldTable, type FieldTable, textField } from '#libs/amqp091-codec';
import {
  basicPublish,
  exchangeDeclare,
  queueBind,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace, pulsarAdmin, testPulsar } from '../../support/pulsar.js';
import { oracleRead } from '../../support/pulsar-oracle.js';

const timeoutMs = 60_000;
const gateways: TestGateway[] = [];
const wires: Amqp091Wire[] = [];
let namespace: string;
let one: Amqp091Wire;
let other: Amqp091Wire;

async function opened({ amqp }: TestGateway): Promise<Amqp091Wire> {
  const wire = await openAmqp091Wire(amqp.tcp);
  wires.push(wire);
  await wire.open();
  await wire.openChannel();
  return wire;
}

function publishMandatory(wire: Amqp091Wire, to: string, routingKey: string, body: string): void {
  wire.sendContent(basicPublish(to, routingKey, { mandatory: true }), body);
}

beforeAll(async () => {
  namespace = await createPulsarNamespace('acme');
  const stateNamespace = `public/pulsegate-publish091-${randomBytes(4).toString('hex')}`;
  for (let count = 0; count < 2; count++) {
    gateways.push(
      await startGateway({
        tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
        amqp: { listener: { anonymousTenant: 'acme' } },
        stateNamespace,
        config: { cluster: { stateNamespace } },
      }),
    );
  }
  [one, other] = (await Promise.all(gateways.map(opened))) as [Amqp091Wire, Amqp091Wire];
  await other.confirms();
}, timeoutMs);

afterAll(async () => {
  for (const wire of wires) wire.cut();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

describe('what is declared at one gateway', () => {
  it('is known to who publishes at another as soon as it is answered', async () => {
    const names = Array.from({ length: 10 }, (_, at) => `now-${at}`);
    for (const name of names) {
      await one.declare(name);
      publishMandatory(other, '', name, 'by the default exchange');
      await one.call(exchangeDeclare(name, 'topic'), 'exchange.declare-ok');
      publishMandatory(other, name, 'a.b', 'comes to no queue');
      await other.first('basic.return', ({ exchange: to }) => to === name);
      await one.call(queueBind(name, name, 'a.*'), 'queue.bind-ok');
      publishMandatory(other, name, 'a.b', 'by a binding');
    }
    await other.first('basic.ack', ({ deliveryTag }) => deliveryTag === 3 * names.length);
    expect([other.has('basic.return'), other.has('basic.nack')]).toEqual([false, false]);
    const topic = `persistent://${namespace}/now-9-partition-0`;
    const stored = await oracleRead(testPulsar.serviceUrl, topic, 2);
    expect(stored.map(({ valueBase64 }) => Buffer.from(valueBase64 ?? '', 'base64').toString())).toEqual([
      ...['by the default exchange', 'by a binding'],
    ]);
  }, 60_000);
});

describe('what is confirmed', () => {
  it('is there in order, though the topic moves meanwhile', async () => {
    const wire = await opened(gateways[0]!);
    await wire.declare('moving');
    await wire.confirms();
    const count = 3_000;
    const publish = (from: number, to: number) => {
      for (let at = from; at < to; at++) wire.publish('', 'moving', String(at), { messageId: String(at) });
    };
    publish(0, 1_000);
    const path = `/persistent/${namespace}/moving-partition-0`;
    await wire.first('basic.ack');
    const unloaded = pulsarAdmin('PUT', `${path}/unload`);
    publish(1_000, count);
    await unloaded;
    await wire.first('basic.ack', ({ deliveryTag }) => deliveryTag === count);
    expect(wire.has('basic.nack')).toBe(false);
    const stored = await oracleRead(
      testPulsar.serviceUrl,
      `persistent://${namespace}/moving-partition-0`,
      count,
    );
    const numbers = stored.map(({ valueBase64 }) =>
      Number(Buffer.from(valueBase64 ?? '', 'base64').toString()),
    );
    // What was on its way when it moved may be there twice; nothing comes before what was published before it.
    const first = [...new Set(numbers)];
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(first[0]).toBe(0);
  }, 60_000);

  it('may be delayed by an exchange', async () => {
    const type: FieldTable = [['x-delayed-type', textField('direct')]];
    await one.call(exchangeDeclare('later', 'x-delayed-message', type), 'exchange.declare-ok');
    await one.declare('delayed');
    await one.call(queueBind('delayed', 'later', 'k'), 'queue.bind-ok');
    const delayed = (ms: number) => ({ headers: encodeFieldTable([['x-delay', { tag: 'I', value: ms }]]) });
    const begun = Date.now();
    one.publish('later', 'k', 'last', delayed(1_500));
    one.publish('later', 'k', 'first', delayed(0));
    const [host, port] = gateways[1]!.amqp.tcp.split(':');
    const connection = rhea
      .create_container()
      .connect({ host, port: Number(port), reconnect: false } as never);
    const came: string[] = [];
    await new Promise<void>((resolve) => {
      connection.on('message', ({ message }) => {
        came.push((message as unknown as { body: { content: Buffer } }).body.content.toString());
        if (came.length === 2) resolve();
      });
      connection.open_receiver({ source: { address: '/queues/delayed' } });
    });
    connection.close();
    expect(came).toEqual(['first', 'last']);
    expect(Date.now() - begun).toBeGreaterThan(1_400);
  }, 60_000);
});
