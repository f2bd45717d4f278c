import { Buffer } from 'node:buffer';
import {
  type AmqpComposite,
  AmqpDecodeError,
  AmqpErrorCondition,
  decodeComposite,
  decodeValue,
  findSections,
} from '#libs/amqp-codec';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type {
  IncomingMessage,
  MessageTarget,
  PublishDone,
  PublishPressure,
  TransactionScope,
} from '../node.js';

/** What is said to a coordinator is small. */
const coordinatorMessageBytesMax = 4_096;

/** What the coordinators of this gateway can (AMQP 4.5.2): transactions belong to the connection, not to a session. */
const capabilities = [
  'amqp:local-transactions',
  'amqp:multi-txns-per-ssn',
  'amqp:multi-ssns-per-txn',
] as const;

type Request = AmqpComposite<'declare'> | AmqpComposite<'discharge'>;

/** The target of a link to the transaction coordinator: its messages declare and discharge (AMQP 4.2, 4.3). */
export class CoordinatorTarget implements MessageTarget {
  readonly terminus = { type: 'coordinator', capabilities } as const;
  readonly messageBytesMax = coordinatorMessageBytesMax;
  /** Declared on this link and not discharged, by their ids in hexadecimal. */
  private readonly declared = new Map<string, Buffer>();

  constructor(private readonly scope: TransactionScope) {}

  publish(message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
    try {
      this.serve(requestIn(message), done);
    } catch (error) {
      done(asCoordinatorError(error));
    }
    return undefined;
  }

  /** Who leaves without discharging rolls back (AMQP 4.3). */
  close(): void {
    for (const transactionId of this.declared.values()) this.scope.discharge(transactionId, true, () => {});
    this.declared.clear();
  }

  private serve(request: Request, done: PublishDone): void {
    if (request.type === 'discharge') {
      this.declared.delete(request.txnId.toString('hex'));
      this.scope.discharge(request.txnId, request.fail ?? false, done);
      return;
    }
    if (request.globalId !== undefined) {
      throw new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'distributed transactions are not served');
    }
    const txnId = this.scope.declare();
    this.declared.set(txnId.toString('hex'), txnId);
    done(undefined, { type: 'declared', txnId });
  }
}

function requestIn({ parts, transactionId }: IncomingMessage): Request {
  if (transactionId !== undefined) {
    throw new AmqpError(AmqpErrorCondition.NOT_ALLOWED, 'what is said to a coordinator is in no transaction');
  }
  const [first] = parts;
  const message = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  const { bodyKind, body } = findSections(message);
  const value =
    bodyKind === 'value' && body !== undefined
      ? decodeValue(message.subarray(body.valueAt, body.end))
      : undefined;
  const request = value?.type === 'described' ? decodeComposite(value) : undefined;
  if (request?.type === 'declare' || request?.type === 'discharge') return request;
  throw new AmqpError(AmqpErrorCondition.DECODE_ERROR, 'neither declare nor discharge');
}

function asCoordinatorError(error: unknown): AmqpError {
  return error instanceof AmqpDecodeError ? new AmqpError(error.code, error.message) : asAmqpError(error);
}
