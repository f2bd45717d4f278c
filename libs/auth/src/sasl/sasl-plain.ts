import { type Buffer, isUtf8 } from 'node:buffer';

export interface PlainCredentials {
  readonly username: string;
  readonly password: string;
}

const part = { authorizationId: 0, username: 1, password: 2, count: 3 } as const;

/**
 * RFC 4616: `[authzid] NUL authcid NUL passwd`, UTF-8. Kafka's PlainSaslServer takes an authorization id only when it
 * equals the user name: nobody acts for another. The user name may be empty, against the RFC: a token that serves as
 * password says the user itself.
 *
 * @returns the credentials, or why the token is refused
 */
export function parsePlainToken(token: Buffer): PlainCredentials | string {
  if (!isUtf8(token)) return 'the PLAIN token is not UTF-8';
  const parts = token.toString('utf8').split('\0', part.count + 1);
  if (parts.length !== part.count)
    return `a PLAIN token has ${part.count} parts, this one has ${parts.length}`;
  const username = parts[part.username]!;
  const password = parts[part.password]!;
  const authorizationId = parts[part.authorizationId]!;
  if (password === '') return 'the PLAIN token has no password';
  if (authorizationId !== '' && authorizationId !== username) {
    return 'the authorization id is not the user name';
  }
  return { username, password };
}
