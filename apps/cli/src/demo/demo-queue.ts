import { randomBytes } from 'node:crypto';
import mqtt from 'mqtt';
import rhea, { type Connection, type EventContext, type Message, type Sender } from 'rhea';
import { devicesTopic } from './demo-devices.js';
import { demoKafka } from './demo-kafka.js';

/** A message that one AMQP client sent and another received. */
export interface QueuedJob {
  readonly body: string;
  /** What the gateway answered the sender, after Pulsar's receipt. */
  outcome: string | undefined;
  /** The receiver that was given it, and accepted it. */
  worker: string | undefined;
}

/** One record of a Kafka producer, as clients of the other protocols met it. */
export interface CrossedRecord {
  readonly key: string;
  readonly value: string;
  /** Where the producer was told that it is. */
  readonly kafka: string;
  readonly mqttTopic: string;
  readonly amqpAddress: string;
}

const queue = '/queues/jobs';
const alarmKey = `${devicesTopic}/thermometer-1/alarm`;
const alarmAddress = `/topics/${devicesTopic}`;
const workers = ['worker-1', 'worker-2'];
const jobCount = 4;
const timeoutMs = 30_000;

/**
 * An AMQP 1.0 sender fills a queue that two receivers share.
 *
 * @throws Error when not all was received within 30 s
 */
export function shareJobs(amqpEndpoint: string): Promise<QueuedJob[]> {
  const run = randomBytes(3).toString('hex');
  const jobs = Array.from({ length: jobCount }, (_, at): QueuedJob => {
    return { body: `job ${at + 1} of ${run}`, outcome: undefined, worker: undefined };
  });
  return withAmqp(amqpEndpoint, 'the jobs of the queue were not all received', async (connect) => {
    const done = Promise.withResolvers<void>();
    const check = () => {
      if (jobs.every(({ outcome, worker }) => outcome !== undefined && worker !== undefined)) done.resolve();
    };
    for (const worker of workers) {
      const receiver = (await connect(worker)).open_receiver({ source: queue, credit_window: 1 });
      receiver.on('message', ({ message }: EventContext) => {
        const job = jobs.find(({ body }) => body === textOf(message));
        if (job !== undefined) job.worker = worker;
        check();
      });
      await opened(receiver, 'receiver_open');
    }
    const sender: Sender = (await connect('dispatcher')).open_sender(queue);
    await opened(sender, 'sender_open');
    const sent = new Map<number, QueuedJob>();
    sender.on('accepted', ({ delivery }: EventContext) => {
      const job = delivery && sent.get(delivery.id);
      if (job !== undefined) job.outcome = 'accepted';
      check();
    });
    for (const job of jobs) sent.set(sender.send({ body: job.body }).id, job);
    await done.promise;
    return jobs;
  });
}

/**
 * A Kafka producer writes a record, which an MQTT subscriber and an AMQP receiver are given.
 *
 * @throws Error when one of them did not get it within 30 s
 */
export function crossProtocols(
  bootstrap: string,
  mqttEndpoint: string,
  amqpEndpoint: string,
): Promise<CrossedRecord> {
  const value = `21.5 degrees are too much (${randomBytes(3).toString('hex')})`;
  return withAmqp(amqpEndpoint, 'a Kafka record did not reach MQTT and AMQP clients', async (connect) => {
    const receiver = (await connect('alarm-center')).open_receiver(alarmAddress);
    const byAmqp = new Promise<string>((resolve) => {
      receiver.on('message', ({ message }: EventContext) => {
        if (textOf(message) === value) resolve(`${alarmAddress}, ${annotatedKey(message)}`);
      });
    });
    await opened(receiver, 'receiver_open');
    const subscriber = await mqtt.connectAsync(`mqtt://${mqttEndpoint}`, { reconnectPeriod: 0 });
    const producer = demoKafka(bootstrap, 'pulsegate-demo-alarms').kafka.producer();
    try {
      const byMqtt = new Promise<string>((resolve) => {
        subscriber.on('message', (topic, payload) => payload.toString() === value && resolve(topic));
      });
      await subscriber.subscribeAsync(`${devicesTopic}/+/alarm`, { qos: 1 });
      await producer.connect();
      const [stored] = await producer.send({
        topic: devicesTopic,
        messages: [{ key: alarmKey, value }],
      });
      const kafka = `${devicesTopic}-${stored?.partition} offset ${stored?.baseOffset}`;
      const [mqttTopic, amqpAddress] = await Promise.all([byMqtt, byAmqp]);
      return { key: alarmKey, value, kafka, mqttTopic, amqpAddress };
    } finally {
      await Promise.all([producer.disconnect(), subscriber.endAsync(true)]);
    }
  });
}

/** Gives `use` connections, by container id, and closes them at its end. */
async function withAmqp<T>(
  endpoint: string,
  failure: string,
  use: (connect: (containerId: string) => Promise<Connection>) => Promise<T>,
): Promise<T> {
  const [host = '', port] = endpoint.split(':');
  const container = rhea.create_container();
  const connections: Connection[] = [];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${timeoutMs} ms`)), timeoutMs);
  const connect = async (containerId: string) => {
    const connection = container.connect({
      ...{ host, port: Number(port), container_id: containerId },
      ...{ username: 'anonymous', reconnect: false },
    });
    connections.push(connection);
    await opened(connection, 'connection_open');
    return connection;
  };
  try {
    return await Promise.race([use(connect), late.promise]);
  } catch (error) {
    throw new Error(failure, { cause: error });
  } finally {
    clearTimeout(timer);
    for (const connection of connections) connection.close();
  }
}

/** Rejects where the other side refuses. */
function opened(
  from: { once(event: string, listener: (context: EventContext) => void): unknown },
  event: string,
): Promise<EventContext> {
  return new Promise((resolve, reject) => {
    from.once(event, resolve);
    for (const refusal of ['receiver_close', 'sender_close', 'connection_close', 'disconnected']) {
      from.once(refusal, ({ error, connection }) =>
        reject(new Error(`${refusal}: ${String(error ?? connection?.error)}`)),
      );
    }
  });
}

/** The body: rhea gives text as it is, and bytes, which are what Kafka records become, as a section. */
function textOf(message: Message | undefined): string {
  const body: unknown = message?.body;
  if (typeof body === 'string') return body;
  const { content } = (body ?? {}) as { content?: Buffer };
  return content?.toString() ?? '';
}

/** The Kafka key, where AMQP clients find it. */
function annotatedKey(message: Message | undefined): string {
  return `x-opt-partition-key ${message?.message_annotations?.['x-opt-partition-key']}`;
}
