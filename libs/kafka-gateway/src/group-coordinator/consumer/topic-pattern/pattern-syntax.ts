/** Code points, both ends included. */
export type CharacterRange = readonly [from: number, to: number];

/** What a pattern is made of. */
export type PatternNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly ranges: readonly CharacterRange[]; readonly negated: boolean }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly node: PatternNode; readonly min: number; readonly max: number };

/** A pattern that is not served: the message goes to the client. */
export class PatternFault extends Error {
  override readonly name = 'PatternFault';
}

/** RE2's own limit of a counted repetition. */
const repeatMax = 1_000;
const nestingMax = 100;

const digits: readonly CharacterRange[] = [[48, 57]];
const spaces: readonly CharacterRange[] = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const words: readonly CharacterRange[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const letters: Readonly<Record<string, readonly CharacterRange[]>> = { d: digits, s: spaces, w: words };
const controls: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };
const named: Readonly<Record<string, readonly CharacterRange[]>> = {
  alnum: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  alpha: [
    [65, 90],
    [97, 122],
  ],
  digit: digits,
  lower: [[97, 122]],
  upper: [[65, 90]],
  word: words,
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
};
const lastCodePoint = 0x10ffff;

/**
 * Parses the part of RE2's syntax that topic names need: characters, `.`, classes, groups, alternatives, repetitions,
 * anchors and `(?i)`. What cannot be decided in linear time (back-references, look-around, possessive and atomic forms)
 * is not in RE2 either.
 *
 * @throws PatternFault
 */
export function parsePattern(text: string): PatternNode {
  const parser = new PatternParser(text);
  return parser.parse();
}

