import { isUtf8 } from 'node:buffer';

/** The client's messages of RFC 5802, as Kafka's clients send them. A message that is none is a text that says why. */

export interface ClientFirst {
  /** `n,a=...,` as it was sent: the last message must repeat it. */
  readonly gs2Header: string;
  readonly authorizationId: string | undefined;
  readonly username: string;
  readonly nonce: string;
  /** `n=...,r=...`: part of what is signed. */
  readonly bare: string;
}

export interface ClientFinal {
  readonly channelBinding: Buffer;
  readonly nonce: string;
  readonly proof: Buffer;
  readonly withoutProof: string;
}

/** Longest message: a user name of 2 x 128 characters with tenant, escaped, and a nonce. */
export const scramMessageBytesMax = 4_096;

// Printable, without the comma.
const nonceCharacters = /^[\x21-\x2b\x2d-\x7e]{8,512}$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

export function parseClientFirst(message: Buffer): ClientFirst | string {
  const text = textOf(message);
  if (text === undefined) return 'a SCRAM message is UTF-8 of a bounded length';
  // gs2-cbind-flag "," [authzid] "," client-first-message-bare
  const header = /^(?<flag>[^,]*),(?:a=(?<id>[^,]*))?,/.exec(text);
  if (header === null) return 'no GS2 header';
  // "p=": a channel binding, which only the -PLUS mechanisms have. "y": the client would, and saw that we do not.
  if (header.groups?.flag !== 'n' && header.groups?.flag !== 'y') return 'channel binding is not offered';
  const bare = text.slice(header[0].length);
  const [user, nonce, ...extensions] = bare.split(',');
  // "m=" before the name is a mandatory extension, of which there is none; Kafka's "tokenauth" would be behind the nonce.
  if (!user?.startsWith('n=') || !nonce?.startsWith('r=')) return 'a user name and a nonce come first';
  if (extensions.length > 0) return 'SCRAM extensions (delegation tokens) are not offered';
  const username = unescaped(user.slice(2));
  const authorizationId = header.groups?.id === undefined ? undefined : unescaped(header.groups.id);
  if (username === undefined || username === '') return 'the user name is empty or wrongly escaped';
  if (header.groups?.id !== undefined && authorizationId === undefined)
    return 'the authorization id is wrongly escaped';
  if (!nonceCharacters.test(nonce.slice(2))) return 'the nonce is too short, too long or not printable';
  return { gs2Header: header[0], authorizationId, username, nonce: nonce.slice(2), bare };
}

export function parseClientFinal(message: Buffer): ClientFinal | string {
  const text = textOf(message);
  if (text === undefined) return 'a SCRAM message is UTF-8 of a bounded length';
  const parts = /^c=(?<binding>[^,]*),r=(?<nonce>[^,]*),p=(?<proof>[^,]*)$/.exec(text)?.groups;
  if (parts === undefined) return 'the last message is c=...,r=...,p=...';
  const { binding = '', nonce = '', proof = '' } = parts;
  if (!base64.test(binding) || !base64.test(proof)) return 'channel binding and proof are base64';
  return {
    channelBinding: Buffer.from(binding, 'base64'),
    nonce,
    proof: Buffer.from(proof, 'base64'),
    withoutProof: text.slice(0, text.lastIndexOf(',p=')),
  };
}

function textOf(message: Buffer): string | undefined {
  if (message.length > scramMessageBytesMax || !isUtf8(message)) return undefined;
  const text = message.toString('utf8');
  return text.includes('\0') ? undefined : text;
}

/** saslname: "=2C" is a comma and "=3D" an equals sign; no other "=" is allowed. */
function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
