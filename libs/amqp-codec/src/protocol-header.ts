import { Buffer } from 'node:buffer';

/** By protocol id (AMQP 2.2, 5.2.1, 5.3.1). */
const protocolNames: readonly (AmqpProtocolName | undefined)[] = ['amqp', undefined, 'tls', 'sasl'];

export type AmqpProtocolName = 'amqp' | 'tls' | 'sasl';

export const protocolHeaderBytes = 8;

/** `AMQP`, in front of every protocol header. */
export const protocolHeaderPrefix: readonly number[] = [...Buffer.from('AMQP')];

/** The eight bytes that a peer names its protocol with. */
export interface AmqpProtocolHeader {
  readonly type: 'protocol-header';
  /** Undefined: an id that the specification does not have. */
  readonly protocol: AmqpProtocolName | undefined;
  readonly protocolId: number;
  readonly major: number;
  readonly minor: number;
  readonly revision: number;
  /**
   * AMQP or SASL, version 1.0.0. Anything else is answered with a header that is, and a close (AMQP 2.2). TLS inside of
   * AMQP is not: it has its own port (AMQP 5.2.2).
   */
  readonly isSupported: boolean;
}

/** @param at where eight bytes start with `AMQP` */
export function readProtocolHeader(bytes: Buffer, at: number): AmqpProtocolHeader {
  const protocolId = bytes[at + 4]!;
  const major = bytes[at + 5]!;
  const minor = bytes[at + 6]!;
  const revision = bytes[at + 7]!;
  const protocol = protocolNames[protocolId];
  const isVersion100 = major === 1 && minor === 0 && revision === 0;
  const isSupported = isVersion100 && (protocol === 'amqp' || protocol === 'sasl');
  return { type: 'protocol-header', protocol, protocolId, major, minor, revision, isSupported };
}

/** Version 1.0.0. */
export function encodeProtocolHeader(protocol: AmqpProtocolName): Buffer {
  return Buffer.from([...protocolHeaderPrefix, protocolNames.indexOf(protocol), 1, 0, 0]);
}
