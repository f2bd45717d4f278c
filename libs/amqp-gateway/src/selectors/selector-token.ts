import { SelectorError } from './selector-error.js';

const keywords = [
  'AND',
  'OR',
  'NOT',
  'BETWEEN',
  'IN',
  'LIKE',
  'ESCAPE',
  'IS',
  'NULL',
  'TRUE',
  'FALSE',
] as const;
const symbols = ['<>', '<=', '>=', '=', '<', '>', '+', '-', '*', '/', '(', ')', ','] as const;

export type Keyword = (typeof keywords)[number];
export type SelectorSymbol = (typeof symbols)[number];

/** `at`: characters of the selector before it. */
export type SelectorToken = { readonly at: number } & (
  | { readonly type: 'keyword'; readonly value: Keyword }
  | { readonly type: 'symbol'; readonly value: SelectorSymbol }
  | { readonly type: 'identifier' | 'string'; readonly value: string }
  | { readonly type: 'number'; readonly value: number | bigint }
  | { readonly type: 'end' }
);

/** Annotations are called by their names, which have hyphens (as Event Hubs has it). */
export const annotationPrefix = 'amqp.annotation.';

const space = /\s*/y;
const word = /[\p{L}\p{Nl}_$][\p{L}\p{Nl}\p{Nd}_$.]*/uy;
const annotationWord = /amqp\.annotation\.[\p{L}\p{Nd}_$.:-]+/uy;
const quotedText = /'(?:[^']|'')*'/y;
/** SQL-92's delimited identifier: for properties whose names are no Java identifiers. */
const quotedName = /"(?:[^"]|"")+"/y;
/** Java's integer literals, in decimal, hexadecimal and octal. */
const exact = /(?:0[xX][0-9a-fA-F]+|\d+)[lL]?(?![\p{L}\p{Nd}_$.])/uy;
/** Java's floating-point literals. */
const approximate = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?(?![\p{L}\p{Nd}_$.])/uy;
const keywordSet: ReadonlySet<string> = new Set(keywords);

/** Of one more than a long holds: its negative is one. */
const exactMax = 2n ** 63n;

/** @throws SelectorError */
export function selectorTokens(text: string): SelectorToken[] {
  const tokens: SelectorToken[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  for (;;) {
    take(space);
    const start = at;
    if (start >= text.length) break;
    const token = takeToken(take, text, start);
    if (token === undefined) throw new SelectorError('unexpected character', start);
    tokens.push(token);
  }
  tokens.push({ type: 'end', at });
  return tokens;
}

type Take = (pattern: RegExp) => string | undefined;

function takeToken(take: Take, text: string, at: number): SelectorToken | undefined {
  const name = take(annotationWord) ?? take(word);
  if (name !== undefined) {
    const upper = name.toUpperCase();
    if (keywordSet.has(upper)) return { type: 'keyword', value: upper as Keyword, at };
    return { type: 'identifier', value: name, at };
  }
  const quoted = take(quotedText);
  if (quoted !== undefined) {
    return { type: 'string', value: quoted.slice(1, -1).replaceAll("''", "'"), at };
  }
  const delimited = take(quotedName);
  if (delimited !== undefined) {
    return { type: 'identifier', value: delimited.slice(1, -1).replaceAll('""', '"'), at };
  }
  const integer = take(exact);
  if (integer !== undefined) return { type: 'number', value: exactOf(integer, at), at };
  const decimal = take(approximate);
  if (decimal !== undefined) return { type: 'number', value: Number(decimal.replace(/[fFdD]$/, '')), at };
  const symbol = symbols.find((each) => text.startsWith(each, at));
  if (symbol === undefined) return undefined;
  take(symbolPatterns[symbol]);
  return { type: 'symbol', value: symbol, at };
}

const symbolPatterns = Object.fromEntries(
  symbols.map((symbol) => [symbol, new RegExp(symbol.replaceAll(/[+*()/]/g, '\\$&'), 'y')]),
) as Record<SelectorSymbol, RegExp>;

function exactOf(text: string, at: number): bigint {
  const digits = text.replace(/[lL]$/, '');
  const isOctal = /^0\d+$/.test(digits);
  if (isOctal && /[89]/.test(digits)) throw new SelectorError('an octal number has digits from 0 to 7', at);
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  if (value > exactMax) throw new SelectorError('a number is larger than 64 bits hold', at);
  return value;
}
