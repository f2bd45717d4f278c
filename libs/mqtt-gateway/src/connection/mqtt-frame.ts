import type { MqttDecodeError, MqttPacket } from '#libs/mqtt-codec';

/** What the decoder gives: a packet, or what was wrong with the bytes, after the packets before it. */
export type MqttFrame = MqttPacket | MqttDecodeError;
