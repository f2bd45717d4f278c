/** Text with `$1`, `$2`, ... for what the wildcards of a filter stand for. */
export class TopicTemplate {
  /** Literal text, or the number of a wildcard, from 0. */
  readonly parts: readonly (string | number)[];

  /** @throws RangeError for a `$` without a number */
  constructor(readonly text: string) {
    const parts: (string | number)[] = [];
    let from = 0;
    for (const found of text.matchAll(/\$(\d*)/g)) {
      const number = Number(found[1]);
      if (!(number > 0)) throw new RangeError('"$" is followed by the number of a wildcard, from 1');
      if (found.index > from) parts.push(text.slice(from, found.index));
      parts.push(number - 1);
      from = found.index + found[0].length;
    }
    if (from < text.length) parts.push(text.slice(from));
    this.parts = parts;
  }

  get wildcards(): readonly number[] {
    return this.parts.filter((part) => typeof part === 'number');
  }

  get literals(): readonly string[] {
    return this.parts.filter((part) => typeof part === 'string');
  }

  /** @param value undefined: not known */
  fill(value: (wildcard: number) => string | undefined): string | undefined {
    let filled = '';
    for (const part of this.parts) {
      const text = typeof part === 'string' ? part : value(part);
      if (text === undefined) return undefined;
      filled += text;
    }
    return filled;
  }

  /** What all texts that it can become begin and end with. */
  get ends(): { readonly prefix: string; readonly suffix: string } {
    const [first, last] = [this.parts[0], this.parts.at(-1)];
    return { prefix: typeof first === 'string' ? first : '', suffix: typeof last === 'string' ? last : '' };
  }
}

export interface TextEnds {
  readonly prefix: string;
  readonly suffix: string;
  /** Nothing stands between: the prefix is the whole text. */
  readonly whole: boolean;
}

/** False where no text can be both; true may be said of two that have none in common. */
export function mayBeEqual(a: TextEnds, b: TextEnds): boolean {
  if (a.whole && b.whole) return a.prefix === b.prefix;
  if (a.whole) return fits(a.prefix, b);
  if (b.whole) return fits(b.prefix, a);
  const starts = a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
  return starts && (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));
}

function fits(text: string, { prefix, suffix }: TextEnds): boolean {
  return text.length >= prefix.length + suffix.length && text.startsWith(prefix) && text.endsWith(suffix);
}
