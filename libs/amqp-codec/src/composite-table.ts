import type { Buffer } from 'node:buffer';
import type { AmqpDescribed, AmqpFields, AmqpMessageId, AmqpValue } from './amqp-value.js';

/** What the fields of composite types hold, by the name of the field's type in {@link compositeTable}. */
export interface AmqpFieldValues {
  boolean: boolean;
  ubyte: number;
  ushort: number;
  uint: number;
  ulong: bigint;
  timestamp: bigint;
  binary: Buffer;
  string: string;
  symbol: string;
  /** `multiple`: one symbol or an array of them (AMQP 1.4). */
  symbols: readonly string[];
  fields: AmqpFields;
  any: AmqpValue;
  'message-id': AmqpMessageId;
  error: AmqpComposite<'error'>;
  source: AmqpComposite<'source'> | AmqpDescribed;
  target: AmqpComposite<'target' | 'coordinator'> | AmqpDescribed;
  outcome: AmqpOutcome | AmqpDescribed;
  'delivery-state': AmqpDeliveryState | AmqpDescribed;
  /** `attach.unsettled`: delivery tags, with the state where there is one (AMQP 2.7.3). */
  unsettled: readonly (readonly [
    deliveryTag: Buffer,
    state: AmqpDeliveryState | AmqpDescribed | undefined,
  ])[];
}

/** The same to encode: the only fields whose composites have defaults. */
interface InputFieldValues extends Omit<AmqpFieldValues, 'source' | 'target'> {
  source: AmqpCompositeInput<'source'> | AmqpDescribed;
  target: AmqpCompositeInput<'target' | 'coordinator'> | AmqpDescribed;
}

export type AmqpFieldType = keyof AmqpFieldValues;

export interface AmqpFieldRule {
  readonly type: AmqpFieldType;
  readonly need: 'required' | 'optional' | 'defaulted';
  readonly byDefault?: boolean | number | string;
}

function required<T extends AmqpFieldType>(type: T) {
  return { type, need: 'required' } as const;
}

function optional<T extends AmqpFieldType>(type: T) {
  return { type, need: 'optional' } as const;
}

/** Absent and null mean `byDefault`. */
function defaulted<T extends AmqpFieldType>(type: T, byDefault: boolean | number | string) {
  return { type, need: 'defaulted', byDefault } as const;
}

const terminus = {
  address: optional('string'),
  durable: defaulted('uint', 0),
  expiryPolicy: defaulted('symbol', 'session-end'),
  timeout: defaulted('uint', 0),
  dynamic: defaulted('boolean', false),
  dynamicNodeProperties: optional('fields'),
} as const;

/**
 * Every composite type of the specification: its descriptor's code and symbol, and its fields in their order. Decoding,
 * encoding and the TypeScript types are made of this one table (AMQP 2.7, 2.8.14, 3.2, 3.4, 3.5, 4.5, 5.3.3).
 */
