// One sender and one receiver of a tenant, by the stock client of each protocol.
import { Buffer } from 'node:buffer';
import amqplib from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import mqtt, { type IPublishPacket } from 'mqtt';
import rhea, { type EventContext } from 'rhea';
import type { TestGateway } from '../support/gateway.js';

export type Headers = Readonly<Record<string, string>>;
type OnMessage = (body: Buffer, headers: Headers) => void;

export interface ProtocolLine {
  /** Resolves when it is acknowledged; rejects when it is not. */
  send(body: Buffer, headers?: Headers): Promise<void>;
  close(): Promise<unknown>;
}

export interface LineEnds {
  readonly tenant: string;
  /** Of its user `app`. */
  readonly password: string;
  /** What it sends to. */
  readonly name: string;
}

type OpenLine = (gateway: TestGateway, ends: LineEnds, onMessage: OnMessage) => Promise<ProtocolLine>;

const kafkaLine: OpenLine = async (gateway, { tenant, password, name }, onMessage) => {
  const kafka = new Kafka({
    ...{ brokers: [gateway.kafka], clientId: name, logLevel: logLevel.NOTHING },
    sasl: { mechanism: 'plain', username: `${tenant}/app`, password },
  });
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: name })];
  await producer.connect();
  await producer.send({ topic: name, messages: [{ value: Buffer.alloc(0) }] });
  await consumer.connect();
  await consumer.subscribe({ topic: name, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([key, header]) => [key, String(header)]);
      if (value && value.length > 0) onMessage(value, Object.fromEntries(texts));
    },
  });
  return {
    send: async (value, headers) => {
      await producer.send({ topic: name, messages: [{ value, ...(headers && { headers }) }] });
    },
    close: () => Promise.all([producer.disconnect(), consumer.disconnect()]),
  };
};

const mqttLine: OpenLine = async (gateway, { tenant, password, name }, onMessage) => {
  const client = await mqtt.connectAsync(`mqtt://${gateway.mqtt.tcp}`, {
    ...{ username: `${tenant}/app`, password, protocolVersion: 5, reconnectPeriod: 100 },
  });
  client.on('error', () => {});
  client.on('message', (_topic, body, { properties }: IPublishPacket) => {
    onMessage(body, { ...(properties?.userProperties as Headers | undefined) });
  });
  await client.subscribeAsync(`${name}/#`, { qos: 1 });
  return {
    send: async (body, headers) => {
      const properties = headers && { userProperties: { ...headers } };
      await client.publishAsync(`${name}/x`, body, { qos: 1, ...(properties && { properties }) });
    },
    close: () => client.endAsync(true),
  };
};

const amqpLine: OpenLine = async (gateway, { tenant, password, name }, onMessage) => {
  const [host = '', port] = gateway.amqp.tcp.split(':');
  const connection = rhea.create_container().connect({
    ...{ host, port: Number(port), username: `${tenant}/app`, password },
  });
  connection.on('message', ({ message }: EventContext) => {
    onMessage(message!.body.content as Buffer, { ...message!.application_properties });
  });
  connection.open_receiver(`/queues/${name}-amqp`);
  const sender = connection.open_sender(`/queues/${name}-amqp`);
  await new Promise((resolve) => connection.once('sendable', resolve));
  const unsettled = new Map<unknown, PromiseWithResolvers<void>>();
  for (const outcome of ['accepted', 'rejected', 'released', 'modified'] as const) {
    connection.on(outcome, ({ delivery }: EventContext) => {
      const done = unsettled.get(delivery);
      unsettled.delete(delivery);
      if (outcome === 'accepted') done?.resolve();
      else done?.reject(new Error(outcome));
    });
  }
  return {
    send: (body, headers) => {
      const done = Promise.withResolvers<void>();
      const message = { body: rhea.message.data_section(body), application_properties: { ...headers } };
      unsettled.set(sender.send(message), done);
      return done.promise;
    },
    close: async () => connection.close(),
  };
};

const amqp091Line: OpenLine = async (gateway, { tenant, password, name }, onMessage) => {
  const [hostname = '', port] = gateway.amqp.tcp.split(':');
  const login = { hostname, port: Number(port), username: `${tenant}/app`, password };
  const connection = await amqplib.connect(login, { noDelay: true });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  await channel.assertQueue(`${name}-091`);
  await channel.consume(`${name}-091`, (message) => {
    if (message === null) return;
    channel.ack(message);
    onMessage(message.content, { ...message.properties.headers });
  });
  return {
    send: (body, headers) =>
      new Promise((resolve, reject) => {
        channel.sendToQueue(`${name}-091`, body, { headers: { ...headers } }, (error) =>
          error ? reject(error as Error) : resolve(),
        );
      }),
    close: () => connection.close(),
  };
};

export const protocolLines: readonly (readonly [string, OpenLine])[] = [
  ['Kafka', kafkaLine],
  ['MQTT', mqttLine],
  ['AMQP 1.0', amqpLine],
  ['AMQP 0-9-1', amqp091Line],
];
