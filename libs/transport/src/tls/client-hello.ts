import type { AheadReader } from '../read-ahead.js';
import { guessProtocol } from '../wrong-protocol.js';
import { askedName } from './asked-name.js';

/** A ClientHello with a post-quantum key share and a ticket that holds a client certificate has about 5 KB. */
export const clientHelloBytesMax = 8_192;

const recordHeaderBytes = 5;
const handshakeHeaderBytes = 4;
const handshakeRecord = 0x16;
const clientHello = 0x01;
/** What tells one protocol from another, as far as it is told. */
const guessBytes = 8;

/** The first bytes are no ClientHello: `message` is for the log, `code` a fixed word. */
export class NoClientHello extends Error {
  override readonly name = 'NoClientHello';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What a ClientHello tells before anything is proven. */
export interface ClientHello {
  /** Of its server_name extension, as it was sent. */
  readonly askedName: string | undefined;
}

/**
 * Waits for a whole ClientHello (RFC 8446 4.1.2, in one or more records, 5.1) and gives it back untouched. OpenSSL's state
 * of a connection takes 20 to 60 KB from its first byte, this takes what the client has sent.
 */
export class ClientHelloReader implements AheadReader<ClientHello> {
  #bytes: Buffer | undefined;

  /** @throws NoClientHello */
  push(bytes: Buffer): { readonly value: ClientHello; readonly rest: Buffer } | undefined {
    const all = this.#bytes === undefined ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#bytes = all;
    const message = messageIn(all);
    if (message === undefined) {
      if (all.length >= clientHelloBytesMax) throw tooLong();
      return undefined;
    }
    try {
      return { value: { askedName: askedName(message) }, rest: all };
    } catch {
      throw new NoClientHello('malformed-client-hello', 'the ClientHello is malformed');
    }
  }
}

/** The first handshake message without its records and its header, once it is there. */
function messageIn(bytes: Buffer): Buffer | undefined {
  const fragments: Buffer[] = [];
  let at = 0;
  let gathered = 0;
  let messageBytes = 0;
  while (at < bytes.length) {
    checkRecord(bytes, at);
    if (at + recordHeaderBytes > bytes.length) return undefined;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0)
      throw new NoClientHello('empty-record', 'the TLS handshake begins with an empty record');
    at += recordHeaderBytes;
    if (fragments.length === 0) {
      if (length >= handshakeHeaderBytes && at + handshakeHeaderBytes > bytes.length) return undefined;
      messageBytes = messageBytesAt(bytes, at, length);
    }
    const fragment = bytes.subarray(at, at + length);
    fragments.push(fragment);
    gathered += fragment.length;
    if (gathered >= messageBytes) {
      return Buffer.concat(fragments).subarray(handshakeHeaderBytes, messageBytes);
    }
    at += length;
  }
  return undefined;
}

/** From the message's header: in its first record, where nobody has a reason to split so few bytes. */
function messageBytesAt(bytes: Buffer, at: number, recordBytes: number): number {
  if (recordBytes < handshakeHeaderBytes) {
    throw new NoClientHello('short-record', 'the first TLS record is too short');
  }
  if (bytes[at] !== clientHello) {
    throw new NoClientHello('no-client-hello', 'the TLS handshake begins without a ClientHello');
  }
  const messageBytes = handshakeHeaderBytes + bytes.readUIntBE(at + 1, 3);
  if (messageBytes > clientHelloBytesMax) throw tooLong();
  return messageBytes;
}

/** As far as the header is there: a wrong first byte must not wait for four more. */
function checkRecord(bytes: Buffer, at: number): void {
  if (bytes[at] === handshakeRecord && (bytes.length <= at + 1 || bytes[at + 1] === 3)) return;
  const guess = guessProtocol(bytes.subarray(0, guessBytes));
  const what = at > 0 || guess === undefined || guess.startsWith('TLS') ? 'no TLS' : guess;
  throw new NoClientHello('no-tls', `${what} on a TLS port`);
}

function tooLong(): NoClientHello {
  return new NoClientHello('long-client-hello', `the ClientHello has more than ${clientHelloBytesMax} bytes`);
}
