import { open } from 'node:fs/promises';
import { downloadJwks } from './jwks-download.js';
import type { JwtIssuerOptions } from './jwt-issuer.js';
import { KeysError, type ParsedKeys, parseJwks, parsePublicKeys, parseSecret } from './verification-key.js';

/** Largest file of keys that is read. */
export const keysFileBytesMax = 1_048_576;

/**
 * Reads the keys of an issuer, wherever they are.
 *
 * @throws Error that says no secret, and nothing of what an issuer's server answered
 */
export async function loadIssuerKeys(options: JwtIssuerOptions): Promise<ParsedKeys> {
  const { jwksUrl: url, caFile } = options;
  if (url !== undefined) return parseJwks(await downloadJwks({ url, caFile }));
  const file = options.keysFile ?? options.secretFile;
  return parseIssuerKeys(options, file === undefined ? Buffer.alloc(0) : await readKeysFile(file));
}

/**
 * The keys of an issuer that has them in a file or in its settings.
 *
 * @param content of `keysFile` or `secretFile`
 * @throws KeysError when they cannot be used
 */
export function parseIssuerKeys(options: JwtIssuerOptions, content: Buffer): ParsedKeys {
  const { keysFile, secret, algorithms } = options;
  if (keysFile === undefined)
    return parseSecret(secret === undefined ? content : Buffer.from(secret), algorithms);
  const parsed = parsePublicKeys(content.toString('utf8'));
  // An issuer's server may withdraw all its keys; a file without one is a mistake.
  if (!parsed.keys.some((key) => key.algorithms.some((each) => algorithms.includes(each)))) {
    throw new KeysError(`there is no key for ${algorithms.join(', ')}`);
  }
  return parsed;
}

async function readKeysFile(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > keysFileBytesMax) throw new KeysError(`the file has more than ${keysFileBytesMax} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
