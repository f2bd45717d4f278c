import type { Buffer } from 'node:buffer';
import { MqttDecodeError, MqttPacketDecoder, type MqttPacketDecoderOptions } from '#libs/mqtt-codec';
import type { FrameDecoder } from '#libs/transport';
import type { MqttFrame } from './mqtt-frame.js';

const none: readonly MqttFrame[] = [];

/** Packets, and as the last frame of a connection what was wrong: so that it is answered in its turn. */
export class MqttFrameDecoder implements FrameDecoder<MqttFrame> {
  readonly #packets: MqttPacketDecoder;
  #failed = false;

  constructor(options: MqttPacketDecoderOptions) {
    this.#packets = new MqttPacketDecoder(options);
  }

  push(bytes: Buffer): readonly MqttFrame[] {
    if (this.#failed) return none;
    try {
      return this.#packets.push(bytes);
    } catch (error) {
      if (!(error instanceof MqttDecodeError)) throw error;
      this.#failed = true;
      return [...error.precedingPackets, error];
    }
  }
}
