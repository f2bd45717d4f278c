import { topicNameFault } from './topic-name.js';

/**
 * A name that a client chose (a level of an MQTT topic, an AMQP address) as (a part of) the name of a Pulsar topic, which
 * Kafka clients can name too: bytes that such names cannot have are `.x` and two hexadecimal digits, and so is the dot of a
 * `.x` that stands in the name itself. The empty name is `.x` alone. What would be a name of the system, of the gateway or
 * of a partition has one more of its characters written so. No two names are encoded alike, and no name in two ways. One
 * that is longer than any topic's is given back as it is, and so is the name of nothing: clients choose how long names are,
 * and encoding costs.
 */
export function encodeName(name: string): string {
  if (name === '') return emptyName;
  if (name.length > nameCharsMax) return name;
  const encoded = isPlain.test(name) ? name : encodeBytes(name);
  return topicNameFault(encoded) === undefined ? encoded : encodeReserved(encoded);
}

/** The reverse; undefined for what {@link encodeName} never gives. */
export function decodeName(encoded: string): string | undefined {
  if (encoded === emptyName) return '';
  const name = encoded.includes(mark) ? decodeBytes(encoded) : encoded;
  return name !== undefined && encodeName(name) === encoded ? name : undefined;
}

/** More than any name has (`topicNameFault`). */
const nameCharsMax = 1_024;
const mark = '.x';
const emptyName = mark;
/** Without a byte that must be encoded, and without the mark. */
const isPlain = /^(?:[A-Za-z0-9_-]|\.(?!x))*$/;
const plainByte = /[A-Za-z0-9._-]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function encodeBytes(name: string): string {
  let encoded = '';
  const text = name.replaceAll(mark, `${escaped('.')}x`);
  for (const character of text) {
    if (plainByte.test(character)) encoded += character;
    else for (const byte of Buffer.from(character)) encoded += escapedByte(byte);
  }
  return encoded;
}

function encodeReserved(name: string): string {
  if (name === '.' || name === '..') return escaped('.') + name.slice(1);
  let encoded = name;
  if (/-partition-\d+$/.test(encoded)) encoded = encoded.replace(/-(?=\d+$)/, escaped);
  if (encoded.endsWith('__transaction_pending_ack')) encoded = encoded.replace(/_(?=ack$)/, escaped);
  if (/^(?:__|pulsegate\.)/.test(encoded)) encoded = escaped(encoded[0] as string) + encoded.slice(1);
  return encoded;
}

function decodeBytes(name: string): string | undefined {
  const bytes: Buffer[] = [];
  let from = 0;
  for (const found of name.matchAll(/\.x([0-9A-F]{2})/g)) {
    bytes.push(Buffer.from(name.slice(from, found.index)), Buffer.from(found[1] as string, 'hex'));
    from = found.index + found[0].length;
  }
  bytes.push(Buffer.from(name.slice(from)));
  try {
    return utf8.decode(Buffer.concat(bytes));
  } catch {
    return undefined;
  }
}

function escaped(character: string): string {
  return escapedByte(character.charCodeAt(0));
}

function escapedByte(byte: number): string {
  return mark + byte.toString(16).toUpperCase().padStart(2, '0');
}
