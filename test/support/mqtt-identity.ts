// One attempt of an MQTT client to be somebody: whether it is let in, and what it may then publish to.
import mqtt, { ErrorWithReasonCode, type IClientOptions, type MqttClient } from 'mqtt';

/** `forbidden`: for want of permission. `refused`: what CONNACK said. */
export type MqttOutcome = 'published' | 'forbidden' | `refused ${number}`;

export interface MqttAttempt {
  readonly url: string;
  readonly options: IClientOptions;
  /** Client side of an authentication method: the answer to each AUTH packet. */
  readonly answer?: (data: Buffer) => Buffer;
  readonly topics: readonly string[];
}

const notAuthorized = 0x87;

/** What becomes of CONNECT, and then of a QoS 1 message to each topic, each on a connection of its own. */
export async function attemptMqtt(attempt: MqttAttempt): Promise<MqttOutcome[]> {
  const outcomes: MqttOutcome[] = [];
  for (const topic of attempt.topics) outcomes.push(await publishOnce(attempt, topic));
  return outcomes;
}

async function publishOnce(attempt: MqttAttempt, topic: string): Promise<MqttOutcome> {
  const client = connectMqtt(attempt);
  try {
    const refused = await new Promise<number | undefined>((resolve, reject) => {
      client.once('connect', () => resolve(undefined));
      client.once('error', (error) => {
        if (error instanceof ErrorWithReasonCode) resolve(error.code);
        else reject(error);
      });
      client.once('close', () => reject(new Error('closed without a CONNACK')));
    });
    if (refused !== undefined) return `refused ${refused}`;
    return await published(client, topic);
  } finally {
    await client.endAsync(true);
  }
}

/** Before MQTT 5 who may not publish is disconnected. */
function published(client: MqttClient, topic: string): Promise<MqttOutcome> {
  return new Promise((resolve, reject) => {
    client.once('close', () => resolve('forbidden'));
    client.publish(topic, 'x', { qos: 1 }, (error) => {
      if (!error) resolve('published');
      else if (error instanceof ErrorWithReasonCode && error.code === notAuthorized) resolve('forbidden');
      else if (client.connected) reject(error);
    });
  });
}

export function connectMqtt({ url, options, answer }: Omit<MqttAttempt, 'topics'>): MqttClient {
  const client = mqtt.connect(url, { reconnectPeriod: 0, connectTimeout: 10_000, ...options });
  if (answer !== undefined) {
    client.handleAuth = (packet, callback) => {
      // The server has nothing to ask any more.
      if (packet.reasonCode === 0) {
        callback();
        return;
      }
      const { authenticationMethod, authenticationData } = packet.properties ?? {};
      const properties = {
        authenticationMethod: authenticationMethod!,
        authenticationData: answer(authenticationData!),
      };
      callback(undefined, { cmd: 'auth', reasonCode: 0x18, properties });
    };
  }
  return client;
}