class PatternParser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(text: string) {
    this.#characters = [...text];
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) throw this.#fault('unexpected )');
    return node;
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(expected: string): boolean {
    const length = [...expected].length;
    if (this.#characters.slice(this.#at, this.#at + length).join('') !== expected) return false;
    this.#at += length;
    return true;
  }

  #choice(): PatternNode {
    if (++this.#depth > nestingMax) throw this.#fault('nested too deeply');
    const ignoreCase = this.#ignoreCase;
    const nodes = [this.#sequence()];
    while (this.#take('|')) nodes.push(this.#sequence());
    this.#ignoreCase = ignoreCase;
    this.#depth--;
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes };
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') nodes.push(this.#repeated());
    return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes };
  }

  #repeated(): PatternNode {
    const start = this.#at;
    const node = this.#atom();
    const times = this.#times();
    if (times === undefined) return node;
    if (this.#at - start > 0 && (node.kind === 'begin' || node.kind === 'end')) {
      throw this.#fault('nothing to repeat');
    }
    // Lazy and greedy are the same where only a match of the whole name counts.
    this.#take('?');
    if (this.#next === '+' || this.#next === '*' || this.#times() !== undefined) {
      throw this.#fault('a repetition of a repetition');
    }
    return { kind: 'repeat', node, ...times };
  }

  #times(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#next !== '{') return undefined;
    const counted = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(
      this.#characters.slice(this.#at, this.#at + 16).join(''),
    );
    // As in RE2 a brace that counts nothing is a character.
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const open = counted[2] !== undefined && counted[3] === '';
    const max = counted[2] === undefined ? min : open ? Number.POSITIVE_INFINITY : Number(counted[3]);
    if (min > repeatMax || (max > repeatMax && !open) || max < min) throw this.#fault('invalid repetition');
    return { min, max };
  }

  #atom(): PatternNode {
    const character = this.#characters[this.#at++]!;
    switch (character) {
      case '.':
        return { kind: 'set', ranges: [], negated: true };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw this.#fault('nothing to repeat');
      default:
        return this.#set([rangeOf(character)]);
    }
  }

  #group(): PatternNode {
    if (this.#take('?i)')) {
      this.#ignoreCase = true;
      return { kind: 'empty' };
    }
    const ignoreCase = this.#ignoreCase;
    if (this.#take('?i:')) this.#ignoreCase = true;
    else if (!this.#take('?:') && this.#next === '?' && !this.#takeGroupName()) {
      throw this.#fault('only (?:...), (?i) and named groups follow (?');
    }
    const node = this.#choice();
    this.#ignoreCase = ignoreCase;
    if (!this.#take(')')) throw this.#fault('missing )');
    return node;
  }

  #takeGroupName(): boolean {
    const name = /^\?P?<[A-Za-z_][A-Za-z0-9_]{0,63}>/.exec(
      this.#characters.slice(this.#at, this.#at + 70).join(''),
    );
    if (name === null) return false;
    this.#at += name[0].length;
    return true;
  }

  #escape(): PatternNode {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw this.#fault('ends with \\');
    if (character === 'A') return { kind: 'begin' };
    if (character === 'z') return { kind: 'end' };
    if (character === 'Q') return this.#quoted();
    const ranges = letters[character.toLowerCase()];
    if (ranges !== undefined) return this.#set(ranges, character < 'a');
    return this.#set([this.#escaped(character)]);
  }

  /** `\Q...\E`: as it stands. */
  #quoted(): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#next !== undefined && !this.#take('\\E')) {
      nodes.push(this.#set([rangeOf(this.#characters[this.#at++]!)]));
    }
    return { kind: 'sequence', nodes };
  }

  #escaped(character: string): CharacterRange {
    const control = controls[character];
    if (control !== undefined) return [control, control];
    if (character === 'x') {
      const hex = /^([0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\})/.exec(
        this.#characters.slice(this.#at, this.#at + 8).join(''),
      );
      if (hex === null) throw this.#fault('invalid \\x');
      this.#at += hex[0].length;
      const code = Number.parseInt(hex[0].replace(/[{}]/g, ''), 16);
      return [code, code];
    }
    if (/[A-Za-z0-9]/.test(character)) throw this.#fault(`\\${character} is not supported`);
    return rangeOf(character);
  }

  #class(): PatternNode {
    const negated = this.#take('^');
    const ranges: CharacterRange[] = [];
    for (let first = true; first || this.#next !== ']'; first = false) {
      if (this.#next === undefined) throw this.#fault('missing ]');
      const name = /^\[:(\w+):\]/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
      if (name !== null && named[name[1]!] !== undefined) {
        this.#at += name[0].length;
        ranges.push(...named[name[1]!]!);
        continue;
      }
      const from = this.#classItem();
      if (from.length !== 1 || this.#next !== '-' || this.#characters[this.#at + 1] === ']') {
        ranges.push(...from);
        continue;
      }
      this.#at++;
      const to = this.#classItem();
      if (to.length !== 1 || from[0]![0] > to[0]![1]) throw this.#fault('invalid range');
      ranges.push([from[0]![0], to[0]![1]]);
    }
    this.#at++;
    return this.#set(ranges, negated);
  }

  #classItem(): readonly CharacterRange[] {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw this.#fault('missing ]');
    if (character !== '\\') return [rangeOf(character)];
    const escaped = this.#characters[this.#at++];
    if (escaped === undefined) throw this.#fault('ends with \\');
    const ranges = letters[escaped.toLowerCase()];
    if (ranges === undefined) return [this.#escaped(escaped)];
    return escaped < 'a' ? complement(ranges) : ranges;
  }

  #set(ranges: readonly CharacterRange[], negated = false): PatternNode {
    return { kind: 'set', ranges: this.#ignoreCase ? withBothCases(ranges) : ranges, negated };
  }

  #fault(message: string): PatternFault {
    return new PatternFault(`${message} at character ${this.#at}`);
  }
}

function rangeOf(character: string): CharacterRange {
  const code = character.codePointAt(0)!;
  return [code, code];
}

/** Of ASCII: topic names have no other letters. */
function withBothCases(ranges: readonly CharacterRange[]): CharacterRange[] {
  const all = [...ranges];
  for (const [from, to] of ranges) {
    const lower: CharacterRange = [Math.max(from, 97) - 32, Math.min(to, 122) - 32];
    const upper: CharacterRange = [Math.max(from, 65) + 32, Math.min(to, 90) + 32];
    for (const range of [lower, upper]) if (range[0] <= range[1]) all.push(range);
  }
  return all;
}

function complement(ranges: readonly CharacterRange[]): CharacterRange[] {
  const all: CharacterRange[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) all.push([next, from - 1]);
    next = to + 1;
  }
  all.push([next, lastCodePoint]);
  return all;
}
