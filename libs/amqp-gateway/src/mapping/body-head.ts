import { Buffer } from 'node:buffer';

const data = 0x75;
const value = 0x77;
const binary8 = 0xa0;
const string8 = 0xa1;
const wide = 0x10;
const head8Bytes = 5;
const head32Bytes = 8;

/** The one encoding of an `amqp-value` null that needs no prefix. */
export const nullBody = Buffer.from([0x00, 0x53, value, 0x40]);

/** Heads of short bodies, which are many. */
const shortHeads = {
  data: Array.from({ length: 0x100 }, (_, bytes) => Buffer.from([0x00, 0x53, data, binary8, bytes])),
  text: Array.from({ length: 0x100 }, (_, bytes) => Buffer.from([0x00, 0x53, value, string8, bytes])),
};

/** The shortest head of a data section, or of an `amqp-value` string, of so many bytes. */
export function bodyHead(body: 'data' | 'text', bytes: number): Buffer {
  const short = shortHeads[body][bytes];
  if (short !== undefined) return short;
  const head = Buffer.allocUnsafe(head32Bytes);
  head[0] = 0x00;
  head[1] = 0x53;
  head[2] = body === 'data' ? data : value;
  head[3] = (body === 'data' ? binary8 : string8) + wide;
  head.writeUInt32BE(bytes, 4);
  return head;
}

/** Whether the section that begins at `start` and has its content at `contentAt` has the head that {@link bodyHead} makes. */
export function hasShortestHead(
  message: Buffer,
  body: 'data' | 'text',
  start: number,
  contentAt: number,
  bytes: number,
): boolean {
  if (contentAt - start !== (bytes > 0xff ? head32Bytes : head8Bytes)) return false;
  return message[start + 1] === 0x53 && message[start + 2] === (body === 'data' ? data : value);
}

/** Whether a prefix ends with the constructor and size of a binary or string of so many bytes. */
export function isHeadOf(prefix: Buffer, bytes: number): boolean {
  const { length } = prefix;
  if (length >= head8Bytes && isVariable(prefix[length - 2]) && prefix[length - 1] === bytes) return true;
  return length >= head32Bytes && isWide(prefix[length - 5]) && prefix.readUInt32BE(length - 4) === bytes;
}

function isVariable(code: number | undefined): boolean {
  return code === binary8 || code === string8;
}

function isWide(code: number | undefined): boolean {
  return code !== undefined && isVariable(code - wide);
}
