export interface ClientFrame {
  /** Default 2: binary. */
  readonly opcode?: number;
  /** Default true. */
  readonly isLast?: boolean;
  /** Default true. */
  readonly masked?: boolean;
  readonly reservedBits?: number;
  readonly payload?: Buffer | string;
  /** Bytes of the length field: 0 (default: the shortest), 2 or 8. */
  readonly lengthBytes?: 0 | 2 | 8;
}

const mask = Buffer.from('a5c30f18', 'hex');

/** One frame as a client sends it, right or wrong. */
export function clientFrame(frame: ClientFrame): Buffer {
  const { opcode = 2, isLast = true, masked = true, reservedBits = 0 } = frame;
  const payload = Buffer.from(frame.payload ?? '');
  const shortest = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const lengthBytes = frame.lengthBytes ?? shortest;
  const short = lengthBytes === 0 ? payload.length : lengthBytes === 2 ? 126 : 127;
  const length = Buffer.alloc(lengthBytes);
  if (lengthBytes === 2) length.writeUInt16BE(payload.length);
  if (lengthBytes === 8) length.writeBigUInt64BE(BigInt(payload.length));
  const head = Buffer.of((isLast ? 0x80 : 0) | (reservedBits << 4) | opcode, (masked ? 0x80 : 0) | short);
  if (!masked) return Buffer.concat([head, length, payload]);
  return Buffer.concat([head, length, mask, payload.map((byte, index) => byte ^ mask[index & 3]!)]);
}

/** A handshake; `headers` replace or add, undefined leaves out. */
export function upgradeRequest(
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET /mqtt HTTP/1.1',
): string {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'mqtt',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}