export const compositeTable = {
  open: {
    code: 0x10,
    symbol: 'amqp:open:list',
    fields: {
      containerId: required('string'),
      hostname: optional('string'),
      maxFrameSize: defaulted('uint', 0xffff_ffff),
      channelMax: defaulted('ushort', 0xffff),
      idleTimeOut: optional('uint'),
      outgoingLocales: optional('symbols'),
      incomingLocales: optional('symbols'),
      offeredCapabilities: optional('symbols'),
      desiredCapabilities: optional('symbols'),
      properties: optional('fields'),
    },
  },
  begin: {
    code: 0x11,
    symbol: 'amqp:begin:list',
    fields: {
      remoteChannel: optional('ushort'),
      nextOutgoingId: required('uint'),
      incomingWindow: required('uint'),
      outgoingWindow: required('uint'),
      handleMax: defaulted('uint', 0xffff_ffff),
      offeredCapabilities: optional('symbols'),
      desiredCapabilities: optional('symbols'),
      properties: optional('fields'),
    },
  },
  attach: {
    code: 0x12,
    symbol: 'amqp:attach:list',
    fields: {
      name: required('string'),
      handle: required('uint'),
      /** True: the receiver's end (AMQP 2.8.1). */
      role: required('boolean'),
      sndSettleMode: defaulted('ubyte', 2),
      rcvSettleMode: defaulted('ubyte', 0),
      source: optional('source'),
      target: optional('target'),
      unsettled: optional('unsettled'),
      incompleteUnsettled: defaulted('boolean', false),
      initialDeliveryCount: optional('uint'),
      maxMessageSize: optional('ulong'),
      offeredCapabilities: optional('symbols'),
      desiredCapabilities: optional('symbols'),
      properties: optional('fields'),
    },
  },
  flow: {
    code: 0x13,
    symbol: 'amqp:flow:list',
    fields: {
      nextIncomingId: optional('uint'),
      incomingWindow: required('uint'),
      nextOutgoingId: required('uint'),
      outgoingWindow: required('uint'),
      handle: optional('uint'),
      deliveryCount: optional('uint'),
      linkCredit: optional('uint'),
      available: optional('uint'),
      drain: defaulted('boolean', false),
      echo: defaulted('boolean', false),
      properties: optional('fields'),
    },
  },
  transfer: {
    code: 0x14,
    symbol: 'amqp:transfer:list',
    fields: {
      handle: required('uint'),
      deliveryId: optional('uint'),
      deliveryTag: optional('binary'),
      messageFormat: optional('uint'),
      settled: optional('boolean'),
      more: defaulted('boolean', false),
      rcvSettleMode: optional('ubyte'),
      state: optional('delivery-state'),
      resume: defaulted('boolean', false),
      aborted: defaulted('boolean', false),
      batchable: defaulted('boolean', false),
    },
  },
  disposition: {
    code: 0x15,
    symbol: 'amqp:disposition:list',
    fields: {
      role: required('boolean'),
      first: required('uint'),
      last: optional('uint'),
      settled: defaulted('boolean', false),
      state: optional('delivery-state'),
      batchable: defaulted('boolean', false),
    },
  },
  detach: {
    code: 0x16,
    symbol: 'amqp:detach:list',
    fields: { handle: required('uint'), closed: defaulted('boolean', false), error: optional('error') },
  },
  end: { code: 0x17, symbol: 'amqp:end:list', fields: { error: optional('error') } },
  close: { code: 0x18, symbol: 'amqp:close:list', fields: { error: optional('error') } },
  error: {
    code: 0x1d,
    symbol: 'amqp:error:list',
    fields: { condition: required('symbol'), description: optional('string'), info: optional('fields') },
  },
  received: {
    code: 0x23,
    symbol: 'amqp:received:list',
    fields: { sectionNumber: required('uint'), sectionOffset: required('ulong') },
  },
  accepted: { code: 0x24, symbol: 'amqp:accepted:list', fields: {} },
  rejected: { code: 0x25, symbol: 'amqp:rejected:list', fields: { error: optional('error') } },
  released: { code: 0x26, symbol: 'amqp:released:list', fields: {} },
  modified: {
    code: 0x27,
    symbol: 'amqp:modified:list',
    fields: {
      deliveryFailed: optional('boolean'),
      undeliverableHere: optional('boolean'),
      messageAnnotations: optional('fields'),
    },
  },
  source: {
    code: 0x28,
    symbol: 'amqp:source:list',
    fields: {
      ...terminus,
      distributionMode: optional('symbol'),
      /** Each value is a described one, or null (AMQP 3.5.8). */
      filter: optional('fields'),
      defaultOutcome: optional('outcome'),
      outcomes: optional('symbols'),
      capabilities: optional('symbols'),
    },
  },
  target: {
    code: 0x29,
    symbol: 'amqp:target:list',
    fields: { ...terminus, capabilities: optional('symbols') },
  },
  'delete-on-close': { code: 0x2b, symbol: 'amqp:delete-on-close:list', fields: {} },
  'delete-on-no-links': { code: 0x2c, symbol: 'amqp:delete-on-no-links:list', fields: {} },
  'delete-on-no-messages': { code: 0x2d, symbol: 'amqp:delete-on-no-messages:list', fields: {} },
  'delete-on-no-links-or-messages': {
    code: 0x2e,
    symbol: 'amqp:delete-on-no-links-or-messages:list',
    fields: {},
  },
  coordinator: {
    code: 0x30,
    symbol: 'amqp:coordinator:list',
    fields: { capabilities: optional('symbols') },
  },
  declare: { code: 0x31, symbol: 'amqp:declare:list', fields: { globalId: optional('any') } },
  discharge: {
    code: 0x32,
    symbol: 'amqp:discharge:list',
    fields: { txnId: required('binary'), fail: optional('boolean') },
  },
  declared: { code: 0x33, symbol: 'amqp:declared:list', fields: { txnId: required('binary') } },
  'transactional-state': {
    code: 0x34,
    symbol: 'amqp:transactional-state:list',
    fields: { txnId: required('binary'), outcome: optional('outcome') },
  },
  'sasl-mechanisms': {
    code: 0x40,
    symbol: 'amqp:sasl-mechanisms:list',
    fields: { saslServerMechanisms: required('symbols') },
  },
  'sasl-init': {
    code: 0x41,
    symbol: 'amqp:sasl-init:list',
    fields: {
      mechanism: required('symbol'),
      initialResponse: optional('binary'),
      hostname: optional('string'),
    },
  },
  'sasl-challenge': {
    code: 0x42,
    symbol: 'amqp:sasl-challenge:list',
    fields: { challenge: required('binary') },
  },
  'sasl-response': {
    code: 0x43,
    symbol: 'amqp:sasl-response:list',
    fields: { response: required('binary') },
  },
  'sasl-outcome': {
    code: 0x44,
    symbol: 'amqp:sasl-outcome:list',
    fields: { code: required('ubyte'), additionalData: optional('binary') },
  },
  header: {
    code: 0x70,
    symbol: 'amqp:header:list',
    fields: {
      durable: defaulted('boolean', false),
      priority: defaulted('ubyte', 4),
      /** Milliseconds. */
      ttl: optional('uint'),
      firstAcquirer: defaulted('boolean', false),
      deliveryCount: defaulted('uint', 0),
    },
  },
  properties: {
    code: 0x73,
    symbol: 'amqp:properties:list',
    fields: {
      messageId: optional('message-id'),
      userId: optional('binary'),
      to: optional('string'),
      subject: optional('string'),
      replyTo: optional('string'),
      correlationId: optional('message-id'),
      contentType: optional('symbol'),
      contentEncoding: optional('symbol'),
      absoluteExpiryTime: optional('timestamp'),
      creationTime: optional('timestamp'),
      groupId: optional('string'),
      groupSequence: optional('uint'),
      replyToGroupId: optional('string'),
    },
  },
} as const;

