import { Buffer } from 'node:buffer';
import {
  type AmqpAnnotations,
  type AmqpComposite,
  type AmqpMessageSections,
  type AmqpScalar,
  decodeApplicationProperties,
  decodeHeader,
  decodeMessageAnnotations,
  decodeProperties,
  findSections,
} from '#libs/amqp-codec';
import type { StepBudget } from './like-pattern.js';

/** Exact numbers are bigint, others number; undefined: there is none, or it has no type of a selector. */
export type SelectorValue = string | number | bigint | boolean | undefined;

/** Steps of all LIKEs of one evaluation. */
const stepsMax = 200_000;

/** A message as a selector sees it: what is not asked for is not decoded. */
export class SelectorMessage implements StepBudget {
  steps = stepsMax;
  private readonly sections: AmqpMessageSections;
  #header: AmqpComposite<'header'> | null | undefined;
  #properties: AmqpComposite<'properties'> | null | undefined;
  #applicationProperties: ReadonlyMap<string, AmqpScalar> | null | undefined;
  #annotations: AmqpAnnotations | null | undefined;

  /** @throws AmqpDecodeError, and so do the getters */
  constructor(parts: readonly Buffer[]) {
    this.sections = findSections(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  }

  get header(): AmqpComposite<'header'> | null {
    this.#header ??= decodeHeader(this.sections) ?? null;
    return this.#header;
  }

  get properties(): AmqpComposite<'properties'> | null {
    this.#properties ??= decodeProperties(this.sections) ?? null;
    return this.#properties;
  }

  get applicationProperties(): ReadonlyMap<string, AmqpScalar> | null {
    this.#applicationProperties ??= decodeApplicationProperties(this.sections) ?? null;
    return this.#applicationProperties;
  }

  get annotations(): AmqpAnnotations | null {
    this.#annotations ??= decodeMessageAnnotations(this.sections) ?? null;
    return this.#annotations;
  }
}
