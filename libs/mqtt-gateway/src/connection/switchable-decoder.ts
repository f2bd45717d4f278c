import { Buffer } from 'node:buffer';
import {
  MqttDecodeError,
  type MqttPacket,
  MqttPacketDecoder,
  type MqttPacketDecoderOptions,
  type MqttProtocolLevel,
} from '#libs/mqtt-codec';
import type { FrameDecoder } from '#libs/transport';
import type { MqttFrame } from './mqtt-frame.js';

const nothing = Buffer.alloc(0);
const noFrames: readonly MqttFrame[] = [];
/** Packet type and flags, and a remaining length of up to 4 bytes. */
const headerBytesMax = 5;

/**
 * Decodes CONNECT and holds back what follows it until it is known who serves this client: this gateway decodes it, or
 * another one gets it as it came. MQTT 5 allows clients to send on before they have CONNACK; since the link is to be paused
 * while CONNECT is served, what is held back is the rest of one read. A client that authenticates by AUTH packets sends
 * nothing else meanwhile [MQTT-3.1.2-30]: these are decoded one by one.
 *
 * ```
 *   one packet ──it came──▶ holding ──decode()──▶ decoding ──fault──▶ failed
 *    ▲    │                 │     └───passOn()──▶ passing on
 *    │    └──fault──▶ failed (all that still comes is dropped)
 *    └───decodeOne()────────┘
 * ```
 */
export class SwitchableDecoder implements FrameDecoder<MqttFrame> {
  #state: 'one packet' | 'holding' | 'decoding' | 'passing on' | 'failed' = 'one packet';
  readonly #packets: MqttPacketDecoder;
  #held: Buffer = nothing;
  #receivedBytes = 0;
  /** The fixed header of the one packet as far as it came; its length tells where it ends. */
  #header: number[] | undefined;
  /** Of the one packet, still to come; undefined while that is not known. */
  #bytesLeft: number | undefined;

  constructor(options: MqttPacketDecoderOptions) {
    this.#packets = new MqttPacketDecoder(options);
  }

  /** Undefined until a CONNECT was decoded. */
  get protocolLevel(): MqttProtocolLevel | undefined {
    return this.#packets.protocolLevel;
  }

  /** Bytes that arrived of a packet that is not whole yet, and those held back. */
  get bufferedBytes(): number {
    return this.#packets.bufferedBytes + this.#held.length;
  }

  get holdsBack(): boolean {
    return this.#held.length > 0;
  }

  /** The client of the CONNECT that was given is served here. */
  decode(): void {
    if (this.#state === 'holding') this.#state = 'decoding';
  }

  /** The next packet, and no more. */
  decodeOne(): void {
    if (this.#state === 'holding') this.#state = 'one packet';
  }

  /** It is served elsewhere: whatever follows CONNECT comes as {@link RawBytes}. */
  passOn(): void {
    if (this.#state === 'holding') this.#state = 'passing on';
  }

  /** How many bytes came since the last call. */
  takeReceivedBytes(): number {
    const bytes = this.#receivedBytes;
    this.#receivedBytes = 0;
    return bytes;
  }

  /** Never throws: what is wrong with the bytes is the last frame. */
  push(bytes: Buffer): readonly MqttFrame[] {
    this.#receivedBytes += bytes.length;
    const all = this.#withHeld(bytes);
    this.#held = nothing;
    if (all.length === 0) return noFrames;
    switch (this.#state) {
      case 'decoding':
        return this.#decode(all);
      case 'passing on':
        return [{ type: 'raw', bytes: all }];
      case 'holding':
        this.#held = all;
        return noFrames;
      case 'one packet':
        return this.#decodeFirst(all);
      default:
        return noFrames;
    }
  }

  #withHeld(bytes: Buffer): Buffer {
    if (this.#held.length === 0) return bytes;
    return bytes.length === 0 ? this.#held : Buffer.concat([this.#held, bytes]);
  }

  #decodeFirst(bytes: Buffer): readonly MqttFrame[] {
    const end = this.#firstEnd(bytes);
    const frames = this.#decode(bytes.subarray(0, end));
    if (frames.length > 0 && this.#state === 'one packet') {
      this.#state = 'holding';
      this.#header = undefined;
      this.#bytesLeft = undefined;
      this.#held = bytes.subarray(end);
    }
    return frames;
  }

  #decode(bytes: Buffer): readonly MqttFrame[] {
    const packets: MqttPacket[] = [];
    try {
      return this.#packets.push(bytes, packets);
    } catch (error) {
      if (!(error instanceof MqttDecodeError)) throw error;
      this.#state = 'failed';
      return [...packets, error];
    }
  }

  /** Where the packet ends in these bytes, or their length when it goes on behind them. */
  #firstEnd(bytes: Buffer): number {
    let at = 0;
    const header = (this.#header ??= []);
    while (this.#bytesLeft === undefined && at < bytes.length) {
      header.push(bytes[at++]!);
      this.#bytesLeft = remainingLength(header);
    }
    if (this.#bytesLeft === undefined) return bytes.length;
    const end = Math.min(bytes.length, at + this.#bytesLeft);
    this.#bytesLeft -= end - at;
    return end;
  }
}

/** Undefined while the header is not whole. One that never ends is the packet decoder's to refuse. */
function remainingLength(header: readonly number[]): number | undefined {
  const last = header.at(-1)!;
  if (header.length < 2 || (last >= 0x80 && header.length < headerBytesMax)) return undefined;
  return header.slice(1).reduce((length, byte, index) => length + (byte & 0x7f) * 128 ** index, 0);
}
