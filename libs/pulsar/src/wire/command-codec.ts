import protobuf from 'protobufjs';
import { PulsarError, serverError } from '../pulsar.errors.js';
import type { BaseCommand, BaseCommandInit } from './commands.js';
import { pulsarApiProto } from './pulsar-api.js';

/** The cold commands, by protobufjs. 64-bit values as in `commands.ts`. */

const baseCommand = protobuf.parse(pulsarApiProto).root.lookupType('pulsar.BaseCommand');
/** Field name by BaseCommand.type, which equals the field's number. */
const fieldByType = new Map<number, string>(baseCommand.fieldsArray.map((field) => [field.id, field.name]));
fieldByType.delete(1);

/** The whole frame `[total u32][cmdSize u32][BaseCommand]` of one command. Exactly one field must be given. */
export function encodeCommandFrame(command: BaseCommandInit): Buffer {
  const [name] = Object.keys(command) as (keyof BaseCommandInit)[];
  const field = name && baseCommand.fields[name];
  if (!field) throw new PulsarError('InvalidConfiguration', `no command is called ${name}`);
  const body = baseCommand.encode({ type: field.id, [field.name]: command[name] } as never).finish();
  const frame = Buffer.allocUnsafe(8 + body.length);
  frame.writeUInt32BE(4 + body.length, 0);
  frame.writeUInt32BE(body.length, 4);
  frame.set(body, 8);
  return frame;
}

/** Decodes the BaseCommand in `frame[start, end)`. Throws 'MalformedFrame'. */
export function decodeCommand(frame: Buffer, start: number, end: number): BaseCommand {
  try {
    const message = baseCommand.decode(frame.subarray(start, end));
    const command = baseCommand.toObject(message, { longs: Number }) as BaseCommand;
    guardIds(command as unknown as Record<string, unknown>);
    return command;
  } catch (error) {
    if (error instanceof PulsarError) throw error;
    throw new PulsarError('MalformedFrame', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** The one field that a command carries, or undefined for a type that this version does not know. */
export function commandBody(command: BaseCommand): Record<string, unknown> | undefined {
  const name = fieldByType.get(command.type);
  return name === undefined
    ? undefined
    : (command as unknown as Record<string, Record<string, unknown> | undefined>)[name];
}

const lookupFailed = 2;
const metadataFailed = 1;

/** The broker's error that an answer carries, if it does. */
export function answerFault(command: BaseCommand): PulsarError | undefined {
  if (command.error) return serverError(command.error.error, command.error.message);
  const { lookupTopicResponse: lookup, partitionMetadataResponse: metadata } = command;
  if (lookup?.response === lookupFailed) return serverError(lookup.error, lookup.message);
  if (metadata?.response === metadataFailed) return serverError(metadata.error, metadata.message);
  const answer =
    command.ackResponse ??
    command.tcClientConnectResponse ??
    command.newTxnResponse ??
    command.addPartitionToTxnResponse ??
    command.addSubscriptionToTxnResponse ??
    command.endTxnResponse;
  return answer?.error === undefined ? undefined : serverError(answer.error, answer.message);
}

/** 2^64 - 1 becomes -1; what cannot be kept exact is refused. */
function guardIds(message: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(message)) {
    if (typeof value === 'number') {
      if (value > Number.MAX_SAFE_INTEGER) message[name] = noneOrRefuse(value);
    } else if (Array.isArray(value)) {
      if (typeof value[0] === 'object') for (const each of value) guardIds(each);
    } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      guardIds(value as Record<string, unknown>);
    }
  }
}

function noneOrRefuse(value: number): number {
  if (value >= 2 ** 64) return -1;
  throw new PulsarError('MalformedFrame', `a 64-bit value of ${value} is beyond what can be kept exact`);
}
