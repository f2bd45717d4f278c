import { Buffer } from 'node:buffer';

/** JSON with its version as `v`. */
export function recordValue(value: object, version = 1): Buffer {
  return Buffer.from(JSON.stringify({ v: version, ...value }));
}

/** The record as it was given to {@link recordValue}. @throws Error when it is of another version */
export function parseRecord<T extends object>(value: Buffer, version = 1): T {
  const parsed = JSON.parse(value.toString('utf8')) as T & { v?: unknown };
  if (parsed.v !== version)
    throw new Error(`a session record of version ${String(parsed.v)}, not ${version}`);
  return parsed;
}
