// Tokens as a login service gives them: JSON Web Tokens, signed with a key of this process.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export class LoginService {
  readonly issuer = 'https://id.example';
  readonly audience = 'pulsegate';
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** For `authentication.jwt[].keysFile`. */
  get publicKeyPem(): string {
    return this.#keys.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  }

  /** Lives for so many seconds unless `claims` say otherwise. */
  token(claims: Readonly<Record<string, unknown>>, secondsToLive = 600): string {
    return this.#signed(claims, secondsToLive, this.#keys.privateKey);
  }

  /** The same, with the signature of somebody else. */
  forgedToken(claims: Readonly<Record<string, unknown>>, secondsToLive = 600): string {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return this.#signed(claims, secondsToLive, privateKey);
  }

  #signed(claims: Readonly<Record<string, unknown>>, secondsToLive: number, key: KeyObject): string {
    const now = Date.now() / 1_000;
    const all = { iss: this.issuer, aud: this.audience, iat: now, exp: now + secondsToLive, ...claims };
    const text = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(all)}`;
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }
}
