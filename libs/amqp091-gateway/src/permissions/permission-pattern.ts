import { type CharacterSet, parsePattern, PatternFault, type PatternNode } from './pattern-syntax.js';

/** Of the text of a pattern, and of what it becomes: a step of a match visits each instruction at most once. */
const patternCharsMax = 1_024;
const instructionsMax = 4_096;
/** What looks ahead is matched again at each character. */
const aheadInstructionsMax = 256;

type Instruction =
  | { readonly op: 'set'; readonly set: CharacterSet }
  | { readonly op: 'split'; readonly to: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'begin' | 'end' | 'match' }
  | { readonly op: 'ahead'; readonly program: Program; readonly negated: boolean };

type Program = readonly Instruction[];

/**
 * A regular expression that is looked for in a name, as RabbitMQ looks for those of its permissions. A match takes at most
 * length of the name times instructions, whatever both are: all ways through the expression are followed at once. The empty
 * expression matches the empty name only.
 */
export class PermissionPattern {
  readonly #program: Program;

  /** @throws PatternFault */
  constructor(text: string) {
    if (text.length > patternCharsMax) throw new PatternFault(`over ${patternCharsMax} characters`);
    const tree = parsePattern(text === '' ? '^$' : text);
    this.#program = new Compiler(instructionsMax).compile(tree);
  }

  matches(name: string): boolean {
    return isFound(this.#program, codePoints(name), 0, false);
  }
}

/** Why a text is no pattern, or undefined. */
export function permissionPatternFault(text: string): string | undefined {
  try {
    return void new PermissionPattern(text);
  } catch (error) {
    if (error instanceof PatternFault) return error.message;
    throw error;
  }
}

/** Stands for itself in a pattern. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_\u0080-\u{10ffff}]/gu, (character) => `\\${character}`);
}

class Compiler {
  readonly #program: Instruction[] = [];

  constructor(private readonly instructions: number) {}

  compile(tree: PatternNode): Program {
    this.#add(tree);
    this.#push({ op: 'match' });
    return this.#program;
  }

  #push(instruction: Instruction): number {
    if (this.#program.length >= this.instructions) throw new PatternFault('it is too large');
    return this.#program.push(instruction) - 1;
  }

  #add(node: PatternNode): void {
    switch (node.kind) {
      case 'empty':
        break;
      case 'set':
        this.#push({ op: 'set', set: node.set });
        break;
      case 'begin':
      case 'end':
        this.#push({ op: node.kind });
        break;
      case 'sequence':
        for (const part of node.parts) this.#add(part);
        break;
      case 'choice':
        this.#addChoice(node.options);
        break;
      case 'repeat':
        this.#addRepeat(node.part, node.min, node.max);
        break;
      case 'ahead': {
        const program = new Compiler(aheadInstructionsMax).compile(node.part);
        this.#push({ op: 'ahead', program, negated: node.negated });
      }
    }
  }

  #addChoice(options: readonly PatternNode[]): void {
    const ends: { op: 'jump'; to: number }[] = [];
    for (const [at, option] of options.entries()) {
      if (at === options.length - 1) {
        this.#add(option);
        break;
      }
      const split = this.#split();
      this.#add(option);
      const end = { op: 'jump' as const, to: 0 };
      this.#push(end);
      ends.push(end);
      this.#land(split);
    }
    for (const end of ends) end.to = this.#program.length;
  }

  #addRepeat(part: PatternNode, min: number, max: number): void {
    for (let times = 0; times < min; times++) this.#add(part);
    if (max === Number.POSITIVE_INFINITY) {
      const split = this.#split();
      this.#add(part);
      this.#push({ op: 'jump', to: split });
      this.#land(split);
      return;
    }
    const splits: number[] = [];
    for (let times = min; times < max; times++) {
      splits.push(this.#split());
      this.#add(part);
    }
    for (const split of splits) this.#land(split);
  }

  /** Goes on behind it, and where it lands. */
  #split(): number {
    return this.#push({ op: 'split', to: 0 });
  }

  #land(split: number): void {
    this.#program[split] = { op: 'split', to: this.#program.length };
  }
}

/** @param isAnchored only what begins at `from` counts */
function isFound(program: Program, text: readonly number[], from: number, isAnchored: boolean): boolean {
  const marks = new Int32Array(program.length).fill(-1);
  let active: number[] = [];
  let next: number[] = [];
  for (let at = from; ; at++) {
    if (at === from || !isAnchored) {
      if (enter(program, text, at, 0, marks, active)) return true;
    }
    if (at === text.length || (isAnchored && active.length === 0)) return false;
    for (const each of active) {
      const instruction = program[each]!;
      if (instruction.op !== 'set' || !isIn(instruction.set, text[at]!)) continue;
      if (enter(program, text, at + 1, each + 1, marks, next)) return true;
    }
    [active, next] = [next, active];
    next.length = 0;
  }
}

/** Follows all that takes no character; true: it matches. */
function enter(
  program: Program,
  text: readonly number[],
  at: number,
  entry: number,
  marks: Int32Array,
  active: number[],
): boolean {
  const stack = [entry];
  for (let each = stack.pop(); each !== undefined; each = stack.pop()) {
    if (marks[each] === at) continue;
    marks[each] = at;
    const instruction = program[each]!;
    switch (instruction.op) {
      case 'match':
        return true;
      case 'set':
        active.push(each);
        break;
      case 'jump':
        stack.push(instruction.to);
        break;
      case 'split':
        stack.push(instruction.to, each + 1);
        break;
      case 'begin':
        if (at === 0) stack.push(each + 1);
        break;
      case 'end':
        if (at === text.length) stack.push(each + 1);
        break;
      case 'ahead':
        if (isFound(instruction.program, text, at, true) !== instruction.negated) stack.push(each + 1);
    }
  }
  return false;
}

function isIn({ ranges, negated, ignoresCase }: CharacterSet, code: number): boolean {
  let found = isInRanges(ranges, code);
  if (!found && ignoresCase) {
    const character = String.fromCodePoint(code);
    found =
      isInRanges(ranges, character.toLowerCase().codePointAt(0)!) ||
      isInRanges(ranges, character.toUpperCase().codePointAt(0)!);
  }
  return found !== negated;
}

function isInRanges(ranges: CharacterSet['ranges'], code: number): boolean {
  for (const [from, to] of ranges) if (code >= from && code <= to) return true;
  return false;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}
