import type { Buffer } from 'node:buffer';
import type { MqttReader } from '../mqtt-reader.js';
import { MqttWriter } from '../mqtt-writer.js';

/** Section 3.12. */
export interface PingreqPacket {
  readonly type: 'pingreq';
}

/** Section 3.13. */
export interface PingrespPacket {
  readonly type: 'pingresp';
}

export const pingreq: PingreqPacket = Object.freeze({ type: 'pingreq' });
export const pingresp: PingrespPacket = Object.freeze({ type: 'pingresp' });

export function decodePing<P extends PingreqPacket | PingrespPacket>(reader: MqttReader, packet: P): P {
  reader.expectEnd();
  return packet;
}

export function encodePing({ type }: PingreqPacket | PingrespPacket): Buffer {
  return new MqttWriter(type === 'pingreq' ? 0xc0 : 0xd0, 0).finish();
}
