import Table from 'cli-table3';
import { runGateway } from '#apps/gateway';
import { type DeviceReading, devicesTopic, publishFromDevices } from '../demo/demo-devices.js';
import { type CrossedRecord, crossProtocols, type QueuedJob, shareJobs } from '../demo/demo-queue.js';
import { type GroupReading, readWithGroup } from '../demo/demo-group.js';
import { type DemoTask, shareTasks, tasksExchange, tasksQueue } from '../demo/demo-tasks.js';
import {
  demoConfig,
  demoFacts,
  demoFile,
  demoPassword,
  type DemoFacts,
  writeDemoFacts,
} from '../demo/demo-settings.js';
import {
  produceWithKafka,
  readFromPulsar,
  type SentRecord,
  type StoredMessage,
} from '../demo/demo-records.js';
import { isPortFree, obtainPulsar } from '../pulsar-standalone/index.js';

export interface DemoOptions {
  readonly once?: boolean;
  readonly serviceUrl?: string;
  readonly adminUrl?: string;
  readonly wipe?: boolean;
  readonly kafkaPort: number;
  readonly mqttPort: number;
  readonly amqpPort: number;
  readonly adminPort: number;
  readonly pulsarPort: number;
  readonly pulsarAdminPort: number;
}

const recordCount = 8;
const topic = 'orders';
const group = 'billing';
/** The broker's clock, by which records are found again, may be that much behind ours. */
const clockDifferenceMsMax = 60_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `pulsegate demo`: Pulsar, the gateway, records that go in by Kafka and come out by Pulsar and by a Kafka consumer group,
 * what devices publish over MQTT, read by an MQTT subscriber and by Kafka, queues of AMQP 1.0 and of RabbitMQ clients, and a record
 * that crosses.
 */
export async function demoCommand(options: DemoOptions): Promise<number> {
  await requireFreePorts(options);
  const pulsar = await obtainPulsar({
    serviceUrl: options.serviceUrl,
    adminUrl: options.adminUrl,
    wipe: options.wipe,
    binaryPort: options.pulsarPort || undefined,
    httpPort: options.pulsarAdminPort || undefined,
    onProgress: say,
    onUnexpectedEnd: (how) => say(`The embedded Pulsar ended by itself: ${how}`),
  });
  try {
    return await runDemo(options, pulsar);
  } finally {
    say('Stopping Pulsar');
    await pulsar.stop();
  }
}

/** Asked first: it is known at once, and Pulsar takes a while to start. */
async function requireFreePorts(options: DemoOptions): Promise<void> {
  const wanted: [string, number][] = [
    ['--kafka-port', options.kafkaPort],
    ['--mqtt-port', options.mqttPort],
    ['--amqp-port', options.amqpPort],
    ['--admin-port', options.adminPort],
  ];
  if (options.serviceUrl === undefined) {
    wanted.push(['--pulsar-port', options.pulsarPort], ['--pulsar-admin-port', options.pulsarAdminPort]);
  }
  for (const [option, port] of wanted) {
    if (port === 0 || (await isPortFree(port))) continue;
    const existing = option.startsWith('--pulsar')
      ? ', or use the Pulsar that is there with --service-url'
      : '';
    throw new Error(
      `port ${port} on 127.0.0.1 is in use: stop what listens there, choose another with ${option}${existing}`,
    );
  }
}

async function runDemo(
  options: DemoOptions,
  pulsar: { serviceUrl: string; adminUrl: string },
): Promise<number> {
  const password = demoPassword();
  const { kafkaPort, mqttPort, amqpPort, adminPort } = options;
  say('Gateway: starting with the demo tenant');
  const gateway = await runGateway(
    await demoConfig({ ...pulsar, password, kafkaPort, mqttPort, amqpPort, adminPort }),
  );
  try {
    const kafka = gateway.endpoint('kafka');
    const mqtt = gateway.endpoint('mqtt');
    const amqp = gateway.endpoint('amqp');
    const facts = demoFacts(password, pulsar, { kafka, mqtt, amqp, admin: gateway.adminUrl });
    say(`Gateway: Kafka clients connect to ${kafka}, MQTT clients to ${mqtt}, AMQP clients to ${amqp}`);
    say(
      `Producing ${recordCount} records with kafkajs, then reading them through Pulsar and with the Kafka consumer group ${group}`,
    );
    const publishedSinceMs = Date.now() - clockDifferenceMsMax;
    const sent = await produceWithKafka(kafka, topic, recordCount);
    const [stored, read] = await Promise.all([
      readFromPulsar(pulsar, facts.namespace, topic, sent, publishedSinceMs),
      readWithGroup(kafka, group, topic, sent),
    ]);
    say(recordTable(sent, stored, read));
    writeDemoFacts(facts);
    requireSame(sent, stored, read);
    say(`All ${sent.length} records are in Pulsar as they were sent.`);
    say(groupTable(read));
    say(`The Kafka consumer group ${group} has read and committed all of them: lag 0.`);
    say('Devices publish over MQTT; an MQTT subscriber and a Kafka consumer read what they say');
    say(deviceTable(await publishFromDevices(mqtt, kafka)));
    say(`What they published is the Kafka topic ${devicesTopic}.`);
    say('An AMQP 1.0 client sends jobs to a queue, which two others share');
    say(jobTable(await shareJobs(amqp)));
    say(
      `A RabbitMQ client publishes tasks to the exchange ${tasksExchange}; two others work on the queue ${tasksQueue}`,
    );
    say(taskTable(await shareTasks(amqp)));
    say(
      'One record crosses: a Kafka producer writes it, an MQTT subscriber and an AMQP receiver are given it',
    );
    say(crossingTable(await crossProtocols(kafka, mqtt, amqp)));
    say(endpointTable(facts));
    if (options.once) return 0;
    say('Running. Ctrl-C ends the gateway and Pulsar.');
    await gateway.stopped;
    return 0;
  } finally {
    await gateway.stop();
  }
}

