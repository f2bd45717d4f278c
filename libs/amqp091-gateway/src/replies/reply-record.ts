import { Buffer } from 'node:buffer';

/** A direct reply on its way to the gateway that has the connection of who asked. */
export interface ForwardedReply {
  readonly tenant: string;
  readonly vhost: string;
  readonly name: string;
  /** Undefined: it is only asked whether somebody awaits replies by that name. */
  readonly exchange: string | undefined;
  readonly properties: Buffer;
  readonly body: Buffer;
}

const lengthBytes = 4;

/** What is asked as JSON, the properties, the body: the first two with their lengths before them. */
export function encodeReply({ properties, body, ...asked }: ForwardedReply): Buffer {
  const head = Buffer.from(JSON.stringify(asked));
  return Buffer.concat([length(head), head, length(properties), properties, body]);
}

/** @throws Error where it is none */
export function decodeReply(payload: Buffer): ForwardedReply {
  const headEnd = lengthBytes + payload.readUInt32BE(0);
  const asked: unknown = JSON.parse(payload.toString('utf8', lengthBytes, headEnd));
  const propertiesAt = headEnd + lengthBytes;
  const propertiesEnd = propertiesAt + payload.readUInt32BE(headEnd);
  if (propertiesEnd > payload.length) throw new RangeError('a reply that is cut');
  return {
    exchange: undefined,
    ...(asked as Pick<ForwardedReply, 'tenant' | 'vhost' | 'name'>),
    properties: payload.subarray(propertiesAt, propertiesEnd),
    body: payload.subarray(propertiesEnd),
  };
}

function length(bytes: Buffer): Buffer {
  const prefix = Buffer.allocUnsafe(lengthBytes);
  prefix.writeUInt32BE(bytes.length);
  return prefix;
}
