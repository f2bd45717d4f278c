// The conformance consumer for @platformatic/kafka.
import { Consumer } from '@platformatic/kafka';
import { type ConsumerJob, type JobReading, serveConsumerJobs } from '../../support/consumer-job.js';
import type { ProducerConnection } from '../../support/producer-job.js';

async function consume(job: ConsumerJob, connection: ProducerConnection, reading: JobReading): Promise<void> {
  const { username, password } = connection;
  const anonymous = job.security === 'anonymous';
  const consumer = new Consumer({
    clientId: 'conformance-platformatic',
    groupId: job.id,
    bootstrapBrokers: [anonymous ? connection.anonymousBootstrap : connection.plainBootstrap],
    retries: 3,
    ...(job.protocol === 'consumer' ? { groupProtocol: 'consumer' as const } : {}),
    ...(anonymous ? {} : { sasl: { mechanism: 'PLAIN' as const, username, password } }),
  });
  try {
    const stream = await consumer.consume({
      topics: [job.topic],
      mode: 'committed',
      fallbackMode: 'earliest',
    });
    stream.on('error', (error: Error) => reading.fail(error));
    stream.on('data', ({ partition, offset, timestamp, key, value, headers }) => {
      if (reading.done) return;
      const pairs = [...headers].map(([name, each]): [Buffer, Buffer | null] => [name, each ?? null]);
      reading.add({ partition, offset, timestamp, key: key ?? null, value: value ?? null, headers: pairs });
    });
    try {
      await reading.ended;
    } finally {
      await stream.close();
    }
  } finally {
    await consumer.close(true);
  }
}

await serveConsumerJobs('@platformatic/kafka', consume);
