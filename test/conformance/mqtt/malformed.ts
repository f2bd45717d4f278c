import type { Buffer } from 'node:buffer';
import { rawPacket } from '../../support/mqtt-wire.js';
import type { Script } from './script.js';

/** Bytes that end the connection, and what is said before: reason codes of CONNACK or DISCONNECT. */
export interface Malformed {
  readonly name: string;
  readonly statements: readonly string[];
  readonly bytes: Buffer;
  /** Any of them; `undefined`: the connection is closed without a word. */
  readonly says: readonly (number | undefined)[];
  /** They are sent instead of CONNECT. */
  readonly first?: boolean;
}

export function malformedScript({ name, statements, bytes, says, first }: Malformed): Script {
  return {
    name,
    statements,
    async run(bed) {
      const wire = first ? await bed.open() : await bed.connect();
      wire.send(bytes);
      const code = await wire.refusal();
      const told = (each: number | undefined) => (each === undefined ? 'nothing' : `0x${each.toString(16)}`);
      if (!says.includes(code))
        throw new Error(`says ${told(code)} instead of ${says.map(told).join(' or ')}`);
    },
  };
}

export interface RawConnect {
  readonly name?: string;
  readonly version?: number;
  readonly flags?: number;
  /** Property length and properties; left out before MQTT 5. */
  readonly properties?: readonly number[];
  readonly payload?: readonly (string | Buffer | number[])[];
}

export function rawConnect({
  name = 'MQTT',
  version = 5,
  flags = 2,
  properties,
  payload = [''],
}: RawConnect): Buffer {
  const own = properties ?? (version >= 5 ? [0] : []);
  return rawPacket(0x10, name, [version, flags, 0, 0], [...own], ...payload);
}
