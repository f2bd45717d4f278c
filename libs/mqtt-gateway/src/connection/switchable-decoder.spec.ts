import { describe, expect, it } from '@jest/globals';
import { Buffer } from 'node:buffer';
import { encodeAuth, encodeConnect, encodePublish, MqttDecodeError, noProperties } from '#libs/mqtt-codec';
import { inMemoryLink, type Link, type Protocol, type ProtocolConnection } from '#libs/transport';
import type { MqttFrame } from './mqtt-frame.js';
import { SwitchableDecoder } from './switchable-decoder.js';

const limits = { connectBytesMax: 1_000, packetBytesMax: 10_000 };

const connect = encodeConnect({
  type: 'connect',
  protocolLevel: 5,
  cleanStart: true,
  keepAliveSeconds: 0,
  // Its remaining length takes two bytes.
  clientId: 'c'.repeat(200),
  properties: noProperties,
});
const auth = encodeAuth(
  { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'SCRAM-SHA-256' } },
  5,
);
const publish = (payload: string) =>
  encodePublish(
    {
      ...{ type: 'publish', dup: false, qos: 0, retain: false, topic: 't', packetId: 0 },
      ...{ payload: Buffer.from(payload), properties: noProperties },
    } as const,
    5,
  );

function nameOf(frame: MqttFrame): string {
  if (frame instanceof MqttDecodeError) return frame.code;
  if (frame.type === 'publish') return frame.payload.toString();
  return frame.type === 'raw' ? frame.bytes.toString('hex') : frame.type;
}

/** A protocol that keeps what it is given, and waits with CONNECT and AUTH until it is told. */
class Recorder implements Protocol<MqttFrame>, ProtocolConnection<MqttFrame> {
  readonly name = 'mqtt';
  readonly decoder = new SwitchableDecoder(limits);
  readonly frames: string[] = [];
  link!: Link;
  closed: string | undefined;

  accept(link: Link): this {
    this.link = link;
    return this;
  }

  onFrame(frame: MqttFrame): void {
    const name = nameOf(frame);
    this.frames.push(name);
    if (name === 'connect' || name === 'auth') this.link.pause();
  }

  onWritable(): void {}

  onClose(reason: string): void {
    this.closed = reason;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

describe('SwitchableDecoder', () => {
  it('gives CONNECT alone, however it is cut, and then the rest as packets', () => {
    const bytes = Buffer.concat([connect, publish('a'), publish('b')]);
    for (let cut = 1; cut < bytes.length; cut++) {
      const decoder = new SwitchableDecoder(limits);
      const frames = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((part) => decoder.push(part));
      expect(frames.map(nameOf)).toEqual(['connect']);
      expect(decoder.holdsBack).toBe(true);
      decoder.decode();
      expect(decoder.push(Buffer.alloc(0)).map(nameOf)).toEqual(['a', 'b']);
      expect(decoder.holdsBack).toBe(false);
      expect(decoder.push(publish('c')).map(nameOf)).toEqual(['c']);
    }
  });

  it('passes on what follows CONNECT byte for byte, packets or not', () => {
    const decoder = new SwitchableDecoder(limits);
    decoder.push(Buffer.concat([connect, Buffer.from('abcd', 'hex')]));
    decoder.passOn();
    expect(decoder.push(Buffer.alloc(0)).map(nameOf)).toEqual(['abcd']);
    expect(decoder.push(Buffer.from('ffff', 'hex')).map(nameOf)).toEqual(['ffff']);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('decodes AUTH packets one by one while who the client is is not known', () => {
    const decoder = new SwitchableDecoder(limits);
    expect(decoder.push(connect).map(nameOf)).toEqual(['connect']);
    decoder.decodeOne();
    expect(decoder.push(Buffer.concat([auth, auth, publish('a')])).map(nameOf)).toEqual(['auth']);
    decoder.decodeOne();
    expect(decoder.push(Buffer.alloc(0)).map(nameOf)).toEqual(['auth']);
    decoder.passOn();
    expect(decoder.push(Buffer.alloc(0)).map(nameOf)).toEqual([publish('a').toString('hex')]);
  });

  it('gives a fault as the last frame, after the packets before it, and drops what follows', () => {
    const decoder = new SwitchableDecoder(limits);
    decoder.push(connect);
    decoder.decode();
    const frames = decoder.push(Buffer.concat([publish('a'), connect, publish('b')]));
    expect(frames.map(nameOf)).toEqual(['a', 'protocol-error']);
    expect(decoder.push(publish('c'))).toEqual([]);
    expect(decoder.holdsBack).toBe(false);
  });

  it.each([
    ['what is no CONNECT', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'protocol-error'],
    ['100 MB that are announced', Buffer.from('10ffffff7f', 'hex'), 'packet-too-large'],
    ['a length that never ends', Buffer.from('10ffffffffff', 'hex'), 'malformed-packet'],
  ])('refuses %s, byte by byte and at once', (_, bytes, code) => {
    const slow = new SwitchableDecoder(limits);
    const frames = [...bytes].flatMap((byte) => slow.push(Buffer.of(byte)));
    expect(frames.map(nameOf)).toEqual([code]);
    expect(new SwitchableDecoder(limits).push(bytes).map(nameOf)).toEqual([code]);
  });

  it('on a link: what came with CONNECT, and the end of the client, wait for the resume', async () => {
    const recorder = new Recorder();
    const { client } = inMemoryLink(recorder);
    client.write(Buffer.concat([connect, publish('a')]));
    client.write(publish('b'));
    client.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.frames).toEqual(['connect']);
    expect(recorder.closed).toBeUndefined();
    recorder.decoder.decode();
    recorder.link.resume();
    expect(await client.closed).toBe('client-closed');
    expect(recorder.frames).toEqual(['connect', 'a', 'b']);
  });

  it('on a link: a decision at once is served in the same turn', () => {
    const recorder = new Recorder();
    const { client } = inMemoryLink(recorder);
    recorder.onFrame = (frame) => {
      recorder.frames.push(nameOf(frame));
      recorder.decoder.decode();
    };
    client.write(Buffer.concat([connect, publish('a')]));
    return expect(new Promise((resolve) => setImmediate(() => resolve(recorder.frames)))).resolves.toEqual([
      'connect',
      'a',
    ]);
  });
});
