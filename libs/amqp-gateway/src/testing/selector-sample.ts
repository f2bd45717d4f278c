import { Buffer } from 'node:buffer';
import {
  type AmqpCompositeInput,
  type AmqpScalar,
  amqpBoolean,
  amqpLong,
  amqpString,
  encodeApplicationProperties,
  encodeDataHead,
  encodeHeader,
  encodeMessageAnnotations,
  encodeProperties,
} from '#libs/amqp-codec';
import { SelectorMessage } from '../selectors/selector-message.js';
import { parseSelector } from '../selectors/selector-parser.js';

/** What a message says of itself. */
export interface SelectorSample {
  readonly header?: Partial<AmqpCompositeInput<'header'>>;
  readonly annotations?: Record<string, AmqpScalar>;
  readonly properties?: Partial<AmqpCompositeInput<'properties'>>;
  readonly application?: Record<string, AmqpScalar | string | number | bigint | boolean>;
}

const scalar = (value: AmqpScalar | string | number | bigint | boolean): AmqpScalar => {
  if (typeof value === 'string') return amqpString(value);
  if (typeof value === 'bigint') return amqpLong(value);
  if (typeof value === 'number') return { type: 'double', value };
  return typeof value === 'boolean' ? amqpBoolean(value) : value;
};

/** The sections in several buffers, as sources give them. */
export function partsOf({ header, annotations, properties, application }: SelectorSample): Buffer[] {
  const parts: Buffer[] = [];
  if (header) parts.push(encodeHeader({ type: 'header', ...header }));
  if (annotations) parts.push(encodeMessageAnnotations(new Map(Object.entries(annotations))));
  if (properties) parts.push(encodeProperties({ type: 'properties', ...properties }));
  if (application) {
    const entries = Object.entries(application).map(([name, value]) => [name, scalar(value)] as const);
    parts.push(encodeApplicationProperties(new Map(entries)));
  }
  return [...parts, encodeDataHead(5), Buffer.from('hello')];
}

/** True, false, or undefined: unknown. */
export function evaluated(selector: string, sample: SelectorSample = {}) {
  return parseSelector(selector).evaluate(new SelectorMessage(partsOf(sample)));
}

export const typed: SelectorSample = {
  application: {
    ...{ n: 5n, d: 2.5, s: 'abc', t: true, f: false, quote: "it's", "it's": 1n },
    ...{ byte: { type: 'byte', value: -3 }, uint: { type: 'uint', value: 7 }, big: 9007199254740993n },
    ...{
      nothing: { type: 'null' },
      ch: { type: 'char', value: 0x1f600 },
      bytes: { type: 'binary', value: Buffer.of(1) },
    },
    ...{
      when: { type: 'timestamp', value: 1_700_000_000_000n },
      $dollar: 1n,
      _under: 1n,
      'a.b': 1n,
      'with-dash': 1n,
      grün: 1n,
    },
  },
};
