import { Buffer } from 'node:buffer';
import { MqttDecodeError, malformed, protocolError } from './mqtt-codec.errors.js';
import type { MqttPacket } from './mqtt-packet.js';
import { MqttReader } from './mqtt-reader.js';
import { decodeAcknowledgement } from './packets/acknowledgement.js';
import { decodeAuth } from './packets/auth.js';
import { decodeConnack } from './packets/connack.js';
import { decodeConnect } from './packets/connect.js';
import { decodeDisconnect } from './packets/disconnect.js';
import { decodePing, pingreq, pingresp } from './packets/ping.js';
import { decodePublish } from './packets/publish.js';
import { decodeSuback } from './packets/suback.js';
import { decodeSubscribe } from './packets/subscribe.js';
import { decodeUnsuback } from './packets/unsuback.js';
import { decodeUnsubscribe } from './packets/unsubscribe.js';
import type { MqttProtocolLevel, MqttSender } from './protocol-level.js';

const EMPTY = Buffer.alloc(0);
/** Packet type and flags, and a remaining length of up to 4 bytes. */
const HEADER_BYTES_MAX = 5;
const HELD_BYTES_MIN = 64;

/** Packet types by number (section 2.1.2), with who may send them and what their flags must be (table 2-2). */
const packetTypes: readonly ({ name: string; from: MqttSender | 'both'; flags?: number } | undefined)[] = [
  undefined,
  { name: 'CONNECT', from: 'client', flags: 0 },
  { name: 'CONNACK', from: 'server', flags: 0 },
  { name: 'PUBLISH', from: 'both' },
  { name: 'PUBACK', from: 'both', flags: 0 },
  { name: 'PUBREC', from: 'both', flags: 0 },
  { name: 'PUBREL', from: 'both', flags: 2 },
  { name: 'PUBCOMP', from: 'both', flags: 0 },
  { name: 'SUBSCRIBE', from: 'client', flags: 2 },
  { name: 'SUBACK', from: 'server', flags: 0 },
  { name: 'UNSUBSCRIBE', from: 'client', flags: 2 },
  { name: 'UNSUBACK', from: 'server', flags: 0 },
  { name: 'PINGREQ', from: 'client', flags: 0 },
  { name: 'PINGRESP', from: 'server', flags: 0 },
  { name: 'DISCONNECT', from: 'both', flags: 0 },
  { name: 'AUTH', from: 'both', flags: 0 },
];
const CONNECT = 1;
const DISCONNECT = 14;
const AUTH = 15;

export interface MqttPacketDecoderOptions {
  /** Largest CONNECT, as a whole packet with its fixed header. */
  readonly connectBytesMax: number;
  /** Largest packet after it: the Maximum Packet Size of CONNACK. */
  readonly packetBytesMax: number;
  /** Who sends is a server, and our CONNECT named this level. Left out: a client sends, and its CONNECT sets the level. */
  readonly serverLevel?: MqttProtocolLevel;
}

/**
 * Cuts a byte stream into packets and decodes them, at the level that CONNECT set.
 *
 * A packet inside one chunk is decoded where it is, one that spans chunks is gathered in a buffer that grows with what
 * arrived: at most twice that, never because of an announced length. Payloads and other binary data are views, so the
 * chunks given to {@link push} must not be reused by the caller; CONNECT is copied, because a will outlives its chunk.
 */
export class MqttPacketDecoder {
  private readonly reader: MqttReader;
  private held = EMPTY;
  private heldBytes = 0;
  private connected: boolean;
  /** The CONNECT that is being decoded got as far as its level. */
  private isLevelKnown = false;
  private failure: MqttDecodeError | undefined;
  /** Of the packet whose header was read last. */
  private remainingLength = 0;
  private isHeaderMinimal = true;

  constructor(private readonly options: MqttPacketDecoderOptions) {
    const { serverLevel } = options;
    this.connected = serverLevel !== undefined;
    this.reader = new MqttReader(serverLevel ?? 5, serverLevel === undefined ? 'client' : 'server');
  }

  /** Undefined until a CONNECT was decoded. */
  get protocolLevel(): MqttProtocolLevel | undefined {
    return this.connected ? this.reader.level : undefined;
  }

  /** Bytes that arrived of a packet that is not whole yet. */
  get bufferedBytes(): number {
    return this.heldBytes;
  }

  /**
   * Takes the next bytes and returns the packets that they complete.
   *
   * @param packets gets them, those before an error too: they are to be served before it is answered
   * @throws MqttDecodeError then on every call
   */
  push(bytes: Buffer, packets: MqttPacket[] = []): MqttPacket[] {
    if (this.failure) throw this.failure;
    try {
      this.decodeAll(bytes, packets);
    } catch (error) {
      if (error instanceof MqttDecodeError) this.fail(error);
      throw error;
    }
    return packets;
  }

  private fail(error: MqttDecodeError): void {
    error.duringConnect = !this.connected;
    error.protocolLevel ??= this.connected || this.isLevelKnown ? this.reader.level : undefined;
    this.failure = error;
    this.held = EMPTY;
    this.heldBytes = 0;
    this.reader.release();
  }

  private decodeAll(bytes: Buffer, packets: MqttPacket[]): void {
    let at = this.heldBytes > 0 ? this.completeHeld(bytes, packets) : 0;
    while (at < bytes.length) {
      const bodyAt = this.readHeader(bytes, at, bytes.length);
      const end = bodyAt + this.remainingLength;
      if (bodyAt < 0 || end > bytes.length) {
        this.hold(bytes, at, bytes.length, bodyAt < 0 ? HEADER_BYTES_MAX : end - at);
        return;
      }
      packets.push(this.decode(bytes, at, bodyAt, end));
      at = end;
    }
  }

