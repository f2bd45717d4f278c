import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677). */
export class ScramClient {
  readonly #nonce = randomBytes(12).toString('base64url');
  readonly #password: string;
  readonly #bare: string;

  constructor(user: string, password: string) {
    this.#password = password;
    this.#bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${this.#nonce}`;
  }

  first(): Buffer {
    return Buffer.from(`n,,${this.#bare}`);
  }

  /** @param serverFirst the server's first message */
  final(serverFirst: Buffer): Buffer {
    const [nonce, salt, iterations] = serverFirst
      .toString()
      .split(',')
      .map((attribute) => attribute.slice(2)) as [string, string, string];
    if (!nonce.startsWith(this.#nonce))
      throw new Error("the server's nonce does not go on from the client's");
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`;
    const signature = createHmac('sha256', createHash('sha256').update(clientKey).digest())
      .update(`${this.#bare},${serverFirst.toString()},${withoutProof}`)
      .digest();
    const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }
}
