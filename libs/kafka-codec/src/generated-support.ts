// What generated code calls besides ByteReader and ByteWriter.
import { Buffer } from 'node:buffer';
import { KafkaDecodeError, KafkaEncodeError } from './kafka-codec.errors.js';

/** Defaults of `bytes` and `uuid` fields that the version at hand does not have. */
export const EMPTY_BYTES: Buffer = Buffer.alloc(0);
export const ZERO_UUID: Buffer = Buffer.alloc(16);

export function isZeroUuid(uuid: Uint8Array): boolean {
  return ZERO_UUID.equals(uuid);
}

export function unsupportedDecode(message: string, version: number): never {
  throw new KafkaDecodeError('unsupported-version', `${message} has no version ${version}`);
}

export function unsupportedEncode(message: string, version: number): never {
  throw new KafkaEncodeError('unsupported-version', `${message} has no version ${version}`);
}

export function notInVersion(field: string, version: number): never {
  throw new KafkaEncodeError(
    'field-not-in-version',
    `${field} has a value, but version ${version} cannot carry it`,
  );
}

export function notNullable(field: string, version: number): never {
  throw new KafkaEncodeError('invalid-null', `${field} is null, but not nullable in version ${version}`);
}
