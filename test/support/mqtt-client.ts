// An MQTT client for tests, with all that it was sent.
import mqtt, { type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import type { TestGateway } from './gateway.js';

export class TestMqttClient {
  readonly payloads: string[] = [];
  readonly packets: IPublishPacket[] = [];
  /** Of the DISCONNECT that the gateway sent. */
  disconnectReason: number | undefined;
  readonly #looks = new Set<() => void>();

  private constructor(
    readonly client: MqttClient,
    readonly connack: Promise<IConnackPacket>,
  ) {
    client.on('message', (_topic, payload, packet) => {
      this.payloads.push(payload.toString());
      this.packets.push(packet);
      this.#look();
    });
    client.on('disconnect', ({ reasonCode }) => {
      this.disconnectReason = reasonCode;
    });
    client.on('close', () => this.#look());
  }

  /** Hears from before CONNACK on: what a session has is sent at once. Does not connect again. */
  static async connect(gateway: TestGateway, options: IClientOptions = {}): Promise<TestMqttClient> {
    const url = `mqtt://${gateway.mqtt.tcp}`;
    const client = mqtt.connect(url, { reconnectPeriod: 0, protocolVersion: 5, ...options });
    const connack = new Promise<IConnackPacket>((resolve, reject) => {
      client.once('connect', resolve);
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed before CONNACK')));
    });
    const made = new TestMqttClient(client, connack);
    await connack;
    return made;
  }

  /** Resolves with all payloads when there are so many. */
  async received(count: number): Promise<readonly string[]> {
    await this.#until(() => this.payloads.length >= count);
    return this.payloads;
  }

  async closed(): Promise<void> {
    await this.#until(() => !this.client.connected);
  }

  async publish(topic: string, payloads: readonly string[], qos: 0 | 1 | 2 = 1): Promise<void> {
    await Promise.all(payloads.map((payload) => this.client.publishAsync(topic, payload, { qos })));
  }

  end(force = false): Promise<void> {
    return this.client.endAsync(force);
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }
}

/** A session that outlives its connections. */
export function persistent(clientId: string): IClientOptions {
  return { clientId, clean: false, properties: { sessionExpiryInterval: 3_600 } };
}
