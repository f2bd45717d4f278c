import { createHmac } from 'node:crypto';
import { type ScramCredential, type ScramMechanism, scramIterations } from '../scram-credential.js';
import { scramHash } from './scram-verifier.js';

/** How the salts and iterations of existing credentials look. */
export interface ScramShape {
  readonly iterations: number;
  readonly saltBytes: number;
  /** Made of 0-9 and a-z, as the salts of Kafka's tools are. */
  readonly text: boolean;
}

const shapeDefault: ScramShape = { iterations: scramIterations.max, saltBytes: 16, text: false };
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const textSalt = /^[0-9a-z]+$/;

/** The shape that most of these credentials have. */
export function usualShape(credentials: Iterable<ScramCredential>): ScramShape {
  const counts = new Map<string, { shape: ScramShape; count: number }>();
  let most = { shape: shapeDefault, count: 0 };
  for (const { iterations, salt } of credentials) {
    const shape = { iterations, saltBytes: salt.length, text: textSalt.test(salt.toString('latin1')) };
    const key = `${iterations} ${shape.saltBytes} ${shape.text}`;
    const counted = counts.get(key) ?? { shape, count: 0 };
    counted.count++;
    counts.set(key, counted);
    if (counted.count > most.count) most = counted;
  }
  return most.shape;
}

/**
 * What stands for a credential of a user that does not exist: the same for the same name each time, in the shape that
 * others have, and no password proves it.
 */
export function phantomCredential(
  key: Buffer,
  name: string,
  mechanism: ScramMechanism,
  shape: ScramShape,
): ScramCredential {
  const bytes = (use: string, length: number) => {
    const blocks: Buffer[] = [];
    for (let at = 0; at * 64 < length; at++) {
      blocks.push(createHmac('sha512', key).update(`${use} ${at} ${mechanism} ${name}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, length);
  };
  const salt = bytes('salt', shape.saltBytes);
  const { bytes: keyBytes } = scramHash[mechanism];
  return {
    mechanism,
    iterations: shape.iterations,
    salt: shape.text ? Buffer.from([...salt].map((byte) => alphabet[byte % alphabet.length]).join('')) : salt,
    storedKey: bytes('stored key', keyBytes),
    serverKey: bytes('server key', keyBytes),
  };
}
