import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PulsarIdentity } from '../client.options.js';

/**
 * The role that brokers with default settings see in these credentials, for advice to people; undefined where nobody can
 * say without asking an issuer. Whom the identity acts for does not matter. Nothing is verified.
 */
export function presumedRole({ auth, tls }: PulsarIdentity): string | undefined {
  try {
    switch (auth.method) {
      case 'basic':
        return auth.username;
      case 'token':
        return subjectOf('tokenFile' in auth ? readFileSync(auth.tokenFile, 'utf8').trim() : auth.token);
      case 'tls':
        return tls && /^CN=(.+)$/m.exec(new X509Certificate(readFileSync(tls.certFile)).subject)?.[1];
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

function subjectOf(token: string): string | undefined {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
    sub?: unknown;
  };
  return typeof claims.sub === 'string' && claims.sub !== '' ? claims.sub : undefined;
}
