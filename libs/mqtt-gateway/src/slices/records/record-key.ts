/**
 * Keys of a slice's records: `<kind>/<number>` or `<kind>/<number>/<rest>`, where the rest may hold anything. The position
 * of a partition has its name for a number.
 */
export const recordKinds = ['session', 'sub', 'queue', 'progress', 'in', 'will', 'pos'] as const;
export type RecordKind = (typeof recordKinds)[number];

export interface RecordKey {
  readonly kind: RecordKind;
  /** Of the session, queued message or will; 0 where the kind has none. */
  readonly number: number;
  readonly rest: string;
}

export function recordKey(kind: Exclude<RecordKind, 'pos'>, number: number, rest?: string | number): string {
  return rest === undefined ? `${kind}/${number}` : `${kind}/${number}/${rest}`;
}

export function positionKey(partition: string): string {
  return `pos/${partition}`;
}

/** Undefined: of a kind that a newer gateway knows. */
export function parseRecordKey(key: string): RecordKey | undefined {
  const slash = key.indexOf('/');
  const kind = recordKinds.find((each) => each.length === slash && key.startsWith(each));
  if (kind === undefined) return undefined;
  if (kind === 'pos') return { kind, number: 0, rest: key.slice(slash + 1) };
  const end = key.indexOf('/', slash + 1);
  const number = Number(end === -1 ? key.slice(slash + 1) : key.slice(slash + 1, end));
  if (!Number.isSafeInteger(number)) return undefined;
  return { kind, number, rest: end === -1 ? '' : key.slice(end + 1) };
}