  /** Adds to the packet that is held; returns how many of the bytes it took. */
  private completeHeld(bytes: Buffer, packets: MqttPacket[]): number {
    let at = 0;
    let bodyAt = this.readHeader(this.held, 0, this.heldBytes);
    while (bodyAt < 0) {
      if (at === bytes.length) return at;
      this.hold(bytes, at, ++at, HEADER_BYTES_MAX);
      bodyAt = this.readHeader(this.held, 0, this.heldBytes);
    }
    const wholeBytes = bodyAt + this.remainingLength;
    const taken = Math.min(wholeBytes - this.heldBytes, bytes.length - at);
    this.hold(bytes, at, at + taken, wholeBytes);
    if (this.heldBytes < wholeBytes) return at + taken;
    const packet = this.held;
    this.held = EMPTY;
    this.heldBytes = 0;
    packets.push(this.decode(packet, 0, bodyAt, wholeBytes));
    return at + taken;
  }

  private hold(bytes: Buffer, from: number, to: number, wholeBytes: number): void {
    const wanted = this.heldBytes + to - from;
    if (wanted > this.held.length) {
      const capacity = Math.max(wanted, Math.min(wholeBytes, Math.max(2 * this.held.length, HELD_BYTES_MIN)));
      const bigger = Buffer.allocUnsafeSlow(capacity);
      this.held.copy(bigger, 0, 0, this.heldBytes);
      this.held = bigger;
    }
    bytes.copy(this.held, this.heldBytes, from, to);
    this.heldBytes = wanted;
  }

  /** Where the body starts, or -1 when more bytes are needed to know. The first byte is judged as soon as it is there. */
  private readHeader(bytes: Buffer, at: number, end: number): number {
    this.checkFirstByte(bytes[at]!);
    let length = 0;
    for (let i = at + 1, shift = 0; ; i++, shift += 7) {
      if (shift === 28) throw malformed('MQTT-2.1.4', 'remaining length of more than 4 bytes');
      if (i >= end) return -1;
      const byte = bytes[i]!;
      length |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      this.remainingLength = length;
      this.isHeaderMinimal = byte !== 0 || shift === 0;
      this.checkLength(i + 1 - at + length);
      return i + 1;
    }
  }

  private checkLength(packetBytes: number): void {
    const bytesMax = this.connected ? this.options.packetBytesMax : this.options.connectBytesMax;
    if (packetBytes > bytesMax) {
      const fault = `packet of ${packetBytes} bytes, at most ${bytesMax}`;
      throw new MqttDecodeError('packet-too-large', 'MQTT-3.2.2-15', fault);
    }
    // MQTT 3.1.1 does not demand the shortest form; of a CONNECT the level is seen later.
    if (this.connected) this.checkMinimal();
  }

  private checkMinimal(): void {
    if (!this.isHeaderMinimal && this.reader.level === 5) {
      throw malformed('MQTT-1.5.5-1', 'remaining length that is longer than needed');
    }
  }

  private checkFirstByte(byte: number): void {
    const type = byte >> 4;
    const { level, sender } = this.reader;
    if (!this.connected) {
      if (type !== CONNECT) throw protocolError('MQTT-3.1.0-1', 'first packet that is not CONNECT');
    } else if (type === CONNECT && sender === 'client') {
      throw protocolError('MQTT-3.1.0-2', 'second CONNECT');
    }
    const packetType = packetTypes[type];
    if (packetType === undefined || (type === AUTH && level < 5)) {
      throw malformed('MQTT-2.1.2', `reserved packet type ${type}`);
    }
    const { name, from, flags } = packetType;
    if ((from !== 'both' && from !== sender) || (type === DISCONNECT && sender === 'server' && level < 5)) {
      throw protocolError('MQTT-2.1.2', `${name} from a ${sender}`);
    }
    if (flags === undefined || (byte & 0x0f) === flags) return;
    // MQTT 3.1 has DUP on these three.
    if (level === 3 && flags === 2 && (byte & 0x07) === flags) return;
    throw malformed('MQTT-2.1.3-1', `reserved flags of ${name}`);
  }

  private decode(bytes: Buffer, from: number, bodyAt: number, end: number): MqttPacket {
    const { reader } = this;
    const first = bytes[from]!;
    if (first >> 4 === CONNECT) return this.decodeConnect(bytes.subarray(bodyAt, end));
    reader.reset(bytes, bodyAt, end);
    const packet = decodeBody(reader, first);
    reader.release();
    return packet;
  }

  private decodeConnect(body: Buffer): MqttPacket {
    const own = Buffer.allocUnsafeSlow(body.length);
    body.copy(own);
    this.reader.reset(own, 0, own.length);
    const connect = decodeConnect(this.reader, () => {
      this.isLevelKnown = true;
      this.checkMinimal();
    });
    this.reader.release();
    this.connected = true;
    return connect;
  }
}

function decodeBody(reader: MqttReader, first: number): MqttPacket {
  switch (first >> 4) {
    case 3:
      return decodePublish(reader, first & 0x0f);
    case 4:
      return decodeAcknowledgement(reader, 'puback');
    case 5:
      return decodeAcknowledgement(reader, 'pubrec');
    case 6:
      return decodeAcknowledgement(reader, 'pubrel');
    case 7:
      return decodeAcknowledgement(reader, 'pubcomp');
    case 8:
      return decodeSubscribe(reader);
    case 10:
      return decodeUnsubscribe(reader);
    case 12:
      return decodePing(reader, pingreq);
    case 14:
      return decodeDisconnect(reader);
    case 15:
      return decodeAuth(reader);
    case 2:
      return decodeConnack(reader);
    case 9:
      return decodeSuback(reader);
    case 11:
      return decodeUnsuback(reader);
    default:
      return decodePing(reader, pingresp);
  }
}
