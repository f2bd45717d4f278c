import { type CharacterRange, PatternFault, type PatternNode, parsePattern } from './pattern-syntax.js';

/** Characters of a pattern. */
const patternLengthMax = 1_024;
/** States of its automaton: counted repetitions multiply what they repeat. */
const statesMax = 1_000;

/** One state: what it reads and where it goes then, or where it goes without reading. */
type State =
  | {
      readonly kind: 'read';
      readonly ranges: readonly CharacterRange[];
      readonly negated: boolean;
      next: number;
    }
  | { readonly kind: 'begin' | 'end'; next: number }
  | { readonly kind: 'split'; readonly next: number[] }
  | { readonly kind: 'match' };

/**
 * A subscription's pattern (`SubscriptionPattern`, KIP-848), matched against whole topic names.
 *
 * It is run as an automaton that is in all its states at once, never by a backtracking engine: a name of n characters
 * costs at most n times the states, whatever the pattern and the name are.
 */
export class TopicPattern {
  readonly #states: State[] = [];
  readonly #start: number;

  /** @throws PatternFault when it is too long, is no RE2 pattern, or uses what is not served */
  constructor(readonly text: string) {
    if (text.length > patternLengthMax) throw new PatternFault(`more than ${patternLengthMax} characters`);
    const match = this.#add({ kind: 'match' });
    this.#start = this.#compile(parsePattern(text), match);
  }

  /** Its worst case for a name, in steps for each character. */
  get cost(): number {
    return this.#states.length;
  }

  matches(name: string): boolean {
    let current = this.#closure([this.#start], true, name.length === 0);
    for (let at = 0; at < name.length; at++) {
      if (current.size === 0) return false;
      const code = name.charCodeAt(at);
      const reached: number[] = [];
      for (const index of current) {
        const state = this.#states[index]!;
        if (state.kind === 'read' && reads(state, code)) reached.push(state.next);
      }
      current = this.#closure(reached, false, at === name.length - 1);
    }
    return current.has(0);
  }

  /** All states that are reached from these without reading. */
  #closure(from: number[], atBegin: boolean, atEnd: boolean): Set<number> {
    const all = new Set<number>();
    const open = from;
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (all.has(index)) continue;
      all.add(index);
      const state = this.#states[index]!;
      if (state.kind === 'split') open.push(...state.next);
      else if ((state.kind === 'begin' && atBegin) || (state.kind === 'end' && atEnd)) open.push(state.next);
    }
    return all;
  }

  /** Gives the state where the node starts; what follows it starts at `next`. */
  #compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'set':
        return this.#add({ kind: 'read', ranges: node.ranges, negated: node.negated, next });
      case 'begin':
      case 'end':
        return this.#add({ kind: node.kind, next });
      case 'sequence':
        return node.nodes.reduceRight((following, each) => this.#compile(each, following), next);
      case 'choice':
        return this.#add({ kind: 'split', next: node.nodes.map((each) => this.#compile(each, next)) });
      case 'repeat':
        return this.#repeat(node, next);
    }
  }

  #repeat({ node, min, max }: PatternNode & { kind: 'repeat' }, next: number): number {
    let start = next;
    if (max === Number.POSITIVE_INFINITY) {
      const ways: number[] = [next];
      start = this.#add({ kind: 'split', next: ways });
      ways.push(this.#compile(node, start));
    } else {
      for (let times = min; times < max; times++) {
        start = this.#add({ kind: 'split', next: [next, this.#compile(node, start)] });
      }
    }
    for (let times = 0; times < min; times++) start = this.#compile(node, start);
    return start;
  }

  #add(state: State): number {
    if (this.#states.length >= statesMax) throw new PatternFault('the pattern is too complex');
    return this.#states.push(state) - 1;
  }
}

function reads({ ranges, negated }: State & { kind: 'read' }, code: number): boolean {
  for (const [from, to] of ranges) if (code >= from && code <= to) return !negated;
  return negated;
}
