import { LikePattern } from './like-pattern.js';
import type { SelectorMessage, SelectorValue } from './selector-message.js';

/** What a part of a selector gives; `any`: what its value is shows each message. */
export type ExpressionKind = 'condition' | 'boolean' | 'number' | 'string' | 'any';

/** A part of a selector. Conditions give true, false, or undefined: unknown (SQL-92's three-valued logic). */
export interface Expression {
  readonly kind: ExpressionKind;
  readonly evaluate: (message: SelectorMessage) => SelectorValue;
  /** A property's value that is annotated by the server: numbers may be compared as texts. */
  readonly isAnnotation?: boolean;
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/';

export function literal(value: string | number | bigint | boolean): Expression {
  const kind = typeof value === 'bigint' ? 'number' : (typeof value as 'string' | 'number' | 'boolean');
  return { kind, evaluate: () => value };
}

/** False if one is false, else unknown if one is unknown. */
export function and(all: readonly Expression[]): Expression {
  const evaluate = (message: SelectorMessage) => {
    let result: SelectorValue = true;
    for (const each of all) {
      const value = each.evaluate(message);
      if (value === false) return false;
      if (value !== true) result = undefined;
    }
    return result;
  };
  return { kind: 'condition', evaluate };
}

/** True if one is true, else unknown if one is unknown. */
export function or(all: readonly Expression[]): Expression {
  const evaluate = (message: SelectorMessage) => {
    let result: SelectorValue = false;
    for (const each of all) {
      const value = each.evaluate(message);
      if (value === true) return true;
      if (value !== false) result = undefined;
    }
    return result;
  };
  return { kind: 'condition', evaluate };
}

export function not({ evaluate }: Expression): Expression {
  return { kind: 'condition', evaluate: (message) => opposite(evaluate(message)) };
}

function opposite(value: SelectorValue): SelectorValue {
  return typeof value === 'boolean' ? !value : undefined;
}

export function compare(operator: Comparison, left: Expression, right: Expression): Expression {
  const asNumbers = left.isAnnotation || right.isAnnotation;
  const evaluate = (message: SelectorMessage) => {
    const a = left.evaluate(message);
    const b = right.evaluate(message);
    return asNumbers ? compared(operator, numberIn(a, b), numberIn(b, a)) : compared(operator, a, b);
  };
  return { kind: 'condition', evaluate };
}

/** Text beside a number, where it is one. */
function numberIn(value: SelectorValue, beside: SelectorValue): SelectorValue {
  if (typeof value !== 'string' || typeof beside === 'string') return value;
  return /^-?\d{1,18}$/.test(value) ? BigInt(value) : value;
}

function compared(operator: Comparison, a: SelectorValue, b: SelectorValue): SelectorValue {
  if (a === undefined || b === undefined) return undefined;
  if (!isNumber(a) || !isNumber(b)) {
    // Values of different types are neither equal nor different, and texts have no order (Jakarta Messaging 3.8.1.1).
    if (typeof a !== typeof b) return false;
    return operator === '=' ? a === b : operator === '<>' && a !== b;
  }
  switch (operator) {
    case '=':
      return a >= b && a <= b;
    case '<>':
      return a < b || a > b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

export function between(value: Expression, low: Expression, high: Expression): Expression {
  return and([compare('>=', value, low), compare('<=', value, high)]);
}

export function isIn({ evaluate }: Expression, texts: ReadonlySet<string>): Expression {
  return {
    kind: 'condition',
    evaluate: (message) => {
      const value = evaluate(message);
      return value === undefined ? undefined : typeof value === 'string' && texts.has(value);
    },
  };
}

export function like({ evaluate }: Expression, text: string, escapeMark: string | undefined): Expression {
  const pattern = new LikePattern(text, escapeMark);
  return {
    kind: 'condition',
    evaluate: (message) => {
      const value = evaluate(message);
      if (value === undefined) return undefined;
      return typeof value === 'string' ? pattern.matches(value, message) : false;
    },
  };
}

export function isNull({ evaluate }: Expression): Expression {
  return { kind: 'condition', evaluate: (message) => evaluate(message) === undefined };
}

export function negate({ evaluate }: Expression): Expression {
  return calculated((message) => {
    const value = evaluate(message);
    if (typeof value === 'bigint') return BigInt.asIntN(64, -value);
    return typeof value === 'number' ? -value : undefined;
  });
}

/** As Java calculates: of two exact numbers an exact one of 64 bits, else a double. What is no number gives unknown. */
export function calculate(operator: Arithmetic, left: Expression, right: Expression): Expression {
  return calculated((message) => {
    const a = left.evaluate(message);
    const b = right.evaluate(message);
    if (typeof a === 'bigint' && typeof b === 'bigint') return exactResult(operator, a, b);
    return isNumber(a) && isNumber(b) ? approximateResult(operator, Number(a), Number(b)) : undefined;
  });
}

function calculated(evaluate: Expression['evaluate']): Expression {
  return { kind: 'number', evaluate };
}

function exactResult(operator: Arithmetic, a: bigint, b: bigint): SelectorValue {
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, a + b);
    case '-':
      return BigInt.asIntN(64, a - b);
    case '*':
      return BigInt.asIntN(64, a * b);
    default:
      return b === 0n ? undefined : BigInt.asIntN(64, a / b);
  }
}

function approximateResult(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      return a / b;
  }
}

function isNumber(value: SelectorValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