export type AmqpCompositeName = keyof typeof compositeTable;

type Rules<N extends AmqpCompositeName> = (typeof compositeTable)[N]['fields'];
type ValueOf<Rule> = Rule extends { type: infer T extends AmqpFieldType } ? AmqpFieldValues[T] : never;
type InputOf<Rule> = Rule extends { type: infer T extends AmqpFieldType } ? InputFieldValues[T] : never;
type KeysOf<R, Need> = { [F in keyof R]: R[F] extends { need: Need } ? F : never }[keyof R];

/** As decoded: fields with a default are always there; null and absent are the same (AMQP 1.4). */
export type AmqpComposite<N extends AmqpCompositeName> = N extends AmqpCompositeName
  ? { readonly type: N } & {
      readonly [F in KeysOf<Rules<N>, 'required' | 'defaulted'>]: ValueOf<Rules<N>[F]>;
    } & { readonly [F in KeysOf<Rules<N>, 'optional'>]?: ValueOf<Rules<N>[F]> | undefined }
  : never;

/** To encode: fields with a default may be left out. */
export type AmqpCompositeInput<N extends AmqpCompositeName> = N extends AmqpCompositeName
  ? { readonly type: N } & { readonly [F in KeysOf<Rules<N>, 'required'>]: InputOf<Rules<N>[F]> } & {
      readonly [F in KeysOf<Rules<N>, 'optional' | 'defaulted'>]?: InputOf<Rules<N>[F]> | undefined;
    }
  : never;

export const performatives = [
  'open',
  'begin',
  'attach',
  'flow',
  'transfer',
  'disposition',
  'detach',
  'end',
  'close',
] as const;
export const saslPerformatives = [
  'sasl-mechanisms',
  'sasl-init',
  'sasl-challenge',
  'sasl-response',
  'sasl-outcome',
] as const;
export const outcomes = ['accepted', 'rejected', 'released', 'modified', 'declared'] as const;
export const deliveryStates = [...outcomes, 'received', 'transactional-state'] as const;

export type AmqpPerformativeName = (typeof performatives)[number];
export type AmqpSaslPerformativeName = (typeof saslPerformatives)[number];
export type AmqpPerformative = AmqpComposite<AmqpPerformativeName>;
export type AmqpSaslPerformative = AmqpComposite<AmqpSaslPerformativeName>;
/** AMQP 3.4.2 to 3.4.5, and 4.5.5 at a coordinator. */
export type AmqpOutcome = AmqpComposite<(typeof outcomes)[number]>;
export type AmqpDeliveryState = AmqpComposite<(typeof deliveryStates)[number]>;
