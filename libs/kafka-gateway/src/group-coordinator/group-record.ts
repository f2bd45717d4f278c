import { Buffer } from 'node:buffer';

/** One record of a slice's log: the latest of each key counts. */
export interface GroupRecord {
  /** Starts with the prefix of its kind. Names in it are `encodeURIComponent`ed, so that `/` separates. */
  readonly key: string;
  /** JSON with its version as `v`; null deletes the key. */
  readonly value: Buffer | null;
}

/** `offset/` + names, each encoded: what `recordKeyNames` takes apart. */
export function recordKey(prefix: string, ...names: readonly string[]): string {
  return prefix + names.map(encodeURIComponent).join('/');
}

export function recordKeyNames(prefix: string, key: string): string[] {
  return key.slice(prefix.length).split('/').map(decodeURIComponent);
}

/** The record's value as it was given to `recordValue`. @throws when it is of another version */
export function parseRecord<T extends object>(value: Buffer, version = 1): T {
  const parsed = JSON.parse(value.toString('utf8')) as T & { v?: unknown };
  if (parsed.v !== version) throw new Error(`a group record of version ${String(parsed.v)}, not ${version}`);
  return parsed;
}

export function recordValue(value: object, version = 1): Buffer {
  return Buffer.from(JSON.stringify({ v: version, ...value }));
}
