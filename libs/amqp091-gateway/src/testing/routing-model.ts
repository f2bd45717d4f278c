import type { FieldTable } from '#libs/amqp091-codec';
import type { RoutingType } from '../exchanges/exchange.js';

export interface ModelExchange {
  readonly name: string;
  readonly type: RoutingType;
  readonly alternate: string | undefined;
}

export interface ModelBinding {
  readonly source: string;
  readonly kind: 'queue' | 'exchange';
  readonly destination: string;
  readonly key: string;
  readonly arguments: FieldTable;
}

export interface Model {
  readonly exchanges: readonly ModelExchange[];
  readonly queues: readonly string[];
  readonly bindings: readonly ModelBinding[];
}

/** The queues of a message, found as slowly and plainly as the rules are written. Sorted. */
export function modelRoute(
  model: Model,
  exchange: string,
  keys: readonly string[],
  headers: FieldTable,
): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting = [exchange];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const at = model.exchanges.find((each) => each.name === name);
    if (seen.has(name) || at === undefined) continue;
    seen.add(name);
    const matching = model.bindings.filter(
      (binding) =>
        binding.source === name && keys.some((key) => modelMatches(at.type, binding, key, headers)),
    );
    for (const { kind, destination } of matching) {
      if (kind === 'queue') found.add(destination);
      else waiting.push(destination);
    }
    if (matching.length === 0 && at.alternate !== undefined) waiting.push(at.alternate);
  }
  return [...found].sort();
}

function modelMatches(type: RoutingType, binding: ModelBinding, key: string, headers: FieldTable): boolean {
  if (type === 'fanout') return true;
  if (type === 'direct') return binding.key === key;
  return type === 'topic'
    ? modelTopicMatches(split(binding.key), split(key))
    : modelHeadersMatch(binding.arguments, headers);
}

function split(text: string): string[] {
  return text === '' ? [] : text.split('.');
}

export function modelTopicMatches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return (
      words.some((_, skipped) => modelTopicMatches(rest, words.slice(skipped))) || modelTopicMatches(rest, [])
    );
  }
  return words.length > 0 && (first === '*' || first === words[0]) && modelTopicMatches(rest, words.slice(1));
}

function modelHeadersMatch(wanted: FieldTable, headers: FieldTable): boolean {
  const mode = text(wanted.find(([name]) => name === 'x-match')) ?? 'all';
  const asked = wanted.filter(
    ([name]) => name !== 'x-match' && (mode.endsWith('with-x') || !name.startsWith('x-')),
  );
  const has = ([name, value]: FieldTable[number]) =>
    headers.some(
      ([other, theirs]) => other === name && (value.tag === 'V' || plain(value) === plain(theirs)),
    );
  return mode.startsWith('all') ? asked.every(has) : asked.some(has);
}

function text(field: FieldTable[number] | undefined): string | undefined {
  return field?.[1].tag === 'S' ? Buffer.from(field[1].value).toString() : undefined;
}

/** Of texts, numbers and flags. */
function plain(value: FieldTable[number][1]): string {
  if (value.tag === 'S') return `text ${Buffer.from(value.value).toString()}`;
  return value.tag === 't' ? `flag ${value.value}` : `number ${'value' in value ? value.value : ''}`;
}
