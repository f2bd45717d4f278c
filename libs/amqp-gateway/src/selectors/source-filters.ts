import { AmqpDecodeError, AmqpErrorCondition, type AmqpFields, decodeFilters } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { MessageFilter } from '../nodes/node-plan.js';
import { SelectorFilter } from './selector-filter.js';
import { SelectorError } from './selector-error.js';

/** What the filters of a source ask for. */
export interface SourceFilters {
  readonly selector: MessageFilter | undefined;
  /** Nothing that the receiver's own container sent. */
  readonly noLocal: boolean;
  /** By which the client calls those that are in force; all others are not (AMQP 3.5.3). */
  readonly names: readonly string[];
}

/**
 * @param allowNoLocal whether it has a sense: on a topic
 * @throws AmqpError `amqp:invalid-field` where a selector is none, or there are two
 */
export function sourceFilters(filter: AmqpFields | undefined, allowNoLocal: boolean): SourceFilters {
  const names: string[] = [];
  let selector: MessageFilter | undefined;
  let noLocal = false;
  try {
    for (const each of decodeFilters(filter ?? new Map())) {
      if (each.kind === 'unknown' || (each.kind === 'no-local' && !allowNoLocal)) continue;
      names.push(each.name);
      if (each.kind === 'no-local') {
        noLocal = true;
        continue;
      }
      if (selector !== undefined) throw invalid('a source has at most one selector');
      selector = new SelectorFilter(each.selector);
    }
  } catch (error) {
    if (error instanceof SelectorError) throw invalid(`selector: ${error.message}`);
    if (error instanceof AmqpDecodeError) throw invalid(`filter: ${error.message}`);
    throw error;
  }
  return { selector, noLocal, names };
}

function invalid(message: string): AmqpError {
  return new AmqpError(AmqpErrorCondition.INVALID_FIELD, message);
}
