import { isIPv4 } from 'node:net';

export interface ProxyHeaderFields {
  /** Version and command; default: 2, PROXY. */
  readonly command?: number;
  /** Default: TCP over what the source is. */
  readonly family?: number;
  readonly source?: string;
  readonly sourcePort?: number;
  readonly destination?: string;
  readonly destinationPort?: number;
  readonly tlvs?: readonly Buffer[];
}

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A PROXY protocol v2 header, right or wrong. @param length what it says, when that is not what it has */
export function proxyHeader(fields: ProxyHeaderFields, length?: number): Buffer {
  const { source, destination = source, tlvs = [] } = fields;
  const parts: Buffer[] = [];
  if (source !== undefined && destination !== undefined) {
    parts.push(addressBytes(source), addressBytes(destination), ports(fields));
  }
  const content = Buffer.concat([...parts, ...tlvs]);
  const fixed = Buffer.alloc(4);
  fixed[0] = fields.command ?? 0x21;
  fixed[1] = fields.family ?? (source === undefined ? 0x00 : isIPv4(source) ? 0x11 : 0x21);
  fixed.writeUInt16BE(length ?? content.length, 2);
  return Buffer.concat([signature, fixed, content]);
}

export function tlv(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string);
  const head = Buffer.alloc(3);
  head[0] = type;
  head.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function ports({ sourcePort = 40_000, destinationPort = 9_093 }: ProxyHeaderFields): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(sourcePort, 0);
  bytes.writeUInt16BE(destinationPort, 2);
  return bytes;
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail);
  const zeros = Buffer.alloc(16 - left.length - right.length);
  return Buffer.concat([left, zeros, right]);
}

function groupsOf(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  return Buffer.concat(
    text
      .split(':')
      .map((group) =>
        group.includes('.') ? addressBytes(group) : Buffer.from(group.padStart(4, '0'), 'hex'),
      ),
  );
}
