import { type FieldTable, type FieldValue, fieldOf, fieldText } from '#libs/amqp091-codec';
import { fieldTypeNames } from '../exchanges/field-comparison.js';
import type { QueueSettings } from './queue.js';
import { preconditionFailed } from './refusals.js';

/** RabbitMQ's longest timer: 2^32-1 ms, 49.7 days. */
const expiryMsMax = 0xffff_ffff;
const prioritiesMax = 255;
const overflows = ['drop-head', 'reject-publish', 'reject-publish-dlx'] as const;
const queueTypes = ['classic', 'quorum'] as const;

/**
 * What the arguments of queue.declare ask for. Unknown ones are kept and mean nothing, as in RabbitMQ.
 *
 * @param what the queue, as reply texts name it
 * @throws Amqp091Error `precondition-failed`: "invalid arg ..."
 */
export function parseQueueArguments(table: FieldTable, what: string): QueueSettings {
  return new QueueArguments(table, what).settings();
}

class QueueArguments {
  constructor(
    private readonly table: FieldTable,
    private readonly what: string,
  ) {}

  settings(): QueueSettings {
    const deadLetterExchange = this.#text('x-dead-letter-exchange');
    const deadLetterRoutingKey = this.#text('x-dead-letter-routing-key');
    if (deadLetterRoutingKey !== undefined && deadLetterExchange === undefined) {
      throw this.#invalid('x-dead-letter-routing-key', 'routing_key_but_no_dlx_defined');
    }
    this.#oneOf('x-queue-mode', ['default', 'lazy'], () => 'invalid_queue_mode');
    return {
      type:
        this.#oneOf('x-queue-type', queueTypes, (text) => `"unsupported queue type '${text}'"`) ?? 'classic',
      messageTtlMs: this.#expiry('x-message-ttl'),
      expiresMs: this.#expires(),
      maxLength: this.#length('x-max-length'),
      maxLengthBytes: this.#length('x-max-length-bytes'),
      overflow: this.#oneOf('x-overflow', overflows, () => 'invalid_overflow') ?? 'drop-head',
      deadLetterExchange,
      deadLetterRoutingKey,
      maxPriority: this.#priority(),
      singleActiveConsumer: this.#flag('x-single-active-consumer') ?? false,
      deliveryLimit: this.#integer('x-delivery-limit'),
    };
  }

  #expires(): number | undefined {
    const value = this.#expiry('x-expires');
    if (value === 0) throw this.#invalid('x-expires', '{value_zero,0}');
    return value;
  }

  #expiry(name: string): number | undefined {
    const value = this.#length(name);
    if (value !== undefined && value > expiryMsMax) throw this.#invalid(name, `{value_too_big,${value}}`);
    return value;
  }

  #priority(): number | undefined {
    const value = this.#length('x-max-priority');
    if (value !== undefined && value > prioritiesMax) {
      throw this.#invalid('x-max-priority', `{max_value_exceeded,${value}}`);
    }
    return value === 0 ? undefined : value;
  }

  #length(name: string): number | undefined {
    const value = this.#integer(name);
    if (value !== undefined && value < 0) throw this.#invalid(name, `{value_negative,${value}}`);
    return value;
  }

  /** Beyond 2^53 a number means the same as 2^53: no queue comes near. */
  #integer(name: string): number | undefined {
    const value = fieldOf(this.table, name);
    if (value === undefined) return undefined;
    switch (value.tag) {
      case 'b':
      case 'B':
      case 's':
      case 'u':
      case 'I':
      case 'i':
        return value.value;
      case 'l':
      case 'L': {
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        return Number(value.value > most ? most : value.value < -most ? -most : value.value);
      }
      default:
        throw this.#unacceptable(name, value);
    }
  }

  #flag(name: string): boolean | undefined {
    const value = fieldOf(this.table, name);
    if (value === undefined) return undefined;
    if (value.tag !== 't') throw this.#unacceptable(name, value);
    return value.value;
  }

  #text(name: string): string | undefined {
    const value = fieldOf(this.table, name);
    if (value === undefined) return undefined;
    if (value.tag !== 'S') throw this.#unacceptable(name, value);
    return fieldText(value);
  }

  #oneOf<T extends string>(
    name: string,
    known: readonly T[],
    fault: (text: string) => string,
  ): T | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const found = known.find((each) => each === text);
    if (found === undefined) throw this.#invalid(name, fault(text));
    return found;
  }

  #unacceptable(name: string, value: FieldValue) {
    return this.#invalid(name, `{unacceptable_type,${fieldTypeNames[value.tag]}}`);
  }

  #invalid(name: string, fault: string) {
    return preconditionFailed(`invalid arg '${name}' for ${this.what}: ${fault}`);
  }
}
