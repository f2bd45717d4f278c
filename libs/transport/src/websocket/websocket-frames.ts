/*
 * The frames of WebSocket (RFC 6455, section 5), of a server. What clients send is not gathered: the payload of messages is
 * passed on as it arrives, so that nothing is held but a header or a control frame.
 */

export const webSocketOpcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Status codes of section 7.4.1 that a server gives. */
export const webSocketCloseCodes = { normal: 1_000, protocolError: 1_002, unsupportedData: 1_003 } as const;

/** A client's bytes are not WebSocket, or not what is served: the close code is what it is told. */
export class WebSocketFault extends Error {
  override readonly name = 'WebSocketFault';

  /** @param code a fixed word */
  constructor(
    readonly code: string,
    message: string,
    readonly closeCode: number = webSocketCloseCodes.protocolError,
  ) {
    super(message);
  }
}

/** What comes out of frames, in their order. */
export interface WebSocketEvents {
  /** A piece of a binary message: a view on the bytes that were given, which were changed. */
  onData(bytes: Buffer): void;
  onPing(payload: Buffer): void;
  /** @param code undefined: none was given */
  onClose(code: number | undefined): void;
}

const controlBytesMax = 125;
const maskBytes = 4;
/** Flags and opcode, length up to 8 bytes more, mask. */
const headerBytesMax = 2 + 8 + maskBytes;
const firstControlOpcode = 8;

/** Reads the frames of one client. After a fault or a close it is of no use. */
export class WebSocketReader {
  readonly #header = Buffer.allocUnsafeSlow(headerBytesMax);
  #headerBytes = 0;
  /** Of the frame's payload, still to come; undefined while its header is not whole. */
  #left: number | undefined;
  #opcode = 0;
  #isLast = false;
  /** Of the payload, that came: tells which byte of the mask is next. */
  #taken = 0;
  #control: Buffer[] = [];
  /** What follows a close is not read. */
  #closed = false;
  /** A binary message has begun and not ended. */
  #inMessage = false;

  constructor(private readonly events: WebSocketEvents) {}

  /** @throws WebSocketFault */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#closed) {
      if (this.#left === undefined) {
        at = this.#readHeader(bytes, at);
        if (this.#left === undefined) continue;
      }
      const end = Math.min(bytes.length, at + this.#left);
      if (end > at) this.#onPayload(bytes.subarray(at, end));
      at = end;
      if (this.#left === 0) this.#endFrame();
    }
  }

  #readHeader(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      this.#header[this.#headerBytes++] = bytes[at++]!;
      if (this.#headerBytes === 2) this.#checkStart();
      if (this.#headerBytes >= 2 && this.#headerBytes === this.#headerLength()) {
        this.#begin();
        return at;
      }
    }
    return at;
  }

  #checkStart(): void {
    const [first, second] = [this.#header[0]!, this.#header[1]!];
    if ((first & 0x70) !== 0) {
      throw new WebSocketFault('reserved-bits', 'a WebSocket frame with bits of an extension that is not on');
    }
    this.#opcode = first & 0x0f;
    this.#isLast = first >= 0x80;
    if (second < 0x80) throw new WebSocketFault('unmasked', 'a WebSocket frame that is not masked');
    if (this.#opcode >= firstControlOpcode) this.#checkControl(second & 0x7f);
    else this.#checkData();
  }

  #checkControl(length: number): void {
    if (this.#opcode > webSocketOpcodes.pong) throw unknownOpcode();
    if (!this.#isLast || length > controlBytesMax) {
      throw new WebSocketFault('control-frame', 'a WebSocket control frame in pieces, or too long');
    }
  }

  #checkData(): void {
    const { continuation, text, binary } = webSocketOpcodes;
    if (this.#opcode === text) {
      const { unsupportedData } = webSocketCloseCodes;
      throw new WebSocketFault(
        'text-frame',
        'a WebSocket text frame, only binary is served',
        unsupportedData,
      );
    }
    if (this.#opcode > binary) throw unknownOpcode();
    if ((this.#opcode === continuation) !== this.#inMessage) {
      throw new WebSocketFault(
        'continuation',
        'a WebSocket frame that does not go on where the last one ended',
      );
    }
    this.#inMessage = true;
  }

  #headerLength(): number {
    const length = this.#header[1]! & 0x7f;
    return 2 + (length < 126 ? 0 : length === 126 ? 2 : 8) + maskBytes;
  }

  #begin(): void {
    const short = this.#header[1]! & 0x7f;
    let length = short;
    if (short === 126) length = this.#header.readUInt16BE(2);
    else if (short === 127) length = Number(this.#header.readBigUInt64BE(2));
    // Section 5.2: the shortest form, and no sign bit. No message that anybody sends has 2^53 bytes.
    if ((short === 126 && length < 126) || (short === 127 && length < 65_536) || length >= 2 ** 53) {
      throw new WebSocketFault('frame-length', 'a WebSocket frame whose length is not in its shortest form');
    }
    this.#left = length;
    this.#taken = 0;
    if (length === 0) this.#endFrame();
  }

  #onPayload(bytes: Buffer): void {
    const header = this.#header;
    const maskAt = this.#headerBytes - maskBytes;
    const taken = this.#taken;
    for (let index = 0; index < bytes.length; index++) {
      bytes[index]! ^= header[maskAt + ((taken + index) & 3)]!;
    }
    this.#taken = (this.#taken + bytes.length) & 3;
    this.#left! -= bytes.length;
    if (this.#opcode >= firstControlOpcode) this.#control.push(Buffer.from(bytes));
    else this.events.onData(bytes);
  }

  #endFrame(): void {
    this.#left = undefined;
    this.#headerBytes = 0;
    if (this.#opcode < firstControlOpcode) {
      this.#inMessage = !this.#isLast;
      return;
    }
    const payload = Buffer.concat(this.#control);
    this.#control = [];
    if (this.#opcode === webSocketOpcodes.ping) this.events.onPing(payload);
    else if (this.#opcode === webSocketOpcodes.close) {
      this.#closed = true;
      this.events.onClose(closeCodeOf(payload));
    }
  }
}

function unknownOpcode(): WebSocketFault {
  return new WebSocketFault('opcode', 'a WebSocket frame of an unknown kind');
}

/** Section 7.4: codes that may be sent. */
function closeCodeOf(payload: Buffer): number | undefined {
  if (payload.length === 0) return undefined;
  const code = payload.length === 1 ? 0 : payload.readUInt16BE();
  const known = (code >= 1_000 && code <= 1_014 && ![1_004, 1_005, 1_006].includes(code)) || code >= 3_000;
  if (!known || code > 4_999)
    throw new WebSocketFault('close-code', 'a WebSocket close without a code that may be sent');
  return code;
}

/** What goes before `payloadBytes` of payload. Server frames are not masked. */
export function webSocketHeader(opcode: number, payloadBytes: number): Buffer {
  if (payloadBytes < 126) return Buffer.of(0x80 | opcode, payloadBytes);
  if (payloadBytes < 65_536) {
    const header = Buffer.allocUnsafe(4);
    header[0] = 0x80 | opcode;
    header[1] = 126;
    header.writeUInt16BE(payloadBytes, 2);
    return header;
  }
  const header = Buffer.allocUnsafe(10);
  header[0] = 0x80 | opcode;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return header;
}

export function closeFrame(code: number | undefined): Buffer {
  if (code === undefined) return webSocketHeader(webSocketOpcodes.close, 0);
  return Buffer.concat([webSocketHeader(webSocketOpcodes.close, 2), Buffer.of(code >> 8, code & 0xff)]);
}
