// What one user of each protocol changes for all, beside what is ordinary, with stock clients where there are any.
import { Buffer } from 'node:buffer';
import amqplib from 'amqplib';
import kafkajs from 'kafkajs';
import {
  alterClientQuotasApi,
  alterUserScramCredentialsApi,
  offsetDeleteApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from '#libs/kafka-codec';
import { openAmqpWire } from '../../support/amqp-wire.js';
import type { TestGateway } from '../../support/gateway.js';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { TestMqttClient } from '../../support/mqtt-client.js';
import { upsertion } from '../../support/scram-users.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } =
  kafkajs;

export interface Credentials {
  /** With the tenant. */
  readonly username: string;
  readonly password: string;
}

interface Changes {
  make(gateway: TestGateway, credentials: Credentials): Promise<void>;
  /** Actions, and the names of what they were done to. */
  readonly recorded: readonly string[];
}

const acl = {
  ...{ resourceType: AclResourceTypes.TOPIC, resourceName: 'k1' },
  ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:someone', host: '*' },
  ...{ operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.ALLOW },
};
const aclText = 'allow user:someone consume topic literal "k1"';

async function loggedIn(gateway: TestGateway, { username, password }: Credentials): Promise<KafkaSocket> {
  const socket = await KafkaSocket.open(gateway.kafka);
  await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
  await socket.call(saslAuthenticateApi, 2, { authBytes: Buffer.from(`\0${username}\0${password}`) });
  return socket;
}

async function changeByKafka(gateway: TestGateway, credentials: Credentials): Promise<void> {
  const sasl = { mechanism: 'plain' as const, ...credentials };
  const kafka = new Kafka({ brokers: [gateway.kafka], sasl, logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic: 'k1' }], validateOnly: true, waitForLeaders: false });
  await admin.createTopics({ topics: [{ topic: 'k1' }] });
  await producer.send({ topic: 'k1', messages: [{ value: 'ordinary' }] });
  await producer.send({ topic: 'k2', messages: [{ value: 'makes it' }] });
  await admin.createPartitions({ topicPartitions: [{ topic: 'k1', count: 2 }] });
  const configEntries = [{ name: 'retention.ms', value: '1000000' }];
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: 'k1', configEntries }] });
  await admin.deleteTopicRecords({ topic: 'k1', partitions: [{ partition: 0, offset: '-1' }] });
  await admin.setOffsets({ groupId: 'g', topic: 'k1', partitions: [{ partition: 0, offset: '0' }] });
  const socket = await loggedIn(gateway, credentials);
  const partitions = [{ partitionIndex: 0 }];
  await socket.call(offsetDeleteApi, 0, { groupId: 'g', topics: [{ name: 'k1', partitions }] });
  await admin.deleteGroups(['g']);
  await admin.createAcls({ acl: [acl] });
  await admin.deleteAcls({ filters: [acl] });
  const upsertions = [upsertion('scram', 'never said')];
  await socket.call(alterUserScramCredentialsApi, 0, { deletions: [], upsertions });
  const entity = [{ entityType: 'client-id', entityName: 'c' }];
  const ops = [{ key: 'producer_byte_rate', value: 1e9, remove: false }];
  await socket.call(alterClientQuotasApi, 1, { entries: [{ entity, ops }] });
  await admin.deleteTopics({ topics: ['k1'] });
  socket.destroy();
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

async function changeByMqtt(gateway: TestGateway, credentials: Credentials): Promise<void> {
  const connect = () => TestMqttClient.connect(gateway, { ...credentials, clientId: 'device' });
  const device = await connect();
  await device.client.subscribeAsync('m1/#');
  await device.publish('m1/a', ['makes it', 'ordinary']);
  await device.publish('m1/b', ['of the same Pulsar topic'], 2);
  await device.end();
  const sleeper = await TestMqttClient.connect(gateway, {
    ...{ ...credentials, clientId: 'sleeper', clean: false, properties: { sessionExpiryInterval: 60 } },
    will: { topic: 'm3/will', payload: Buffer.from('makes it'), qos: 1, retain: false },
  });
  await sleeper.publish('m2/a', ['makes it'], 2);
  sleeper.client.stream.destroy();
}

async function changeByAmqp(gateway: TestGateway, credentials: Credentials): Promise<void> {
  const wire = await openAmqpWire(gateway.amqp.tcp);
  await wire.open({ user: credentials.username, password: credentials.password, containerId: 'c' });
  await wire.begin();
  await wire.attachSender('/topics/a1', { name: 'one' });
  await wire.attachSender('/topics/a1', { name: 'again', handle: 1 });
  await wire.attachReceiver('/queues/a2', { name: 'two', handle: 2 });
  await wire.attachSender('/queues/a2', { name: 'ordinary', handle: 3 });
  await wire.close();
}

async function changeByAmqp091(gateway: TestGateway, { username, password }: Credentials): Promise<void> {
  const user = `${encodeURIComponent(username)}:${password}`;
  const connection = await amqplib.connect(`amqp://${user}@${gateway.amqp.tcp}`);
  const channel = await connection.createChannel();
  await channel.assertExchange('x', 'direct');
  await channel.assertExchange('x', 'direct');
  await channel.assertQueue('q');
  await channel.assertQueue('q');
  const own = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(own.queue, 'x', 'own');
  for (let time = 0; time < 2; time++) await channel.bindQueue('q', 'x', 'key');
  await channel.bindExchange('x', 'amq.topic', 'a.*');
  await channel.consume('q', () => {}, { noAck: true });
  channel.publish('x', 'key', Buffer.from('ordinary'));
  await channel.purgeQueue('q');
  await channel.unbindExchange('x', 'amq.topic', 'a.*');
  for (let time = 0; time < 2; time++) await channel.unbindQueue('q', 'x', 'key');
  for (let time = 0; time < 2; time++) await channel.deleteQueue('q');
  for (let time = 0; time < 2; time++) await channel.deleteExchange('x');
  await connection.close();
}

export const changes: Readonly<Record<'kafka' | 'mqtt' | 'amqp' | 'amqp091', Changes>> = {
  kafka: {
    make: changeByKafka,
    recorded: [
      ...['topic.create k1', 'topic.create k2', 'topic.add-partitions k1', 'topic.alter-configs k1'],
      ...['topic.delete-records k1', 'group.delete-offsets g', 'group.delete g'],
      ...[`acl.create ${aclText}`, `acl.delete ${aclText}`, 'user.change-scram scram'],
      ...['quota.alter client-id c', 'topic.delete k1'],
    ],
  },
  mqtt: { make: changeByMqtt, recorded: ['topic.create m1', 'topic.create m2', 'topic.create m3'] },
  amqp: { make: changeByAmqp, recorded: ['topic.create a1', 'queue.create a2'] },
  amqp091: {
    make: changeByAmqp091,
    recorded: [
      ...['exchange.create x', 'queue.create q'],
      ...['binding.create x to queue q by key', 'binding.create amq.topic to exchange x by a.*'],
      'queue.purge q',
      ...['binding.delete amq.topic to exchange x by a.*', 'binding.delete x to queue q by key'],
      ...['queue.delete q', 'exchange.delete x'],
    ],
  },
};
