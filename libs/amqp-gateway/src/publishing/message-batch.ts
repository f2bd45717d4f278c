import { Buffer } from 'node:buffer';
import { AmqpDecodeError, AmqpErrorCondition, decodeBody, findSections } from '#libs/amqp-codec';
import type { Principal } from '#libs/auth';
import { AmqpError } from '../amqp.errors.js';
import { decodeMessage, userIdsOf } from '../mapping/incoming-message.js';
import type { IncomingMessage, MessageTarget, PublishDone, PublishPressure } from '../node.js';

/** `message-format` of Azure's SDKs: a message whose data sections hold one encoded message each. */
export const batchFormat = 0x8001_3700;
/** Messages of one batch: each becomes a message of Pulsar, however small it is. */
const batchMessagesMax = 10_000;

/**
 * The messages of a batch, every one of which is sound by itself. What their topic demands is seen when they are stored.
 * Sections around them say nothing that is not in them too.
 *
 * @throws AmqpError `amqp:decode-error` and whatever is wrong with one of them
 */
export function messagesOfBatch(
  batch: IncomingMessage,
  { user, tenant }: Principal,
): readonly IncomingMessage[] {
  const { transactionId } = batch;
  const messages = encodedMessages(Buffer.concat(batch.parts)).map((bytes) => ({
    ...{ parts: [bytes], bytes: bytes.length, transactionId },
  }));
  const userIds = userIdsOf(user, tenant.name);
  const nowMs = Date.now();
  for (const message of messages) decodeMessage(message, userIds, nowMs);
  return messages;
}

function encodedMessages(batch: Buffer): readonly Buffer[] {
  try {
    const body = decodeBody(findSections(batch));
    if (body.kind !== 'data') {
      throw new AmqpError(AmqpErrorCondition.DECODE_ERROR, 'the messages of a batch are in data sections');
    }
    if (body.parts.length > batchMessagesMax) {
      const text = `a batch has at most ${batchMessagesMax} messages`;
      throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, text);
    }
    return body.parts;
  } catch (error) {
    if (error instanceof AmqpDecodeError) throw new AmqpError(error.code, error.message);
    throw error;
  }
}

/** In their order. `done` is called when all are stored, or with the first error when nothing more is stored of them. */
export function publishAll(
  messages: readonly IncomingMessage[],
  target: MessageTarget,
  done: PublishDone,
): PublishPressure | undefined {
  let left = messages.length;
  let failure: AmqpError | undefined;
  let pressure: PublishPressure | undefined;
  const onDone: PublishDone = (error) => {
    failure ??= error;
    if (--left === 0) done(failure);
  };
  for (const message of messages) pressure = target.publish(message, onDone) ?? pressure;
  return pressure;
}
