import {
  type Arithmetic,
  and,
  between,
  type Comparison,
  calculate,
  compare,
  type Expression,
  isIn,
  isNull,
  like,
  literal,
  negate,
  not,
  or,
} from './selector-expression.js';
import { SelectorError } from './selector-error.js';
import { selectorField } from './selector-field.js';
import { type Keyword, type SelectorSymbol, type SelectorToken, selectorTokens } from './selector-token.js';

/** Characters. */
const selectorCharsMax = 4_096;
/** Of parentheses, NOTs and signs inside one another. */
const nestingMax = 64;

const comparisons: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const longOverflow = 2n ** 63n;

/**
 * A selector of Jakarta Messaging (3.8.1.1) as one condition.
 *
 * @throws SelectorError and nothing else, whatever the text is
 */
export function parseSelector(text: string): Expression {
  if (text.length > selectorCharsMax) {
    throw new SelectorError(`more than ${selectorCharsMax} characters, the first too many`, selectorCharsMax);
  }
  return new SelectorParser(selectorTokens(text)).parse();
}

/** By recursive descent: one method for each level of precedence, the weakest first. */
class SelectorParser {
  private next = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly SelectorToken[]) {}

  parse(): Expression {
    const condition = this.alternatives();
    if (this.token.type !== 'end') throw this.error('expected the end, AND or OR');
    return this.condition(condition, 0);
  }

  private alternatives(): Expression {
    return this.series('OR', () => this.conjunction(), or);
  }

  private conjunction(): Expression {
    return this.series('AND', () => this.negation(), and);
  }

  private series(
    keyword: Keyword,
    part: () => Expression,
    join: (all: readonly Expression[]) => Expression,
  ): Expression {
    const { at } = this.token;
    const first = part();
    if (!this.isKeyword(keyword)) return first;
    const all = [this.condition(first, at)];
    while (this.takeKeyword(keyword)) {
      const { at: next } = this.token;
      all.push(this.condition(part(), next));
    }
    return join(all);
  }

  private negation(): Expression {
    const { at } = this.token;
    if (!this.takeKeyword('NOT')) return this.comparison();
    return this.nested(() => not(this.condition(this.negation(), at)));
  }

  private comparison(): Expression {
    const { at } = this.token;
    const left = this.sum();
    const { token } = this;
    if (token.type === 'symbol' && comparisons.has(token.value)) {
      this.next++;
      const operator = token.value as Comparison;
      const right = this.sum();
      if (operator !== '=' && operator !== '<>') {
        this.ordered(left, at);
        this.ordered(right, token.at, left.isAnnotation);
      }
      return compare(operator, left, right);
    }
    if (this.takeKeyword('IS')) {
      const isNot = this.takeKeyword('NOT');
      this.expectKeyword('NULL');
      const condition = isNull(this.property(left, at));
      return isNot ? not(condition) : condition;
    }
    const isNot = this.takeKeyword('NOT');
    const condition = this.rangeOrSet(left, at);
    if (condition === undefined) {
      if (isNot) throw this.error('expected BETWEEN, IN or LIKE');
      return left;
    }
    return isNot ? not(condition) : condition;
  }

  private rangeOrSet(left: Expression, at: number): Expression | undefined {
    if (this.takeKeyword('BETWEEN')) {
      const low = this.bound(left);
      this.expectKeyword('AND');
      return between(this.ordered(left, at), low, this.bound(left));
    }
    if (this.takeKeyword('IN')) {
      const texts = new Set<string>();
      this.expectSymbol('(');
      do texts.add(this.text());
      while (this.takeSymbol(','));
      this.expectSymbol(')');
      return isIn(this.property(left, at), texts);
    }
    if (!this.takeKeyword('LIKE')) return undefined;
    const pattern = this.text();
    const { at: escapeAt } = this.token;
    const escapeMark = this.takeKeyword('ESCAPE') ? this.text() : undefined;
    if (escapeMark !== undefined) this.checkEscape(pattern, escapeMark, escapeAt);
    return like(this.property(left, at), pattern, escapeMark);
  }

  private bound(left: Expression): Expression {
    const { at } = this.token;
    return this.ordered(this.sum(), at, left.isAnnotation);
  }

  private sum(): Expression {
    return this.arithmetic(['+', '-'], () => this.product());
  }

  private product(): Expression {
    return this.arithmetic(['*', '/'], () => this.signed());
  }

  private arithmetic(operators: readonly Arithmetic[], part: () => Expression): Expression {
    let { at } = this.token;
    let left = part();
    for (;;) {
      const operator = operators.find((each) => this.takeSymbol(each));
      if (operator === undefined) return left;
      this.number(left, at);
      ({ at } = this.token);
      left = calculate(operator, left, this.number(part(), at));
    }
  }

  private signed(): Expression {
    const { at } = this.token;
    const isMinus = this.takeSymbol('-');
    if (!isMinus && !this.takeSymbol('+')) return this.primary(false);
    return this.nested(() => {
      const { type } = this.token;
      const value = type === 'number' ? this.primary(isMinus) : this.signed();
      return isMinus ? negate(this.number(value, at)) : this.number(value, at);
    });
  }

  /** @param isNegative behind a minus, where one number more is a long */
  private primary(isNegative: boolean): Expression {
    const { token } = this;
    this.next++;
    if (token.type === 'number') {
      if (token.value === longOverflow && !isNegative) {
        throw new SelectorError('a number is larger than 64 bits hold', token.at);
      }
      return literal(token.value);
    }
    if (token.type === 'string') return literal(token.value);
    if (token.type === 'identifier') return selectorField(token.value, token.at);
    if (token.type === 'keyword' && (token.value === 'TRUE' || token.value === 'FALSE')) {
      return literal(token.value === 'TRUE');
    }
    if (token.type === 'symbol' && token.value === '(') {
      const inner = this.nested(() => this.alternatives());
      this.expectSymbol(')');
      return inner;
    }
    this.next--;
    throw this.error('expected a property, a value or "("');
  }

  private nested<T>(parse: () => T): T {
    if (++this.depth > nestingMax) throw this.error(`nested deeper than ${nestingMax}`);
    const parsed = parse();
    this.depth--;
    return parsed;
  }

  private condition(expression: Expression, at: number): Expression {
    const { kind } = expression;
    if (kind === 'number' || kind === 'string') throw new SelectorError(`a ${kind} is no condition`, at);
    return expression;
  }

  private number(expression: Expression, at: number): Expression {
    const { kind } = expression;
    if (kind !== 'number' && kind !== 'any')
      throw new SelectorError('what is calculated with is a number', at);
    return expression;
  }

  /** Only numbers are smaller or larger; of annotations also those that are written as texts. */
  private ordered(expression: Expression, at: number, besideAnnotation = false): Expression {
    const { kind } = expression;
    if (kind === 'string' && besideAnnotation) return expression;
    if (kind !== 'number' && kind !== 'any') throw new SelectorError('only numbers have an order', at);
    return expression;
  }

  private property(expression: Expression, at: number): Expression {
    if (expression.kind !== 'any') throw new SelectorError('expected a property', at);
    return expression;
  }

  private checkEscape(pattern: string, escapeMark: string, at: number): void {
    if ([...escapeMark].length !== 1) throw new SelectorError('ESCAPE is followed by one character', at);
    const characters = [...pattern];
    for (let index = 0; index < characters.length; index++) {
      if (characters[index] === escapeMark && ++index === characters.length) {
        throw new SelectorError('the pattern ends with its escape character', at);
      }
    }
  }

  private text(): string {
    const { token } = this;
    if (token.type !== 'string') throw this.error('expected a text');
    this.next++;
    return token.value;
  }

  private get token(): SelectorToken {
    return this.tokens[this.next] as SelectorToken;
  }

  private isKeyword(keyword: Keyword): boolean {
    const { token } = this;
    return token.type === 'keyword' && token.value === keyword;
  }

  private takeKeyword(keyword: Keyword): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.next++;
    return true;
  }

  private takeSymbol(symbol: SelectorSymbol): boolean {
    const { token } = this;
    if (token.type !== 'symbol' || token.value !== symbol) return false;
    this.next++;
    return true;
  }

  private expectKeyword(keyword: Keyword): void {
    if (!this.takeKeyword(keyword)) throw this.error(`expected ${keyword}`);
  }

  private expectSymbol(symbol: SelectorSymbol): void {
    if (!this.takeSymbol(symbol)) throw this.error(`expected "${symbol}"`);
  }

  private error(message: string): SelectorError {
    return new SelectorError(message, this.token.at);
  }
}
