import type { Link, Protocol, ProtocolConnection } from '#libs/transport';
import type { MqttFrame } from './connection/mqtt-frame.js';
import { MqttConnection } from './mqtt.connection.js';
import type { MqttProcess, MqttServices } from './mqtt.services.js';

/** The MQTT front: makes a connection for each client, and owns what the connections have in common. */
export class MqttProtocol implements Protocol<MqttFrame> {
  readonly name = 'mqtt';
  /** [MQTT-6.0.0-3]; the second is what 3.1 clients say. */
  readonly subprotocols = ['mqtt', 'mqttv3.1'];
  readonly services: MqttServices;

  constructor(process: MqttProcess) {
    this.services = process as MqttServices;
  }

  accept(link: Link): ProtocolConnection<MqttFrame> {
    return new MqttConnection(link, this.services);
  }

  /** After the listeners are closed: gives sessions away, and closes all Pulsar producers and readers. */
  async close(): Promise<void> {
    await this.services.sessions?.close();
  }
}
