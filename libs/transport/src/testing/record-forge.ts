import { createCipheriv, createHmac } from 'node:crypto';

const keyBytes = 16;
const ivBytes = 12;
const secretBytes = 32;
const sequenceBytes = 8;
const tagBytes = 16;
const recordHeader = Buffer.from('1703030000', 'hex');
/** RFC 8446 4.6.3 with `update_requested`, then the record's inner type, handshake. */
const keyUpdate = Buffer.from('180000010116', 'hex');

/** HKDF-Expand-Label (RFC 8446 7.1) without a context, of at most one SHA-256. */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

/**
 * Writes TLS 1.3 records as a client that nothing keeps to the rules, with TLS_AES_128_GCM_SHA256, after the handshake and
 * before its first own record.
 */
export class RecordForge {
  #secret: Buffer;
  #sequence = 0n;

  /** @param secret CLIENT_TRAFFIC_SECRET_0, as the 'keylog' event has it */
  constructor(secret: Buffer) {
    if (secret.length !== secretBytes) throw new Error('a secret of SHA-256 is needed');
    this.#secret = secret;
  }

  /** A request for new keys; what follows is under new ones. */
  keyUpdate(): Buffer {
    const record = this.#seal(keyUpdate);
    this.#secret = expandLabel(this.#secret, 'traffic upd', secretBytes);
    this.#sequence = 0n;
    return record;
  }

  data(text: string): Buffer {
    return this.#seal(Buffer.concat([Buffer.from(text), Buffer.from([0x17])]));
  }

  #seal(inner: Buffer): Buffer {
    const header = Buffer.from(recordHeader);
    header.writeUInt16BE(inner.length + tagBytes, 3);
    const nonce = Buffer.from(expandLabel(this.#secret, 'iv', ivBytes));
    const sequence = Buffer.alloc(sequenceBytes);
    sequence.writeBigUInt64BE(this.#sequence++);
    for (let at = 0; at < sequenceBytes; at++) nonce[ivBytes - sequenceBytes + at]! ^= sequence[at]!;
    const cipher = createCipheriv('aes-128-gcm', expandLabel(this.#secret, 'key', keyBytes), nonce);
    cipher.setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }
}
