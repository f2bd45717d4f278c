import { Buffer } from 'node:buffer';
import type { AmqpMessageId, AmqpValue } from '#libs/amqp-codec';
import { SelectorError } from './selector-error.js';
import type { Expression } from './selector-expression.js';
import type { SelectorMessage, SelectorValue } from './selector-message.js';
import { annotationPrefix } from './selector-token.js';

type Field = (message: SelectorMessage) => SelectorValue;

/** The priority of a message that says none (AMQP 3.2.1). */
const priorityDefault = 4;

/** What the names of Jakarta Messaging are in AMQP, as Qpid JMS has them. */
const fields: Readonly<Record<string, Field>> = {
  JMSMessageID: ({ properties }) => messageIdText(properties?.messageId),
  JMSCorrelationID: ({ properties }) => correlationIdText(properties?.correlationId),
  JMSType: ({ properties }) => properties?.subject,
  JMSTimestamp: ({ properties }) => properties?.creationTime,
  JMSPriority: ({ header }) => BigInt(header?.priority ?? priorityDefault),
  JMSDeliveryMode: ({ header }) => (header?.durable ? 'PERSISTENT' : 'NON_PERSISTENT'),
  JMSXGroupID: ({ properties }) => properties?.groupId,
  JMSXGroupSeq: ({ properties }) => asExact(properties?.groupSequence),
  JMSXUserID: ({ properties }) => properties?.userId?.toString(),
  JMSXDeliveryCount: ({ header }) => BigInt(header?.deliveryCount ?? 0) + 1n,
};

/** Header fields that a selector may not name (Jakarta Messaging 3.8.1.1). */
const refused: ReadonlySet<string> = new Set([
  'JMSDestination',
  'JMSReplyTo',
  'JMSExpiration',
  'JMSRedelivered',
  'JMSDeliveryTime',
]);

/**
 * The value that a name stands for: a header field of JMS, a message annotation, else an application property.
 *
 * @throws SelectorError
 */
export function selectorField(name: string, at: number): Expression {
  if (refused.has(name)) throw new SelectorError(`a selector does not name ${name}`, at);
  if (name.startsWith(annotationPrefix)) {
    const annotation = name.slice(annotationPrefix.length);
    const evaluate: Field = ({ annotations }) => selectorValue(annotations?.get(annotation));
    return { kind: 'any', isAnnotation: true, evaluate };
  }
  const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const evaluate: Field =
    known ?? (({ applicationProperties }) => selectorValue(applicationProperties?.get(name)));
  return { kind: 'any', evaluate };
}

function selectorValue(value: AmqpValue | undefined): SelectorValue {
  switch (value?.type) {
    case 'boolean':
    case 'string':
    case 'symbol':
    case 'float':
    case 'double':
    case 'long':
    case 'ulong':
    case 'timestamp':
      return value.value;
    case 'byte':
    case 'ubyte':
    case 'short':
    case 'ushort':
    case 'int':
    case 'uint':
      return BigInt(value.value);
    case 'char':
      return String.fromCodePoint(value.value);
    case 'uuid':
      return uuidText(value.value);
    default:
      return undefined;
  }
}

function asExact(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

const idPrefix = 'ID:';
const encodedId = /^ID:AMQP_(?:STRING|UUID|ULONG|BINARY|NO_PREFIX):/;

/** What Qpid JMS shows of ids that are no texts, or none of JMS. */
function messageIdText(id: AmqpMessageId | undefined): string | undefined {
  if (id?.type !== 'string') return idText(id);
  if (!id.value.startsWith(idPrefix)) return `${idPrefix}AMQP_NO_PREFIX:${id.value}`;
  return encodedId.test(id.value) ? `${idPrefix}AMQP_STRING:${id.value}` : id.value;
}

function correlationIdText(id: AmqpMessageId | undefined): string | undefined {
  if (id?.type !== 'string') return idText(id);
  return encodedId.test(id.value) ? `${idPrefix}AMQP_STRING:${id.value}` : id.value;
}

function idText(id: AmqpMessageId | undefined): string | undefined {
  switch (id?.type) {
    case 'ulong':
      return `${idPrefix}AMQP_ULONG:${id.value}`;
    case 'uuid':
      return `${idPrefix}AMQP_UUID:${uuidText(id.value)}`;
    case 'binary':
      return `${idPrefix}AMQP_BINARY:${id.value.toString('hex').toUpperCase()}`;
    default:
      return undefined;
  }
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
