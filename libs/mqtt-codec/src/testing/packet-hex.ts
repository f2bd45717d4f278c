// Packets as hexadecimal text, for tests.
import { Buffer } from 'node:buffer';
import {
  encodeConnect,
  MqttDecodeError,
  type MqttPacket,
  MqttPacketDecoder,
  type MqttProtocolLevel,
  type MqttSender,
  noProperties,
} from '../index.js';

/** Hexadecimal; blanks separate, and text in quotes stands for its UTF-8 bytes. */
export function bytesOf(hex: string): Buffer {
  const text = hex.replaceAll(/'([^']*)'/g, (_, quoted: string) => Buffer.from(quoted).toString('hex'));
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** A decoder that is past CONNECT. */
export function decoderAt(
  level: MqttProtocolLevel,
  sender: MqttSender = 'client',
  packetBytesMax = 1_000_000,
): MqttPacketDecoder {
  if (sender === 'server') {
    return new MqttPacketDecoder({ connectBytesMax: 0, packetBytesMax, serverLevel: level });
  }
  const decoder = new MqttPacketDecoder({ connectBytesMax: 1_000, packetBytesMax });
  const connect = { protocolLevel: level, cleanStart: true, keepAliveSeconds: 0, clientId: 'c' } as const;
  decoder.push(encodeConnect({ type: 'connect', ...connect, properties: noProperties }));
  return decoder;
}

/** For CONNECT packets a fresh decoder, for all others one that is past CONNECT. */
export function decoderFor(bytes: Buffer, level: MqttProtocolLevel, sender: MqttSender): MqttPacketDecoder {
  return bytes[0] === 0x10 && sender === 'client'
    ? new MqttPacketDecoder({ connectBytesMax: 1_000_000, packetBytesMax: 1_000_000 })
    : decoderAt(level, sender);
}

/** The one packet that the bytes are. */
export function decodeHex(hex: string, level: MqttProtocolLevel, sender: MqttSender = 'client'): MqttPacket {
  const bytes = bytesOf(hex);
  const decoder = decoderFor(bytes, level, sender);
  const packets = decoder.push(bytes);
  if (packets.length !== 1 || decoder.bufferedBytes !== 0) throw new Error(`${packets.length} packets`);
  return packets[0]!;
}

/** What is wrong with a packet, its level, its bytes, and what {@link refusal} says of them. */
export type Refusal = [fault: string, level: MqttProtocolLevel, hex: string, expected: string];

/** `<code>: <clause>` of what the bytes are refused with, or `read`. */
export function refusal(hex: string, level: MqttProtocolLevel, sender: MqttSender = 'client'): string {
  const bytes = bytesOf(hex);
  try {
    decoderFor(bytes, level, sender).push(bytes);
    return 'read';
  } catch (error) {
    if (!(error instanceof MqttDecodeError)) throw error;
    return `${error.code}: ${error.clause}`;
  }
}
