import { Buffer } from 'node:buffer';
import { encodePublish, noProperties } from '#libs/mqtt-codec';
import { MqttSocket } from './mqtt-socket.js';

export interface FanOutLoad {
  readonly endpoint: string;
  readonly topic: string;
  readonly subscribers: number;
  readonly payloadBytes: number;
  readonly messages: number;
  /** Messages that not all subscribers have. */
  readonly window: number;
}

export interface FanOutResult {
  readonly seconds: number;
  readonly deliveries: number;
}

const stalledMs = 20_000;

/** One publisher to many subscribers at QoS 0, the next message when enough of those before have come. */
export async function fanOutLoad(load: FanOutLoad): Promise<FanOutResult> {
  const { endpoint, topic, subscribers, payloadBytes, messages, window } = load;
  const publisher = await MqttSocket.connect(endpoint, `${topic}-publisher`);
  const clients = await connectAll(endpoint, `${topic}-subscriber`, subscribers);
  for (const client of clients) await client.subscribe(topic, 0);
  const publish = { type: 'publish', topic, payload: Buffer.alloc(payloadBytes, 'x'), qos: 0 } as const;
  const packet = encodePublish(
    { ...publish, retain: false, dup: false, packetId: 0, properties: noProperties },
    4,
  );
  const began = performance.now();
  let published = 0;
  let received = 0;
  await new Promise<void>((resolve, reject) => {
    const stalled = setTimeout(
      () => reject(new Error(`${received} of ${published * subscribers} deliveries came`)),
      stalledMs,
    );
    const more = () => {
      while (published < messages && published * subscribers - received <= (window - 1) * subscribers) {
        published++;
        publisher.socket.write(packet);
      }
    };
    for (const client of clients) {
      client.onPacket = () => void received++;
      client.onPiece = () => {
        stalled.refresh();
        if (received === messages * subscribers) resolve();
        else more();
      };
    }
    more();
  });
  const seconds = (performance.now() - began) / 1_000;
  for (const client of [publisher, ...clients]) client.close();
  return { seconds, deliveries: received };
}

const connectingMax = 200;

export async function connectAll(endpoint: string, clientId: string, count: number): Promise<MqttSocket[]> {
  const clients: MqttSocket[] = [];
  let next = 0;
  const connecting = async () => {
    while (next < count) clients.push(await MqttSocket.connect(endpoint, `${clientId}-${next++}`));
  };
  await Promise.all(Array.from({ length: connectingMax }, connecting));
  return clients;
}
