import { readFile } from 'node:fs/promises';
import type { AuthOptions } from '../client.options.js';
import { PulsarError } from '../pulsar.errors.js';
import { OAuth2Tokens } from './oauth2.js';

/** Why credentials are wanted: a broker that challenges has found the last ones expired, or about to. */
export type CredentialsReason = 'connect' | 'challenge';

export interface AuthProvider {
  /** `auth_method_name` of CONNECT: "none", "token", "basic" or "tls". */
  readonly methodName: string;
  /** `auth_data`. Rejects with 'CredentialsUnavailable'. */
  credentials(reason: CredentialsReason): Promise<Buffer>;
  /** The same identity for the admin REST. */
  httpHeaders(): Promise<Record<string, string>>;
}

/** Files larger than this are no token. */
const tokenFileBytesMax = 64 * 1024;

export function createAuthProvider(options: AuthOptions): AuthProvider {
  switch (options.method) {
    case 'none':
      return fixedProvider('none', '', {});
    case 'tls':
      return fixedProvider('tls', '', { 'X-Pulsar-Auth-Method-Name': 'tls' });
    case 'basic': {
      const pair = `${options.username}:${options.password}`;
      const encoded = Buffer.from(pair).toString('base64');
      return fixedProvider('basic', pair, {
        Authorization: `Basic ${encoded}`,
        'X-Pulsar-Auth-Method-Name': 'basic',
      });
    }
    case 'token':
      return tokenProvider(
        'tokenFile' in options
          ? () => readTokenFile(options.tokenFile)
          : () => Promise.resolve(options.token),
      );
    case 'oauth2': {
      const tokens = new OAuth2Tokens(options);
      return tokenProvider((reason) => tokens.token(reason === 'challenge'));
    }
  }
}

function fixedProvider(methodName: string, data: string, headers: Record<string, string>): AuthProvider {
  return {
    methodName,
    credentials: () => Promise.resolve(Buffer.from(data)),
    httpHeaders: () => Promise.resolve(headers),
  };
}

function tokenProvider(token: (reason: CredentialsReason) => Promise<string>): AuthProvider {
  return {
    methodName: 'token',
    credentials: async (reason) => Buffer.from(await token(reason)),
    httpHeaders: async () => ({
      Authorization: `Bearer ${await token('connect')}`,
      'X-Pulsar-Auth-Method-Name': 'token',
    }),
  };
}

async function readTokenFile(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new PulsarError('CredentialsUnavailable', `token file: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (text === '' || text.length > tokenFileBytesMax) {
    throw new PulsarError('CredentialsUnavailable', `token file ${path} is empty or too large`);
  }
  return text;
}
