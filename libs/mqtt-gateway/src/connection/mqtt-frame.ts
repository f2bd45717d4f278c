import type { Buffer } from 'node:buffer';
import type { MqttDecodeError, MqttPacket } from '#libs/mqtt-codec';

/** Bytes of a connection that is carried on to another gateway. */
export interface RawBytes {
  readonly type: 'raw';
  /** A view on the socket's bytes. */
  readonly bytes: Buffer;
}

/**
 * What the decoder gives: a packet; what was wrong with the bytes, as the last frame, after the packets before it; or bytes
 * that are passed on.
 */
export type MqttFrame = MqttPacket | MqttDecodeError | RawBytes;
