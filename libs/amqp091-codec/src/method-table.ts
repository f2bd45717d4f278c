import type { Buffer } from 'node:buffer';
import type { RawFieldTable } from './field-table.js';

/** What the fields of methods are in TypeScript (section 4.2.5, "AMQP Data Fields"). */
interface FieldTypes {
  octet: number;
  short: number;
  long: number;
  /** A longlong that counts deliveries: a safe integer, others are refused as RabbitMQ refuses an unknown tag. */
  'delivery-tag': number;
  /** UTF-8 of at most 255 bytes, without NUL. */
  shortstr: string;
  /** A view where it was decoded. */
  longstr: Buffer;
  /** A view where it was decoded, see `decodeFieldTable`. */
  table: RawFieldTable;
  /** Follows its neighbours into one octet (section 4.2.5.2). */
  bit: boolean;
  /** Not in the decoded method: skipped, and written as zeros (0-9-1 XML, `reserved="1"`; RabbitMQ's tickets). */
  'reserved-short': never;
  'reserved-shortstr': never;
  'reserved-longstr': never;
  'reserved-bit': never;
}

export type MethodFieldType = keyof FieldTypes;

export interface MethodDefinition {
  readonly classId: number;
  readonly methodId: number;
  /** Who may send it. */
  readonly from: 'client' | 'server' | 'both';
  /** A content header and bodies follow. */
  readonly hasContent?: true;
  /** In the order of the wire. */
  readonly fields: Readonly<Record<string, MethodFieldType>>;
}

