import { randomBytes } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { demoKafka } from './demo-kafka.js';

/** What one device published, and where it was met. */
export interface DeviceReading {
  readonly mqttTopic: string;
  readonly payload: string;
  /** The MQTT subscriber was given it. */
  subscriber: boolean;
  /** Where a Kafka consumer met it; undefined: it did not. */
  kafka: { readonly partition: number; readonly offset: string; readonly key: string } | undefined;
}

/** The Kafka topic, and Pulsar's: the first level of the devices' MQTT topics. */
export const devicesTopic = 'devices';
const devices = ['thermometer-1', 'thermometer-2'];
const readingsPerDevice = 2;
const timeoutMs = 30_000;

/**
 * Devices publish over MQTT at QoS 1, an MQTT subscriber and a Kafka consumer read what they say.
 *
 * @throws Error when one of them did not get everything within 30 s
 */
export async function publishFromDevices(mqttEndpoint: string, bootstrap: string): Promise<DeviceReading[]> {
  const url = `mqtt://${mqttEndpoint}`;
  const clients: MqttClient[] = [];
  const connect = async (clientId: string) => {
    const client = await mqtt.connectAsync(url, { clientId, protocolVersion: 5, reconnectPeriod: 0 });
    clients.push(client);
    return client;
  };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${timeoutMs} ms`)), timeoutMs);
  const run = randomBytes(3).toString('hex');
  try {
    const readings = new Map<string, DeviceReading>();
    const heard = Promise.withResolvers<void>();
    const dashboard = await connect(`demo-dashboard-${run}`);
    dashboard.on('message', (_, payload) => {
      const reading = readings.get(payload.toString());
      if (reading !== undefined) reading.subscriber = true;
      if (readings.size > 0 && [...readings.values()].every((each) => each.subscriber)) heard.resolve();
    });
    await dashboard.subscribeAsync(`${devicesTopic}/+/temperature`, { qos: 1 });
    for (const [at, device] of devices.entries()) {
      const client = await connect(`demo-${device}-${run}`);
      for (let number = 1; number <= readingsPerDevice; number += 1) {
        const payload = JSON.stringify({ celsius: 20 + at + number / 2, run });
        const mqttTopic = `${devicesTopic}/${device}/temperature`;
        readings.set(payload, { mqttTopic, payload, subscriber: false, kafka: undefined });
        await client.publishAsync(mqttTopic, payload, { qos: 1 });
      }
    }
    await Promise.race([Promise.all([heard.promise, readWithKafka(bootstrap, readings)]), late.promise]);
    return [...readings.values()];
  } catch (error) {
    throw new Error('what devices publish over MQTT did not reach everybody', { cause: error });
  } finally {
    clearTimeout(timer);
    await Promise.all(clients.map((client) => client.endAsync(true)));
  }
}

/** Reads the topic from its beginning until all are found. */
async function readWithKafka(bootstrap: string, readings: ReadonlyMap<string, DeviceReading>): Promise<void> {
  const { kafka } = demoKafka(bootstrap, 'pulsegate-demo-analytics');
  const consumer = kafka.consumer({ groupId: 'analytics' });
  const found = Promise.withResolvers<void>();
  let left = readings.size;
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: devicesTopic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message: { key, value, offset } }) => {
        const reading = readings.get(value?.toString() ?? '');
        if (reading === undefined || reading.kafka !== undefined) return;
        reading.kafka = { partition, offset, key: key?.toString() ?? '' };
        left -= 1;
        if (left === 0) found.resolve();
      },
    });
    await found.promise;
  } finally {
    await consumer.disconnect();
  }
}
