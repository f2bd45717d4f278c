import { Buffer } from 'node:buffer';

export const PROTOCOL_HEADER_BYTES = 8;

/** `AMQP 0 0 9 1` (section 4.2.2); a new buffer each time, because links own what they are given. */
export function encodeProtocolHeader(): Buffer {
  return Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
}

/**
 * What the first bytes of a connection are:
 * - `incomplete`: fewer than needed, and what is there could become a header.
 * - `amqp-0-9-1`: ours. RabbitMQ's Java client and all others send exactly this one.
 * - `amqp-1-0`: AMQP 1.0 (its section 2.2: id 0, 2 TLS or 3 SASL, then 1 0 0); another protocol of the same port.
 * - `amqp-other`: 0-8, 0-9, 0-10 or a version that does not exist. RabbitMQ stopped serving 0-8 and 0-9 in 4.0.
 * - `not-amqp`: anything else.
 *
 * A server answers the last two, and the third where it does not serve it, by the header that it speaks, and closes
 * (section 4.2.2).
 */
export type ProtocolHeaderKind = 'incomplete' | 'amqp-0-9-1' | 'amqp-1-0' | 'amqp-other' | 'not-amqp';

export function protocolHeaderKind(bytes: Uint8Array): ProtocolHeaderKind {
  const ours = encodeProtocolHeader();
  for (let i = 0; i < Math.min(4, bytes.length); i++) if (bytes[i] !== ours[i]) return 'not-amqp';
  if (bytes.length < PROTOCOL_HEADER_BYTES) return 'incomplete';
  const [id, major, minor, revision] = bytes.subarray(4);
  if (id === 0 && major === 0 && minor === 9 && revision === 1) return 'amqp-0-9-1';
  const isVersion1 = major === 1 && minor === 0 && revision === 0;
  return isVersion1 && (id === 0 || id === 2 || id === 3) ? 'amqp-1-0' : 'amqp-other';
}
