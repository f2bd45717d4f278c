import { Buffer, isUtf8 } from 'node:buffer';
import { MqttDecodeError, malformed, protocolError } from './mqtt-codec.errors.js';
import type { MqttProtocolLevel, MqttSender } from './protocol-level.js';
import { topicFilterFault } from './topic-syntax.js';

/** Filters, reason codes, user properties and subscription identifiers in one packet: 4 bytes become 100 and more. */
export const packetElementsMax = 16_384;

const EMPTY = Buffer.alloc(0);
const NOT_ASCII = 1;
const NUL = 2;
const WILDCARD = 4;

/**
 * Reads the data types of section 1.5 from the body of one packet.
 *
 * Every length is checked against the bytes at hand before anything is made of it; binary data are views of the buffer, so
 * they keep it alive. Throws only {@link MqttDecodeError}. One reader serves one connection: {@link reset} starts a packet.
 */
export class MqttReader {
  buffer: Buffer = EMPTY;
  offset = 0;
  /** Behind the last byte of the packet. */
  end = 0;
  private elements = 0;

  constructor(
    /** Set by CONNECT when the sender is a client. */
    public level: MqttProtocolLevel,
    readonly sender: MqttSender,
  ) {}

  reset(buffer: Buffer, offset: number, end: number): void {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
    this.elements = 0;
  }

  /** Lets go of the bytes. */
  release(): void {
    this.buffer = EMPTY;
    this.offset = 0;
    this.end = 0;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Advances by `length` and returns where it was; every other read goes through this check. */
  private take(length: number): number {
    const start = this.offset;
    if (length > this.end - start) {
      throw malformed('MQTT-4.13.1-1', `the packet ends ${length - this.end + start} bytes too early`);
    }
    this.offset = start + length;
    return start;
  }

  readByte(): number {
    return this.buffer[this.take(1)]!;
  }

  readUint16(): number {
    const at = this.take(2);
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!;
  }

  readUint32(): number {
    const at = this.take(4);
    const b = this.buffer;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }

  /** At most 4 bytes and 268,435,455; the shortest form only. */
  readVariableByteInteger(): number {
    const b = this.buffer;
    let byte = b[this.take(1)]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = b[this.take(1)]!;
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0) throw malformed('MQTT-1.5.5-1', 'variable byte integer that is longer than needed');
      return value;
    }
    throw malformed('MQTT-1.5.5', 'variable byte integer of more than 4 bytes');
  }

  /** Not 0: no packet of any version uses that one. */
  readPacketId(): number {
    const packetId = this.readUint16();
    if (packetId === 0) throw protocolError('MQTT-2.2.1-3', 'packet identifier 0');
    return packetId;
  }

  readString(): string {
    const length = this.readUint16();
    const at = this.take(length);
    return this.text(at, this.scan(at));
  }

  /** Empty is let through: MQTT 5 allows it in PUBLISH with a topic alias. */
  readTopicName(): string {
    const length = this.readUint16();
    const at = this.take(length);
    const found = this.scan(at);
    const text = this.text(at, found);
    if ((found & WILDCARD) !== 0) {
      throw new MqttDecodeError('topic-name-invalid', 'MQTT-3.3.2-2', 'wildcard in a topic name');
    }
    return text;
  }

  readTopicFilter(): string {
    const filter = this.readString();
    const fault = topicFilterFault(filter);
    if (fault) throw new MqttDecodeError('topic-filter-invalid', fault.clause, fault.fault);
    return filter;
  }

  /** A view. */
  readBinary(): Buffer {
    const length = this.readUint16();
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  /** All that is left, a view. */
  readRest(): Buffer {
    const at = this.offset;
    this.offset = this.end;
    return this.buffer.subarray(at, this.end);
  }

  /** One more element of a list; @see packetElementsMax */
  countElement(): void {
    if (++this.elements > packetElementsMax) {
      throw new MqttDecodeError('quota-exceeded', 'MQTT-4.13.1', `more than ${packetElementsMax} elements`);
    }
  }

  expectEnd(): void {
    if (this.offset !== this.end) {
      throw malformed('MQTT-4.13.1-1', `${this.end - this.offset} bytes behind the packet's last field`);
    }
  }

  /** What is between `at` and the offset, as bits. */
  private scan(at: number): number {
    const b = this.buffer;
    const end = this.offset;
    let found = 0;
    for (let i = at; i < end; i++) {
      const byte = b[i]!;
      if (byte >= 0x80) found |= NOT_ASCII;
      else if (byte === 0) found |= NUL;
      else if (byte === 0x23 || byte === 0x2b) found |= WILDCARD;
    }
    return found;
  }

  private text(at: number, found: number): string {
    if ((found & NUL) !== 0) throw malformed('MQTT-1.5.4-2', 'NUL in a string');
    if ((found & NOT_ASCII) === 0) return this.buffer.toString('latin1', at, this.offset);
    // Refuses surrogates and overlong forms too; keeps U+FEFF [MQTT-1.5.4-3].
    if (!isUtf8(this.buffer.subarray(at, this.offset))) throw malformed('MQTT-1.5.4-1', 'ill-formed UTF-8');
    return this.buffer.toString('utf8', at, this.offset);
  }
}
