import { decodeName, encodeName } from '#libs/auth';
import type { MqttTopicRule } from '#libs/tenancy';
import type { PulsarPlace } from './pulsar-place.js';
import { type TextEnds, TopicTemplate } from './topic-template.js';

/** One rule of a tenant, without fault (`topicRuleFaults`). */
export class TopicRule {
  readonly levels: readonly string[];
  readonly topic: TopicTemplate;
  readonly key: TopicTemplate | undefined;
  private readonly keyPattern: RegExp | undefined;
  /** The wildcard that the topic's name tells and the key does not. */
  private readonly told: number | undefined;
  /** The parent of `a/#` is matched by it as well, but then nothing stands for the `#`. */
  private readonly needsRest: boolean;

  constructor(readonly rule: MqttTopicRule) {
    this.levels = rule.filter.split('/');
    this.topic = new TopicTemplate(rule.topic);
    this.key = rule.key === undefined ? undefined : new TopicTemplate(rule.key);
    const inKey = this.key?.wildcards ?? [];
    this.keyPattern = this.key && patternOf(this.key, this.wildcards);
    this.told = this.topic.wildcards.find((wildcard) => !inKey.includes(wildcard));
    const rest = this.wildcards.indexOf('#');
    this.needsRest = this.topic.wildcards.includes(rest) || inKey.includes(rest);
  }

  /** The filter's wildcards in their order. */
  get wildcards(): readonly string[] {
    return this.levels.filter((level) => level === '+' || level === '#');
  }

  /** Undefined: the filter does not match. */
  place(topic: string): PulsarPlace | undefined {
    const values = this.match(topic);
    if (values === undefined) return undefined;
    const name = this.topic.fill((wildcard) => encodeName(values[wildcard] as string)) as string;
    const key = this.key === undefined ? topic : (this.key.fill((wildcard) => values[wildcard]) as string);
    return { topic: name, key };
  }

  /** A topic that could have that place: whether it does is to be asked. */
  reverse(name: string, key: string): string | undefined {
    if (this.keyPattern === undefined) return key;
    const found = this.keyPattern.exec(key);
    if (found === null) return undefined;
    const values: (string | undefined)[] = [];
    for (const [at, wildcard] of (this.key as TopicTemplate).wildcards.entries())
      values[wildcard] = found[at + 1];
    if (this.told !== undefined) values[this.told] = this.read(this.told, values, name);
    return this.filled(values);
  }

  /** The Pulsar topics of what both this rule and a filter match; undefined: there is nothing. */
  topicsOf(filter: readonly string[]): { readonly name: string | undefined } | undefined {
    const values: (string | undefined)[] = [];
    for (let at = 0; at < this.levels.length; at++) {
      const [own, other] = [this.levels[at] as string, filter[at]];
      if (own === '#') {
        const isCertain = !filter.slice(at).some((level) => level === '+' || level === '#');
        values.push(isCertain && at < filter.length ? filter.slice(at).join('/') : undefined);
        return this.named(values);
      }
      if (other === '#' || (other === undefined && filter.at(-1) === '#')) {
        values.push(
          ...this.levels
            .slice(at)
            .filter(isWildcard)
            .map(() => undefined),
        );
        return this.named(values);
      }
      if (other === undefined) return undefined;
      if (own === '+') values.push(other === '+' ? undefined : other);
      else if (other !== '+' && own !== other) return undefined;
    }
    const isLonger = filter.length > this.levels.length;
    const isParent = filter.length === this.levels.length + 1 && filter.at(-1) === '#';
    return isLonger && !isParent ? undefined : this.named(values);
  }

  /** What Pulsar topics it can have. */
  get topicEnds(): TextEnds {
    return { ...this.topic.ends, whole: this.topic.wildcards.length === 0 };
  }

  /** What keys it can have. */
  get keyEnds(): TextEnds {
    if (this.key !== undefined) return { ...this.key.ends, whole: this.key.wildcards.length === 0 };
    const first = this.levels.findIndex(isWildcard);
    if (first < 0) return { prefix: this.rule.filter, suffix: this.rule.filter, whole: true };
    const last = this.levels.findLastIndex(isWildcard);
    const isParentToo = this.levels[first] === '#' && first > 0 && !this.needsRest;
    const prefix = this.levels.slice(0, first).join('/');
    const suffix = this.levels.slice(last + 1).map((level) => `/${level}`);
    return { prefix: prefix + (first > 0 && !isParentToo ? '/' : ''), suffix: suffix.join(''), whole: false };
  }

  private match(topic: string): string[] | undefined {
    const levels = topic.split('/');
    const values: string[] = [];
    for (let at = 0; at < this.levels.length; at++) {
      const own = this.levels[at] as string;
      if (own === '#') {
        if (at === levels.length && this.needsRest) return undefined;
        values.push(levels.slice(at).join('/'));
        return values;
      }
      const level = levels[at];
      if (level === undefined) return undefined;
      if (own === '+') values.push(level);
      else if (own !== level) return undefined;
    }
    return levels.length === this.levels.length ? values : undefined;
  }

  private named(values: readonly (string | undefined)[]): { readonly name: string | undefined } {
    const encoded = (wildcard: number) => {
      const value = values[wildcard];
      return value === undefined ? undefined : encodeName(value);
    };
    return { name: this.topic.fill(encoded) };
  }

  /** The wildcard's value out of the name, the others being known. */
  private read(wildcard: number, values: readonly (string | undefined)[], name: string): string | undefined {
    const hole = '/';
    const shape = this.topic.fill((each) => (each === wildcard ? hole : encodeName(values[each] ?? '')));
    const [prefix, suffix = '', more] = (shape as string).split(hole);
    if (more !== undefined || prefix === undefined) return undefined;
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
    return decodeName(name.slice(prefix.length, name.length - suffix.length));
  }

  private filled(values: readonly (string | undefined)[]): string | undefined {
    let wildcard = 0;
    const levels: string[] = [];
    for (const level of this.levels) {
      const value = isWildcard(level) ? values[wildcard++] : level;
      if (value === undefined) return undefined;
      levels.push(value);
    }
    return levels.join('/');
  }
}

function isWildcard(level: string): boolean {
  return level === '+' || level === '#';
}

function patternOf(template: TopicTemplate, wildcards: readonly string[]): RegExp {
  const parts = template.parts.map((part) => {
    if (typeof part === 'string') return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return wildcards[part] === '#' ? '([^]*)' : '([^/]*)';
  });
  return new RegExp(`^${parts.join('')}$`);
}
