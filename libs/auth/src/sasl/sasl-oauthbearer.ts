import { Buffer } from 'node:buffer';

/** What a client says with its first message (RFC 7628 section 3.1, KIP-255). */
export interface BearerCredentials {
  readonly token: string;
  /** As whom the client wants to act; absent where it leaves that to the token. */
  readonly authorizationId?: string;
}

/** RFC 7628 section 3.2.2, the same for every failure. */
export const bearerFailure = '{"status":"invalid_token"}';

/** What a client says to the failure before it is closed (RFC 7628 section 3.2.3). */
export const bearerFailureSeen = 0x01;

const separator = '\u0001';
/** gs2-header without channel binding: `n,,` or `y,a=saslname,` (RFC 5801 section 4). */
const gs2Header = /^[ny],(?:a=((?:[^,=\0]|=2C|=3D)+))?,$/;
/** RFC 6750 section 2.1. The scheme is in any case. */
const bearerScheme = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
/** kvpair of RFC 7628; a value's characters are printable ASCII, space, tab, CR and LF. */
const pair = /^([A-Za-z]+)=([\x20-\x7e\t\r\n]*)$/;
const pairsMax = 32;

/**
 * `gs2-header ^A *( key "=" value ^A ) ^A`; `auth` is the only key that decides. Others (`host`, `port`, the extensions of
 * KIP-342) are checked for their form and then ignored: nobody vouches for what they say.
 *
 * @returns the credentials, or why the message is refused; never a part of the message
 */
export function parseBearerMessage(message: Buffer): BearerCredentials | string {
  const parts = message.toString('latin1').split(separator, pairsMax + 4);
  if (parts.length > pairsMax + 3) return `an OAUTHBEARER message has at most ${pairsMax} pairs`;
  if (parts.length < 4 || parts.at(-1) !== '' || parts.at(-2) !== '') {
    return 'an OAUTHBEARER message ends with two separators';
  }
  const header = gs2Header.exec(Buffer.from(parts[0]!, 'latin1').toString('utf8'));
  if (header === null) return 'the GS2 header of the OAUTHBEARER message is not valid';
  const pairs = pairsOf(parts.slice(1, -2));
  if (typeof pairs === 'string') return pairs;
  const token = bearerScheme.exec(pairs.get('auth') ?? '')?.[1];
  if (token === undefined) return 'the OAUTHBEARER message has no bearer token';
  const authorizationId = header[1]?.replaceAll('=2C', ',').replaceAll('=3D', '=');
  return { token, ...(authorizationId !== undefined && { authorizationId }) };
}

function pairsOf(parts: readonly string[]): Map<string, string> | string {
  const pairs = new Map<string, string>();
  for (const part of parts) {
    const [, key, value] = pair.exec(part) ?? [];
    if (key === undefined) return 'a pair of the OAUTHBEARER message is not valid';
    if (pairs.has(key)) return 'the OAUTHBEARER message has a key twice';
    pairs.set(key, value!);
  }
  return pairs;
}
