// What an MQTT client of a test is sent.
import type { IPublishPacket, MqttClient } from 'mqtt';

export interface MqttReceived {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

export class MqttInbox {
  readonly all: MqttReceived[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(client: MqttClient) {
    client.on('message', (topic, payload, packet) => {
      this.all.push({ topic, payload: payload.toString(), packet });
      for (const look of [...this.#waiting]) look();
    });
  }

  /** Resolves when there is a message with this payload. */
  until(payload: string): Promise<MqttReceived> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.all.find((each) => each.payload === payload);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  get payloads(): string[] {
    return this.all.map(({ payload }) => payload);
  }
}