/** @throws Error when a record was not read as it was sent */
function requireSame(
  sent: readonly SentRecord[],
  stored: ReadonlyMap<SentRecord, StoredMessage>,
  { records }: GroupReading,
): void {
  for (const record of sent) {
    const message = stored.get(record);
    const same = (read: { key?: string | null; value?: string } | undefined) =>
      read?.key === record.key && read.value === record.value;
    if (!same(message) || message?.index !== record.kafkaOffset) {
      throw new Error('what Pulsar holds differs from what was sent');
    }
    if (!same(records.get(record))) throw new Error('what the group read differs from what was sent');
  }
}

function recordTable(
  sent: readonly SentRecord[],
  stored: ReadonlyMap<SentRecord, StoredMessage>,
  { records }: GroupReading,
): string {
  const table = new Table({
    head: [
      'sent by Kafka',
      'partition',
      'offset',
      'found in Pulsar topic',
      'message id',
      'index',
      'key',
      'value',
      'group member',
    ],
    style: { head: [], border: [] },
  });
  for (const record of sent) {
    const message = stored.get(record);
    table.push([
      message?.source ?? 'kafkajs',
      record.kafkaPartition,
      record.kafkaOffset,
      message?.topic.replace('persistent://', '') ?? 'missing',
      message?.messageId ?? '',
      message?.index ?? '',
      message?.key ?? '',
      message?.value ?? '',
      records.get(record)?.member ?? 'missing',
    ]);
  }
  return table.toString();
}

function deviceTable(readings: readonly DeviceReading[]): string {
  const head = [
    'published to MQTT topic',
    'payload',
    'MQTT subscriber',
    'Kafka partition',
    'offset',
    'Kafka key',
  ];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { mqttTopic, payload, subscriber, kafka } of readings) {
    const place = kafka ?? { partition: 'missing', offset: '', key: '' };
    table.push([
      mqttTopic,
      payload,
      subscriber ? 'got it' : 'missing',
      place.partition,
      place.offset,
      place.key,
    ]);
  }
  return table.toString();
}

function jobTable(jobs: readonly QueuedJob[]): string {
  const head = ['sent to the AMQP queue', 'answer to the sender', 'received and accepted by'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { body, outcome, worker } of jobs) table.push([body, outcome ?? '', worker ?? 'missing']);
  return table.toString();
}

function taskTable(tasks: readonly DemoTask[]): string {
  const head = ['published by amqplib', 'routing key', 'answer to the publisher', 'acknowledged by'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { body, routingKey, confirmed, worker } of tasks) {
    table.push([body, routingKey, confirmed ? 'confirmed' : 'missing', worker ?? 'missing']);
  }
  return table.toString();
}

function crossingTable({ key, value, kafka, mqttTopic, amqpAddress }: CrossedRecord): string {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['Kafka record', `${kafka}, key ${key}: ${value}`],
    ['MQTT topic', mqttTopic],
    ['AMQP address', amqpAddress],
  );
  return table.toString();
}

function groupTable({ partitions }: GroupReading): string {
  const head = ['group', 'topic', 'partition', 'committed', 'end', 'lag'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { partition, committed, end, lag } of partitions) {
    table.push([group, topic, partition, committed < 0 ? 'nothing' : committed, end, lag]);
  }
  return table.toString();
}

function endpointTable(facts: DemoFacts): string {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['Kafka', `${facts.kafka}  (without credentials, or SASL/PLAIN)`],
    ['AMQP 1.0, AMQP 0-9-1', `${facts.amqp}  (one port for both; without credentials, or SASL PLAIN)`],
    ['MQTT', `${facts.mqtt}  (without credentials, or with user name and password)`],
    ['user, password', `${facts.username}  ${facts.password}`],
    ['tenant, namespace', `${facts.tenant}  ${facts.namespace}`],
    ['Pulsar', `${facts.pulsarServiceUrl}  ${facts.pulsarAdminUrl}`],
    ['health, metrics', `${facts.admin}/health/ready  ${facts.admin}/metrics`],
    ['the same as JSON', demoFile],
  );
  return table.toString();
}
