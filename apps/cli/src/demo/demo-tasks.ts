import { randomBytes } from 'node:crypto';
import { type ChannelModel, connect } from 'amqplib';

/** A message that a RabbitMQ publisher sent to an exchange and a worker took from a queue. */
export interface DemoTask {
  readonly routingKey: string;
  readonly body: string;
  /** The publisher was told that it is stored. */
  confirmed: boolean;
  /** The worker that was given it, and acknowledged it. */
  worker: string | undefined;
}

export const tasksExchange = 'work';
export const tasksQueue = 'tasks';
const bindingKey = 'task.#';
const kinds = ['task.mail', 'task.resize', 'task.mail', 'task.report'];
const workers = ['worker-1', 'worker-2'];
const timeoutMs = 30_000;

/**
 * A RabbitMQ client (amqplib) publishes tasks to a topic exchange with confirms; two others consume the queue behind it, one
 * message at a time.
 *
 * @throws Error when not all were confirmed and consumed within 30 s
 */
export async function shareTasks(amqpEndpoint: string): Promise<DemoTask[]> {
  const run = randomBytes(3).toString('hex');
  const tasks = kinds.map((routingKey, at): DemoTask => {
    return { routingKey, body: `task ${at + 1} of ${run}`, confirmed: false, worker: undefined };
  });
  const connections: ChannelModel[] = [];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${timeoutMs} ms`)), timeoutMs);
  const opened = async (): Promise<ChannelModel> => {
    const connection = await connect(`amqp://${amqpEndpoint}`);
    connection.on('error', late.reject);
    connections.push(connection);
    return connection;
  };
  try {
    await Promise.race([publishAndConsume(opened, tasks), late.promise]);
    return tasks;
  } catch (error) {
    throw new Error('the tasks of the RabbitMQ publisher did not reach the workers', { cause: error });
  } finally {
    clearTimeout(timer);
    await Promise.all(connections.map((connection) => connection.close().catch(() => {})));
  }
}

async function publishAndConsume(
  opened: () => Promise<ChannelModel>,
  tasks: readonly DemoTask[],
): Promise<void> {
  const publisher = await (await opened()).createConfirmChannel();
  await publisher.assertExchange(tasksExchange, 'topic', { durable: true });
  await publisher.assertQueue(tasksQueue, { durable: true });
  await publisher.bindQueue(tasksQueue, tasksExchange, bindingKey);
  const consumed = Promise.withResolvers<void>();
  for (const worker of workers) {
    const channel = await (await opened()).createChannel();
    await channel.prefetch(1);
    await channel.consume(tasksQueue, (message) => {
      if (message === null) return;
      const task = tasks.find(({ body }) => body === message.content.toString());
      if (task !== undefined) task.worker = worker;
      channel.ack(message);
      if (tasks.every((each) => each.worker !== undefined)) consumed.resolve();
    });
  }
  for (const task of tasks) {
    publisher.publish(
      tasksExchange,
      task.routingKey,
      Buffer.from(task.body),
      { persistent: true },
      (error) => {
        task.confirmed = error === null;
      },
    );
  }
  await Promise.all([publisher.waitForConfirms(), consumed.promise]);
}
