import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { MalformedFrame } from '#libs/transport';
import { macBytes, nonceBytes } from './peer-frame.js';

/*
 * Both sides prove that they know one secret without telling it: each answers the other's random number with an HMAC
 * over both. The words keep an answer of one side from serving as one of the other.
 */

const idBytes = 4;

export interface PeerProof {
  readonly nodeId: number;
  readonly nonce: Buffer;
  readonly mac: Buffer;
}

export function newNonce(): Buffer {
  return randomBytes(nonceBytes);
}

/** What the one that connected proves itself with. */
export function clientMac(secret: string, challenge: Buffer, nodeId: number, nonce: Buffer): Buffer {
  return macOf(secret, 'pulsegate peer connects', challenge, int32(nodeId), nonce);
}

/** And the one that it connected to. */
export function serverMac(secret: string, challenge: Buffer, nonce: Buffer): Buffer {
  return macOf(secret, 'pulsegate peer serves', nonce, challenge);
}

export function isEqualMac(expected: Buffer, given: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export function encodeProof({ nodeId, nonce, mac }: PeerProof): Buffer {
  return Buffer.concat([int32(nodeId), nonce, mac]);
}

/** @throws MalformedFrame */
export function decodeProof(body: Buffer): PeerProof {
  if (body.length !== idBytes + nonceBytes + macBytes) {
    throw new MalformedFrame('proof-size', `a proof of ${body.length} bytes`);
  }
  return {
    nodeId: body.readInt32BE(),
    nonce: body.subarray(idBytes, idBytes + nonceBytes),
    mac: body.subarray(idBytes + nonceBytes),
  };
}

function macOf(secret: string, role: string, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('sha256', secret).update(role);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(idBytes);
  bytes.writeInt32BE(value);
  return bytes;
}
