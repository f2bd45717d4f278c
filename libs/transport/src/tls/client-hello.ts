import type { AheadReader } from '../read-ahead.js';
import { guessProtocol } from '../wrong-protocol.js';

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

/**
 * Waits for a whole ClientHello (RFC 8446 4.1.2, in one or more records, 5.1) and gives it back untouched. OpenSSL's state
 * of a connection takes 20 to 60 KB from its first byte, this takes what the client has sent.
 */
export class ClientHelloReader implements AheadReader<void> {
  #bytes: Buffer | undefined;

  /** @throws NoClientHello */
  push(bytes: Buffer): { readonly value: undefined; readonly rest: Buffer } | undefined {
    const all = this.#bytes === undefined ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#bytes = all;
    if (isComplete(all)) return { value: undefined, rest: all };
    if (all.length >= clientHelloBytesMax) throw tooLong();
    return undefined;
  }
}

function isComplete(bytes: Buffer): boolean {
  let at = 0;
  let inMessage = 0;
  let messageBytes = handshakeHeaderBytes;
  while (at + recordHeaderBytes <= bytes.length || at === 0) {
    checkRecord(bytes, at);
    if (at + recordHeaderBytes > bytes.length) return false;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0)
      throw new NoClientHello('empty-record', 'the TLS handshake begins with an empty record');
    at += recordHeaderBytes;
    // The message's own length: in its first record, where nobody has a reason to split so few bytes.
    if (inMessage === 0) {
      if (length < handshakeHeaderBytes)
        throw new NoClientHello('short-record', 'the first TLS record is too short');
      if (at + handshakeHeaderBytes > bytes.length) return false;
      if (bytes[at] !== clientHello)
        throw new NoClientHello('no-client-hello', 'the TLS handshake begins without a ClientHello');
      messageBytes += bytes.readUIntBE(at + 1, 3);
      if (messageBytes > clientHelloBytesMax) throw tooLong();
    }
    const there = Math.min(length, bytes.length - at);
    inMessage += there;
    if (inMessage >= messageBytes) return true;
    if (there < length) return false;
    at += length;
  }
  return false;
}

/** As far as the header is there: a wrong first byte must not wait for four more. */
function checkRecord(bytes: Buffer, at: number): void {
  if (bytes.length <= at) return;
  if (bytes[at] === handshakeRecord && (bytes.length <= at + 1 || bytes[at + 1] === 3)) return;
  const guess = guessProtocol(bytes.subarray(0, guessBytes));
  const what = at > 0 || guess === undefined || guess.startsWith('TLS') ? 'no TLS' : guess;
  throw new NoClientHello('no-tls', `${what} on a TLS port`);
}

function tooLong(): NoClientHello {
  return new NoClientHello('long-client-hello', `the ClientHello has more than ${clientHelloBytesMax} bytes`);
}
