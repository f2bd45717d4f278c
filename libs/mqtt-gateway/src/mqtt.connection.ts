import type { Link, ProtocolConnection } from '#libs/transport';
import type { MqttFrame } from './connection/mqtt-frame.js';
import { MqttFrameDecoder } from './connection/mqtt-frame-decoder.js';
import type { MqttServices } from './mqtt.services.js';

/** One client. Decides which handler serves a packet and nothing else. */
export class MqttConnection implements ProtocolConnection<MqttFrame> {
  readonly decoder: MqttFrameDecoder;

  constructor(
    readonly link: Link,
    readonly services: MqttServices,
  ) {
    this.decoder = new MqttFrameDecoder(services.options);
  }

  onFrame(_frame: MqttFrame): void {
    this.link.close('not-served');
  }

  onWritable(): void {}

  onClose(_reason: string): void {}

  drained(): Promise<void> {
    return Promise.resolve();
  }
}