const close = { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' } as const;
const tune = { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } as const;
const ticket = { reserved1: 'reserved-short' } as const;
const exchangeBinding = {
  ...ticket,
  destination: 'shortstr',
  source: 'shortstr',
  routingKey: 'shortstr',
  noWait: 'bit',
  arguments: 'table',
} as const;
const delivery = {
  deliveryTag: 'delivery-tag',
  redelivered: 'bit',
  exchange: 'shortstr',
  routingKey: 'shortstr',
} as const;

/**
 * All methods of 0-9-1 (section 1.3 and its XML) and of RabbitMQ (`amqp-rabbitmq-0.9.1.json`): connection.blocked and
 * unblocked ("Blocked Connections"), connection.update-secret ("OAuth 2"), exchange.bind and unbind
 * ("Exchange to Exchange Bindings"), basic.nack ("Negative Acknowledgements"), confirm.* ("Publisher Confirms") and a
 * basic.cancel of the server ("Consumer Cancel Notification"). access.* is of 0-9; RabbitMQ keeps it for old clients.
 *
 * Types, encoding and decoding all come from this one table.
 */
export const methodTable = {
  'connection.start': {
    classId: 10,
    methodId: 10,
    from: 'server',
    fields: {
      versionMajor: 'octet',
      versionMinor: 'octet',
      serverProperties: 'table',
      mechanisms: 'longstr',
      locales: 'longstr',
    },
  },
  'connection.start-ok': {
    classId: 10,
    methodId: 11,
    from: 'client',
    fields: { clientProperties: 'table', mechanism: 'shortstr', response: 'longstr', locale: 'shortstr' },
  },
  'connection.secure': { classId: 10, methodId: 20, from: 'server', fields: { challenge: 'longstr' } },
  'connection.secure-ok': { classId: 10, methodId: 21, from: 'client', fields: { response: 'longstr' } },
  'connection.tune': { classId: 10, methodId: 30, from: 'server', fields: tune },
  'connection.tune-ok': { classId: 10, methodId: 31, from: 'client', fields: tune },
  'connection.open': {
    classId: 10,
    methodId: 40,
    from: 'client',
    fields: { virtualHost: 'shortstr', reserved1: 'reserved-shortstr', reserved2: 'reserved-bit' },
  },
  'connection.open-ok': {
    classId: 10,
    methodId: 41,
    from: 'server',
    fields: { reserved1: 'reserved-shortstr' },
  },
  'connection.close': { classId: 10, methodId: 50, from: 'both', fields: close },
  'connection.close-ok': { classId: 10, methodId: 51, from: 'both', fields: {} },
  'connection.blocked': { classId: 10, methodId: 60, from: 'server', fields: { reason: 'shortstr' } },
  'connection.unblocked': { classId: 10, methodId: 61, from: 'server', fields: {} },
  'connection.update-secret': {
    classId: 10,
    methodId: 70,
    from: 'client',
    fields: { newSecret: 'longstr', reason: 'shortstr' },
  },
  'connection.update-secret-ok': { classId: 10, methodId: 71, from: 'server', fields: {} },

  'channel.open': {
    classId: 20,
    methodId: 10,
    from: 'client',
    fields: { reserved1: 'reserved-shortstr' },
  },
  'channel.open-ok': {
    classId: 20,
    methodId: 11,
    from: 'server',
    fields: { reserved1: 'reserved-longstr' },
  },
  'channel.flow': { classId: 20, methodId: 20, from: 'both', fields: { active: 'bit' } },
  'channel.flow-ok': { classId: 20, methodId: 21, from: 'both', fields: { active: 'bit' } },
  'channel.close': { classId: 20, methodId: 40, from: 'both', fields: close },
  'channel.close-ok': { classId: 20, methodId: 41, from: 'both', fields: {} },

  'access.request': {
    classId: 30,
    methodId: 10,
    from: 'client',
    fields: {
      realm: 'shortstr',
      exclusive: 'bit',
      passive: 'bit',
      active: 'bit',
      write: 'bit',
      read: 'bit',
    },
  },
  'access.request-ok': { classId: 30, methodId: 11, from: 'server', fields: { ticket: 'short' } },

  'exchange.declare': {
    classId: 40,
    methodId: 10,
    from: 'client',
    fields: {
      ...ticket,
      exchange: 'shortstr',
      type: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      autoDelete: 'bit',
      internal: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'exchange.declare-ok': { classId: 40, methodId: 11, from: 'server', fields: {} },
  'exchange.delete': {
    classId: 40,
    methodId: 20,
    from: 'client',
    fields: { ...ticket, exchange: 'shortstr', ifUnused: 'bit', noWait: 'bit' },
  },
  'exchange.delete-ok': { classId: 40, methodId: 21, from: 'server', fields: {} },
  'exchange.bind': { classId: 40, methodId: 30, from: 'client', fields: exchangeBinding },
  'exchange.bind-ok': { classId: 40, methodId: 31, from: 'server', fields: {} },
  'exchange.unbind': { classId: 40, methodId: 40, from: 'client', fields: exchangeBinding },
  'exchange.unbind-ok': { classId: 40, methodId: 51, from: 'server', fields: {} },

  'queue.declare': {
    classId: 50,
    methodId: 10,
    from: 'client',
    fields: {
      ...ticket,
      queue: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      exclusive: 'bit',
      autoDelete: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'queue.declare-ok': {
    classId: 50,
    methodId: 11,
    from: 'server',
    fields: { queue: 'shortstr', messageCount: 'long', consumerCount: 'long' },
  },
  'queue.bind': {
    classId: 50,
    methodId: 20,
    from: 'client',
    fields: {
      ...ticket,
      queue: 'shortstr',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'queue.bind-ok': { classId: 50, methodId: 21, from: 'server', fields: {} },
  'queue.purge': {
    classId: 50,
    methodId: 30,
    from: 'client',
    fields: { ...ticket, queue: 'shortstr', noWait: 'bit' },
  },
  'queue.purge-ok': { classId: 50, methodId: 31, from: 'server', fields: { messageCount: 'long' } },
  'queue.delete': {
    classId: 50,
    methodId: 40,
    from: 'client',
    fields: { ...ticket, queue: 'shortstr', ifUnused: 'bit', ifEmpty: 'bit', noWait: 'bit' },
  },
  'queue.delete-ok': { classId: 50, methodId: 41, from: 'server', fields: { messageCount: 'long' } },
  'queue.unbind': {
    classId: 50,
    methodId: 50,
    from: 'client',
    fields: {
      ...ticket,
      queue: 'shortstr',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      arguments: 'table',
    },
  },
  'queue.unbind-ok': { classId: 50, methodId: 51, from: 'server', fields: {} },

  'basic.qos': {
    classId: 60,
    methodId: 10,
    from: 'client',
    fields: { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' },
  },
  'basic.qos-ok': { classId: 60, methodId: 11, from: 'server', fields: {} },
  'basic.consume': {
    classId: 60,
    methodId: 20,
    from: 'client',
    fields: {
      ...ticket,
      queue: 'shortstr',
      consumerTag: 'shortstr',
      noLocal: 'bit',
      noAck: 'bit',
      exclusive: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'basic.consume-ok': { classId: 60, methodId: 21, from: 'server', fields: { consumerTag: 'shortstr' } },
  'basic.cancel': {
    classId: 60,
    methodId: 30,
    from: 'both',
    fields: { consumerTag: 'shortstr', noWait: 'bit' },
  },
  'basic.cancel-ok': { classId: 60, methodId: 31, from: 'both', fields: { consumerTag: 'shortstr' } },
  'basic.publish': {
    classId: 60,
    methodId: 40,
    from: 'client',
    hasContent: true,
    fields: { ...ticket, exchange: 'shortstr', routingKey: 'shortstr', mandatory: 'bit', immediate: 'bit' },
  },
  'basic.return': {
    classId: 60,
    methodId: 50,
    from: 'server',
    hasContent: true,
    fields: { replyCode: 'short', replyText: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr' },
  },
  'basic.deliver': {
    classId: 60,
    methodId: 60,
    from: 'server',
    hasContent: true,
    fields: { consumerTag: 'shortstr', ...delivery },
  },
  'basic.get': {
    classId: 60,
    methodId: 70,
    from: 'client',
    fields: { ...ticket, queue: 'shortstr', noAck: 'bit' },
  },
  'basic.get-ok': {
    classId: 60,
    methodId: 71,
    from: 'server',
    hasContent: true,
    fields: { ...delivery, messageCount: 'long' },
  },
  'basic.get-empty': {
    classId: 60,
    methodId: 72,
    from: 'server',
    fields: { reserved1: 'reserved-shortstr' },
  },
  'basic.ack': {
    classId: 60,
    methodId: 80,
    from: 'both',
    fields: { deliveryTag: 'delivery-tag', multiple: 'bit' },
  },
  'basic.reject': {
    classId: 60,
    methodId: 90,
    from: 'client',
    fields: { deliveryTag: 'delivery-tag', requeue: 'bit' },
  },
  'basic.recover-async': { classId: 60, methodId: 100, from: 'client', fields: { requeue: 'bit' } },
  'basic.recover': { classId: 60, methodId: 110, from: 'client', fields: { requeue: 'bit' } },
  'basic.recover-ok': { classId: 60, methodId: 111, from: 'server', fields: {} },
  'basic.nack': {
    classId: 60,
    methodId: 120,
    from: 'both',
    fields: { deliveryTag: 'delivery-tag', multiple: 'bit', requeue: 'bit' },
  },

  'confirm.select': { classId: 85, methodId: 10, from: 'client', fields: { noWait: 'bit' } },
  'confirm.select-ok': { classId: 85, methodId: 11, from: 'server', fields: {} },

  'tx.select': { classId: 90, methodId: 10, from: 'client', fields: {} },
  'tx.select-ok': { classId: 90, methodId: 11, from: 'server', fields: {} },
  'tx.commit': { classId: 90, methodId: 20, from: 'client', fields: {} },
  'tx.commit-ok': { classId: 90, methodId: 21, from: 'server', fields: {} },
  'tx.rollback': { classId: 90, methodId: 30, from: 'client', fields: {} },
  'tx.rollback-ok': { classId: 90, methodId: 31, from: 'server', fields: {} },
} as const satisfies Record<string, MethodDefinition>;

export type Amqp091MethodName = keyof typeof methodTable;

type FieldsOf<N extends Amqp091MethodName> = (typeof methodTable)[N]['fields'];
type WireType<F, K extends keyof F> = F[K] extends MethodFieldType ? FieldTypes[F[K]] : never;
type ValuesOf<F> = {
  readonly [K in keyof F as WireType<F, K> extends never ? never : K]: WireType<F, K>;
};

/** One method by its name: what the table says of it, reserved fields left out. */
export type Amqp091MethodOf<N extends Amqp091MethodName> = { readonly name: N } & ValuesOf<FieldsOf<N>>;

/** Any method; `name` tells which. */
export type Amqp091Method = { [N in Amqp091MethodName]: Amqp091MethodOf<N> }[Amqp091MethodName];

/** Methods that a content follows. */
export type Amqp091ContentMethod = Extract<
  Amqp091Method,
  { name: 'basic.publish' | 'basic.return' | 'basic.deliver' | 'basic.get-ok' }
>;
