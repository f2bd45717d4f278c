import { randomBytes } from 'node:crypto';

/** Well-formed, and signed by nobody: brokers that let it in verify no tokens. */
export function forgedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signature = randomBytes(32).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part({ sub: 'pulsegate-forged-token' })}.${signature}`;
}
