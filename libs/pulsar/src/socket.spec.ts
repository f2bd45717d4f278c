import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openSocket } from './socket.js';

let server: Server;
let port: number;
let accepted: Promise<Socket>;

beforeAll(async () => {
  server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(() => void server.close());

async function pair(host = '127.0.0.1'): Promise<{ readonly near: Socket; readonly far: Socket }> {
  accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  const near = await openSocket({ host, port }, new AbortController().signal);
  return { near, far: await accepted };
}

/** Bytes that are told apart from those of another read. */
const bytesOf = (length: number, salt: number) => Buffer.alloc(length, `${salt}-of-${length};`);

describe('a plain socket', () => {
  it.each([1, 60, 2_048, 2_049, 20_000, 49_152, 200_000])(
    'brings %d bytes again and again',
    async (length) => {
      const { near, far } = await pair();
      let came = Buffer.alloc(0);
      near.on('data', (bytes: Buffer) => {
        came = Buffer.concat([came, bytes]);
      });
      for (let salt = 0; salt < 20; salt++) {
        const sent = bytesOf(length, salt);
        far.write(sent);
        while (came.length < length) await once(near, 'data');
        expect(came.equals(sent)).toBe(true);
        came = Buffer.alloc(0);
      }
      near.destroy();
    },
  );

  it('reads what came when only the second address of a name answers', async () => {
    type Answer = (error: null, addresses: readonly { address: string; family: number }[]) => void;
    const addresses = [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup = jest.spyOn(dns, 'lookup');
    lookup.mockImplementation(((_host: string, _options: unknown, answer: Answer) =>
      setImmediate(answer, null, addresses)) as never);
    try {
      const { near, far } = await pair('broker.test');
      for (const length of [60, 20_000]) {
        const sent = bytesOf(length, 1);
        far.write(sent);
        let came = Buffer.alloc(0);
        while (came.length < length) {
          came = Buffer.concat([came, ...((await once(near, 'data')) as [Buffer]).slice(0, 1)]);
        }
        expect(came.equals(sent)).toBe(true);
      }
      near.destroy();
    } finally {
      lookup.mockRestore();
    }
  });

  it('gives away what it does not lend', async () => {
    const { near, far } = await pair();
    const kept: { readonly bytes: Buffer; readonly copy: Buffer }[] = [];
    const lent = new Set<boolean>();
    let total = 0;
    near.on('data', (bytes: Buffer, isLent?: boolean) => {
      lent.add(isLent === true);
      total += bytes.length;
      if (isLent !== true) kept.push({ bytes, copy: Buffer.from(bytes) });
    });
    let sent = 0;
    for (let salt = 0; salt < 60; salt++) {
      const bytes = bytesOf([100, 5_000, 300_000][salt % 3]!, salt);
      far.write(bytes);
      sent += bytes.length;
      while (total < sent) await once(near, 'data');
    }
    expect([...lent].sort()).toEqual([false, true]);
    expect(kept.length).toBeGreaterThan(40);
    for (const { bytes, copy } of kept) expect(bytes.equals(copy)).toBe(true);
    near.destroy();
  });

  it('brings nothing while it is paused, and says when the other side has ended', async () => {
    const { near, far } = await pair();
    let came = 0;
    near.on('data', (bytes: Buffer) => {
      came += bytes.length;
      near.pause();
    });
    far.write(Buffer.alloc(4_000_000));
    await once(near, 'data');
    const first = came;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(came).toBe(first);
    near.on('data', () => setImmediate(() => near.resume()));
    near.resume();
    while (came < 4_000_000) await once(near, 'data');
    const closed = once(near, 'close');
    far.end();
    await closed;
  });
});
