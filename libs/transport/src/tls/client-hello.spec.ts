import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ClientHelloReader, clientHelloBytesMax, NoClientHello } from './client-hello.js';

/** The first bytes of Node's own client. */
async function realHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: '127.0.0.1', servername: 'acme.example' });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  socket.destroy();
  client.destroy();
  server.close();
  return hello as Buffer;
}

/** The same message in records of `bytes`. */
function inRecords(hello: Buffer, bytes: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    const part = message.subarray(at, at + bytes);
    const head = Buffer.from([0x16, 3, 1, 0, 0]);
    head.writeUInt16BE(part.length, 3);
    records.push(head, part);
  }
  return Buffer.concat(records);
}

function outcomeOf(bytes: Buffer): string {
  try {
    return new ClientHelloReader().push(bytes) === undefined ? 'more' : 'hello';
  } catch (error) {
    expect(error).toBeInstanceOf(NoClientHello);
    return (error as NoClientHello).message;
  }
}

describe('ClientHelloReader', () => {
  let hello: Buffer;
  beforeAll(async () => {
    hello = await realHello();
  });

  it('waits for the last byte, and gives all back', () => {
    const reader = new ClientHelloReader();
    for (let at = 0; at < hello.length - 1; at++) {
      expect(reader.push(hello.subarray(at, at + 1))).toBeUndefined();
    }
    const { value, rest } = reader.push(hello.subarray(-1))!;
    expect(rest.equals(hello)).toBe(true);
    expect(value.askedName).toBe('acme.example');
  });

  it.each([4, 5, 16, 100])('puts records of %i bytes together', (bytes) => {
    const records = inRecords(hello, bytes);
    expect(outcomeOf(records.subarray(0, -1))).toBe('more');
    expect(outcomeOf(records)).toBe('hello');
    expect(new ClientHelloReader().push(records)!.value.askedName).toBe('acme.example');
  });

  it('refuses what is no TLS with its first byte, and says what it looks like', () => {
    expect(outcomeOf(Buffer.from('G'))).toBe('no TLS on a TLS port');
    expect(outcomeOf(Buffer.from('GET / HTTP/1.1'))).toBe('HTTP on a TLS port');
    expect(outcomeOf(Buffer.from('0d0a0d0a000d0a515549540a', 'hex'))).toBe(
      'a PROXY protocol header on a TLS port',
    );
    expect(outcomeOf(Buffer.from('101000044d515454', 'hex'))).toBe('MQTT on a TLS port');
    expect(outcomeOf(Buffer.from('1602', 'hex'))).toBe('no TLS on a TLS port');
    expect(outcomeOf(Buffer.from('15030100020228', 'hex'))).toBe('no TLS on a TLS port');
    // SSL 2, as old as it is.
    expect(outcomeOf(Buffer.from('802e0100020015', 'hex'))).toBe('no TLS on a TLS port');
  });

  it('refuses other beginnings of a handshake', () => {
    expect(outcomeOf(Buffer.from('160301000402000000', 'hex'))).toBe(
      'the TLS handshake begins without a ClientHello',
    );
    expect(outcomeOf(Buffer.from('1603010000', 'hex'))).toBe('the TLS handshake begins with an empty record');
    expect(outcomeOf(Buffer.from('160301000101', 'hex'))).toBe('the first TLS record is too short');
    const empty = Buffer.concat([inRecords(hello, 100).subarray(0, 105), Buffer.from('1603010000', 'hex')]);
    expect(outcomeOf(empty)).toBe('the TLS handshake begins with an empty record');
    const other = Buffer.concat([inRecords(hello, 100).subarray(0, 105), Buffer.from('1703010010', 'hex')]);
    expect(outcomeOf(other)).toBe('no TLS on a TLS port');
  });

  it('has nothing but its own error for bytes that were changed', () => {
    for (let at = 0; at < hello.length; at++) {
      for (const value of [0x00, 0x01, 0x7f, 0xff, hello[at]! ^ 1]) {
        const changed = Buffer.from(hello);
        changed[at] = value;
        expect(typeof outcomeOf(changed)).toBe('string');
      }
    }
  });

  it('refuses what would be too long before it is there', () => {
    const tooLong = `the ClientHello has more than ${clientHelloBytesMax} bytes`;
    expect(outcomeOf(Buffer.from('160301400001ffffff', 'hex'))).toBe(tooLong);
    expect(outcomeOf(Buffer.from('1603014000010020000303', 'hex'))).toBe(tooLong);
    // In many records of a byte, whose headers are more than what they carry.
    const body = Buffer.concat([hello.subarray(0, 9), Buffer.alloc(0)]);
    body.writeUInt16BE(4, 3);
    body.writeUIntBE(4_000, 6, 3);
    const crumbs = Buffer.concat([
      body,
      ...Array.from({ length: 1_500 }, () => Buffer.from('160301000100', 'hex')),
    ]);
    expect(outcomeOf(crumbs)).toBe(tooLong);
  });
});
