import { afterEach, describe, expect, it } from '@jest/globals';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Link, Listener, listenerDefaults, type ProtocolConnection } from '#libs/transport';
import type { Splice, SpliceEvents } from '../cluster-view.js';
import type { Member } from '../member.js';
import { ServedPeers } from '../peers/served-peer.js';
import { PeerSplicing } from './peer-splicing.js';

const secret = 'a secret of the gateways';
const served = { secret, frameBytesMax: 1_000_000, requestsMax: 10, requestBytesMax: 1_000_000 };
const limits = { splicesMax: 2, authenticationTimeoutMs: 2_000, spliceBufferBytesMax: 65_536 };

function member(nodeId: number, port: number): Member {
  return {
    ...{ nodeId, instance: `i${nodeId}`, state: 'live', listeners: [] },
    internal: { host: '127.0.0.1', port },
  } as const;
}

/** What the other gateway has of one connection. */
class Served implements ProtocolConnection<Buffer> {
  readonly decoder = { push: (bytes: Buffer) => [bytes] };
  text = '';
  bytes = 0;
  writable = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<string>();

  constructor(
    readonly link: Link,
    readonly header: string,
    readonly from: number,
  ) {}

  onFrame(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (this.bytes < 1_000) this.text += String(bytes);
    if (this.text.endsWith('!')) this.link.send(Buffer.from(`heard ${this.text}`));
  }

  onWritable(): void {
    this.writable.resolve();
  }

  onClose(reason: string): void {
    this.closed.resolve(reason);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

/** The one that opened it. */
class Events implements SpliceEvents {
  text = '';
  bytes = 0;
  /** Called with each piece. */
  heard = () => {};
  writable = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<string>();

  onBytes(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (this.bytes < 1_000) this.text += String(bytes);
    this.heard();
  }

  onWritable(): void {
    this.writable.resolve();
  }

  onClose(reason: string): void {
    this.closed.resolve(reason);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
  }
}

/** Two gateways: connections go from 0 to 1. */
class Pair {
  readonly connections: Served[] = [];
  readonly splicing: PeerSplicing;
  members: Member[] = [member(0, 0)];
  accepted = Promise.withResolvers<Served>();
  private readonly listener: Listener;
  private changed = () => {};

  constructor(known = secret) {
    const hooks = { log: silentLog, metrics: new Metrics({ processMetrics: false }) };
    const names = { name: 'cluster', protocol: 'cluster', host: '127.0.0.1', port: 0 };
    const peers = new ServedPeers(served);
    peers.serveSplice('mqtt', (link, header, from) => {
      const connection = new Served(link, String(header), from);
      this.connections.push(connection);
      this.accepted.resolve(connection);
      return connection;
    });
    this.listener = new Listener({ ...listenerDefaults, ...names, sendBufferBytesMax: 65_536 }, peers, hooks);
    const directory = {
      self: member(0, 0),
      members: () => this.members,
      secretOf: () => known,
      onChange: (listener: () => void) => {
        this.changed = listener;
        return () => {};
      },
    };
    this.splicing = new PeerSplicing(limits, directory, peers, hooks);
  }

  async listen(): Promise<this> {
    const { port } = await this.listener.listen();
    this.set([member(0, 0), member(1, port)]);
    return this;
  }

  set(members: Member[]): void {
    this.members = members;
    this.changed();
  }

  async open(events: SpliceEvents, header = 'who it is'): Promise<Splice> {
    return this.splicing.open(1, 'mqtt', Buffer.from(header), events);
  }

  async close(): Promise<void> {
    this.splicing.close();
    await this.listener.close();
  }
}

describe('connections from gateway to gateway', () => {
  let pair: Pair;

  afterEach(() => pair.close());

  it('carry bytes both ways, from the first that come with the header to the last before the end', async () => {
    pair = await new Pair().listen();
    const events = new Events();
    const splice = await pair.open(events, 'x'.repeat(60_000));
    // With the header, in one piece.
    splice.send(Buffer.from('one '));
    splice.send(Buffer.from('two!'));
    await events.until(() => events.text.endsWith('!'));
    expect(events.text).toBe('heard one two!');
    const connection = pair.connections[0]!;
    expect([connection.header.length, connection.from]).toEqual([60_000, 0]);
    splice.send(Buffer.from(' and three!'));
    splice.close('client-closed');
    expect(await connection.closed.promise).toBe('client-closed');
    expect(connection.text).toBe('one two! and three!');
    await events.closed.promise;
    expect(pair.splicing.count).toBe(0);
  });

  it('hold up the sender while the other side does not read, both ways', async () => {
    pair = await new Pair().listen();
    const events = new Events();
    const splice = await pair.open(events);
    const connection = await pair.accepted.promise;
    const piece = Buffer.alloc(65_536);
    connection.link.pause();
    let sent = 0;
    while (splice.send(Buffer.from(piece))) sent++;
    expect(sent).toBeLessThan(200);
    connection.link.resume();
    await events.writable.promise;
    splice.pause();
    let answered = 0;
    while (connection.link.send(Buffer.from(piece))) answered++;
    expect(answered).toBeLessThan(200);
    splice.resume();
    await connection.writable.promise;
    await events.until(() => events.bytes === (answered + 1) * piece.length);
  });

  it('end on both sides with either, and with the other gateway', async () => {
    pair = await new Pair().listen();
    const events = new Events();
    await pair.open(events);
    const connection = await pair.accepted.promise;
    connection.link.send(Buffer.from('bye'));
    connection.link.close('done');
    expect(await events.closed.promise).toBe('client-closed');
    expect(events.text).toBe('bye');
    const left = new Events();
    await pair.open(left);
    pair.set([member(0, 0)]);
    await left.closed.promise;
    expect(pair.splicing.count).toBe(0);
  });

  it('are refused as unavailable: nobody there, nobody listens, another secret, too many', async () => {
    pair = new Pair('another secret of gateways');
    await expect(pair.open(new Events())).rejects.toThrow('gateway 1 did not answer: it is not there');
    pair.set([member(0, 0), member(1, 1)]);
    await expect(pair.open(new Events())).rejects.toThrow('ECONNREFUSED');
    await pair.listen();
    await expect(pair.open(new Events())).rejects.toThrow('gateway 1 did not answer');
    expect(pair.splicing.count).toBe(0);
    await pair.close();
    pair = await new Pair().listen();
    await Promise.all([pair.open(new Events()), pair.open(new Events())]);
    await expect(pair.open(new Events())).rejects.toThrow('2 connections to other gateways already');
    await expect(pair.open(new Events(), 'x'.repeat(65_537))).rejects.toThrow('too many');
  });

  it('of a kind that is not served end', async () => {
    pair = await new Pair().listen();
    const events = new Events();
    await pair.splicing.open(1, 'other', Buffer.alloc(0), events);
    await events.closed.promise;
    expect(pair.connections).toEqual([]);
  });
});
