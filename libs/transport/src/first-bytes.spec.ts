import { describe, expect, it } from '@jest/globals';
import { FirstBytesProtocol } from './first-bytes.js';
import { inMemoryLink } from './in-memory-link.js';
import type { Link, Protocol } from './protocol.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Says its name and what it was sent. */
function echo(name: string, told: string[]): Protocol<Buffer> {
  return {
    name,
    websocket: { subprotocols: [name], messageBytesMax: 1, unauthenticatedBytesMax: 1 },
    accept: (link: Link) => ({
      decoder: { push: (bytes) => [bytes] },
      onFrame: (bytes) => void link.send(Buffer.concat([Buffer.from(`${name}:`), bytes])),
      onWritable: () => void told.push('writable'),
      onClose: (reason) => void told.push(reason),
      drained: async () => void told.push('drained'),
    }),
  };
}

function port() {
  const told: string[] = [];
  const protocol = new FirstBytesProtocol({
    name: 'letters',
    protocols: [
      { beginnings: [Buffer.from('ABCD'), Buffer.from('ABX')], protocol: echo('one', told) },
      { beginnings: [Buffer.from('ABCE')], protocol: echo('two', told) },
    ],
    refusal: Buffer.from('no'),
  });
  return { protocol, told, ...inMemoryLink(protocol) };
}

describe('the first bytes', () => {
  it.each([
    ['ABCD and more', 'one:ABCD and more'],
    ['ABX', 'one:ABX'],
    ['ABCEF', 'two:ABCEF'],
  ])('of %s choose who reads them', async (said, answer) => {
    const { client } = port();
    client.write(Buffer.from(said));
    expect(`${await client.take(answer.length)}`).toBe(answer);
    client.write(Buffer.from('!'));
    expect(`${await client.take(5)}`).toBe(`${answer.slice(0, 4)}!`);
  });

  it('may come one by one', async () => {
    const { client } = port();
    for (const letter of 'ABCE') {
      client.write(Buffer.from(letter));
      await settled();
    }
    expect(`${await client.take(8)}`).toBe('two:ABCE');
  });

  it.each(['Z', 'ABZ', 'ABCF', 'AA'])('of %s are refused at the first that is wrong', async (said) => {
    const { client, counters } = port();
    client.write(Buffer.from(said));
    expect(await client.closed).toBe('malformed-frame');
    expect(`${client.received}`).toBe('no');
    expect(counters.malformed).toBe(1);
  });

  it('that never come keep nobody from a drain', async () => {
    const { client, drain, told } = port();
    client.write(Buffer.from('AB'));
    await settled();
    await drain();
    expect(told).toEqual([]);
    expect(await client.closed).toBe('draining');
  });

  it('leave everything after them to the chosen one', async () => {
    const { client, drain, told, protocol } = port();
    client.write(Buffer.from('ABX'));
    await client.take(7);
    await drain();
    expect(told).toEqual(['drained', 'draining']);
    expect(protocol.websocket?.subprotocols).toEqual(['one']);
  });
});
