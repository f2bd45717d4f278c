import type { AmqpDescribed, AmqpFields, AmqpScalar, AmqpValue } from './amqp-value.js';
import { decodeValue } from './value-decoder.js';
import { encodeValue } from './value-encoder.js';

/** A registered filter type: codes of the Apache registry, domain 0x468c. */
interface FilterType {
  readonly symbol: string;
  readonly code: bigint;
}

const SELECTOR: FilterType = { symbol: 'apache.org:selector-filter:string', code: 0x468c_0000_0004n };
const NO_LOCAL: FilterType = { symbol: 'apache.org:no-local-filter:list', code: 0x468c_0000_0003n };

/** One entry of a source's `filter`, by the name that the peer gave it. */
export type AmqpSourceFilter =
  /** A JMS selector. */
  | { readonly kind: 'selector'; readonly name: string; readonly selector: string }
  /** Nothing that the same connection published. */
  | { readonly kind: 'no-local'; readonly name: string }
  /** Not in the answer's filter set: so the peer sees that it does not act (AMQP 3.5.3). */
  | { readonly kind: 'unknown'; readonly name: string };

/**
 * The filters of a source. What a filter is, its descriptor says and never its name; a null is none.
 *
 * @throws AmqpDecodeError where a selector is not one value; a selector that is no string is `unknown`
 */
export function decodeFilters(filter: AmqpFields): AmqpSourceFilter[] {
  const filters: AmqpSourceFilter[] = [];
  for (const [name, value] of filter) {
    if (value.type !== 'null') filters.push(decodeFilter(name, value));
  }
  return filters;
}

function decodeFilter(name: string, value: AmqpValue): AmqpSourceFilter {
  if (value.type !== 'described') return { kind: 'unknown', name };
  if (isOf(value, NO_LOCAL)) return { kind: 'no-local', name };
  if (isOf(value, SELECTOR)) {
    const selector = decodeValue(value.encoded);
    if (selector.type === 'string') return { kind: 'selector', name, selector: selector.value };
  }
  return { kind: 'unknown', name };
}

function isOf({ descriptor }: AmqpDescribed, { symbol, code }: FilterType): boolean {
  return descriptor.type === 'ulong'
    ? descriptor.value === code
    : descriptor.type === 'symbol' && descriptor.value === symbol;
}

export function selectorFilter(selector: string): AmqpDescribed {
  return described(SELECTOR, { type: 'string', value: selector });
}

export function noLocalFilter(): AmqpDescribed {
  return described(NO_LOCAL, { type: 'list', value: [] });
}

function described({ code }: FilterType, value: AmqpValue): AmqpDescribed {
  const descriptor: AmqpScalar = { type: 'ulong', value: code };
  return { type: 'described', descriptor, encoded: encodeValue(value) };
}
