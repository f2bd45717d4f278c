/** A regular expression as a tree. */
export type PatternNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  /** `max` infinite: any number. */
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'ahead'; readonly part: PatternNode; readonly negated: boolean };

/** Code points, both ends included. */
type Range = readonly [from: number, to: number];

export interface CharacterSet {
  readonly ranges: readonly Range[];
  readonly negated: boolean;
  /** A letter is its other case too. */
  readonly ignoresCase: boolean;
}

export class PatternFault extends Error {
  override readonly name = 'PatternFault';
}

const depthMax = 50;
const repeatMax = 1_000;
const lastCodePoint = 0x10ffff;

const digits: readonly Range[] = [[48, 57]];
const wordCharacters: readonly Range[] = [...digits, [65, 90], [95, 95], [97, 122]];
const spaces: readonly Range[] = [
  [9, 13],
  [32, 32],
];
const classes: Readonly<Record<string, readonly Range[]>> = {
  d: digits,
  D: outside(digits),
  w: wordCharacters,
  W: outside(wordCharacters),
  s: spaces,
  S: outside(spaces),
};
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, e: 27, a: 7 };
const namedClasses: Readonly<Record<string, readonly Range[]>> = {
  alpha: [
    [65, 90],
    [97, 122],
  ],
  digit: digits,
  alnum: [...digits, [65, 90], [97, 122]],
  upper: [[65, 90]],
  lower: [[97, 122]],
  space: spaces,
  xdigit: [...digits, [65, 70], [97, 102]],
  word: wordCharacters,
};

/**
 * Reads what names are matched with in permissions: the part of PCRE that can be matched in one pass. No back references, no
 * look behind, no possessive groups.
 *
 * @throws PatternFault
 */
export function parsePattern(text: string): PatternNode {
  return new PatternParser(text).parse();
}

class PatternParser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;
  #ignoresCase = false;

  constructor(text: string) {
    this.#characters = [...text];
    if (text.startsWith('(?i)')) {
      this.#ignoresCase = true;
      this.#at = 4;
    }
  }

  parse(): PatternNode {
    const tree = this.#choice();
    if (this.#at < this.#characters.length) throw new PatternFault('a ")" without its "("');
    return tree;
  }

  #choice(): PatternNode {
    if (++this.#depth > depthMax) throw new PatternFault(`over ${depthMax} groups inside of each other`);
    const options = [this.#sequence()];
    while (this.#skip('|')) options.push(this.#sequence());
    this.#depth--;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    // Which of several ways matches makes no difference here.
    if (!this.#skip('?') && this.#peek() === '+')
      throw new PatternFault('possessive repeats are not supported');
    if (this.#bounds() !== undefined) throw new PatternFault('nothing to repeat');
    return { kind: 'repeat', part, min: bounds[0], max: bounds[1] };
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#skip('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#skip('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#skip('?')) return [0, 1];
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const most =
      counted[3] === undefined || counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
    const max = counted[2] === undefined ? min : most;
    if (min > repeatMax || (max > repeatMax && max !== Number.POSITIVE_INFINITY) || max < min) {
      throw new PatternFault(`a repeat is of 0 to ${repeatMax}`);
    }
    return [min, max];
  }

  #atom(): PatternNode {
    const character = this.#take();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#set(this.#bracket());
      case '.':
        return { kind: 'set', set: { ranges: [[10, 10]], negated: true, ignoresCase: false } };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return this.#escaped();
      case '*':
      case '+':
      case '?':
        throw new PatternFault('nothing to repeat');
      default:
        return this.#set({ ranges: [only(character)], negated: false });
    }
  }

  #group(): PatternNode {
    let wrap = (part: PatternNode): PatternNode => part;
    if (this.#skip('?')) {
      const kind = this.#take();
      if (kind === '=' || kind === '!') {
        wrap = (part) => ({ kind: 'ahead', part, negated: kind === '!' });
      } else if (kind !== ':') throw new PatternFault(`groups of the kind "(?${kind}" are not supported`);
    }
    const part = this.#choice();
    if (!this.#skip(')')) throw new PatternFault('a "(" without its ")"');
    return wrap(part);
  }

  #escaped(): PatternNode {
    const character = this.#take();
    if (character === 'A') return { kind: 'begin' };
    if (character === 'z' || character === 'Z') return { kind: 'end' };
    return this.#set({ ranges: escapedRanges(character), negated: false });
  }

  #bracket(): { readonly ranges: readonly Range[]; readonly negated: boolean } {
    const negated = this.#skip('^');
    const ranges: Range[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      const low = this.#member();
      const isRange = low.length === 1 && this.#peek() === '-' && this.#peek(1) !== ']';
      if (!isRange) {
        ranges.push(...low);
        continue;
      }
      this.#take();
      const high = this.#member();
      const [from, to] = [low[0]![0], high[0]![1]];
      if (high.length !== 1 || to < from) throw new PatternFault('a range out of order');
      ranges.push([from, to]);
    }
    this.#take();
    return { ranges, negated };
  }

  #member(): readonly Range[] {
    const named = /^\[:(\w+):\]/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
    if (named !== null) {
      const ranges = Object.hasOwn(namedClasses, named[1]!) ? namedClasses[named[1]!] : undefined;
      if (ranges === undefined) throw new PatternFault(`no class ${named[0]}`);
      this.#at += named[0].length;
      return ranges;
    }
    const character = this.#take();
    return character === '\\' ? escapedRanges(this.#take()) : [only(character)];
  }

  #set(set: Omit<CharacterSet, 'ignoresCase'>): PatternNode {
    return { kind: 'set', set: { ...set, ignoresCase: this.#ignoresCase } };
  }

  #peek(ahead = 0): string | undefined {
    return this.#characters[this.#at + ahead];
  }

  #skip(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #take(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new PatternFault('it ends too early');
    return character;
  }
}

function only(character: string): Range {
  const code = character.codePointAt(0)!;
  return [code, code];
}

function escapedRanges(character: string): readonly Range[] {
  if (Object.hasOwn(classes, character)) return classes[character]!;
  if (Object.hasOwn(controls, character)) return [[controls[character]!, controls[character]!]];
  if (/[A-Za-z0-9]/.test(character)) throw new PatternFault(`"\\${character}" is not supported`);
  return [only(character)];
}

/** @param ranges in order */
function outside(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = [];
  let from = 0;
  for (const [start, end] of ranges) {
    if (start > from) gaps.push([from, start - 1]);
    from = end + 1;
  }
  return [...gaps, [from, lastCodePoint]];
}
