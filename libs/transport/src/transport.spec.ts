import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { inMemoryLink } from './in-memory-link.js';
import type { Link, Protocol } from './protocol.js';
import { LineProtocol } from './testing/line-protocol.js';
import { RecordedLog } from './testing/recorded-log.js';
import { idleChecksMax, type Transport } from './transport.js';

function start(
  options: { sendBufferBytesMax?: number; authenticationTimeoutMs?: number; silenceAllowed?: boolean } = {},
) {
  const protocol = new LineProtocol();
  const log = new RecordedLog();
  const memory = inMemoryLink(protocol, { log, ...options });
  const write = (text: string) => memory.client.write(Buffer.from(text));
  return { ...memory, write, log, line: protocol.connections[0]!, transport: memory.link as Transport };
}

async function turns(count = 20): Promise<void> {
  for (let each = 0; each < count; each++) await turn();
}

describe('Transport', () => {
  it('gives frames in order and sends answers back', async () => {
    const { client, write, line, counters } = start();
    write('auth\necho a\nec');
    write('ho b\nparts\n');
    expect((await client.take(7)).toString()).toBe('a\nb\nab\n');
    expect(line.lines).toEqual(['auth', 'echo a', 'echo b', 'parts']);
    expect(counters).toMatchObject({
      connectionsOpened: 1,
      connectionsOpen: 1,
      receivedBytes: 25,
      sentBytes: 7,
    });
    client.end();
    expect(await client.closed).toBe('client-closed');
    expect(counters.connectionsOpen).toBe(0);
  });

  it('sends what one turn produced in one chunk', async () => {
    const chunks: Buffer[] = [];
    const { client, line } = start();
    client.onData = (bytes) => chunks.push(bytes);
    for (const text of ['a', 'b', 'c']) line.link.send(Buffer.from(text));
    expect(line.link.sendBufferedBytes).toBe(3);
    await client.take(3);
    expect(Buffer.concat(chunks).toString()).toBe('abc');
    expect(line.link.sendBufferedBytes).toBe(0);
  });

  it('says once for each send that it has left, below and above the mark, or that it never will', async () => {
    const { client, line, transport } = start({ sendBufferBytesMax: 1_000 });
    const left: string[] = [];
    const send = (name: string, ...sizes: number[]) => {
      const parts = sizes.map((bytes) => Buffer.alloc(bytes));
      line.link.send(parts.length === 1 ? parts[0]! : parts, () => left.push(name));
    };
    send('small', 10);
    send('nothing', 0);
    send('parts', 10, 20, 30);
    expect(left).toEqual(['nothing']);
    await client.take(70);
    expect(left).toEqual(['nothing', 'small', 'parts']);
    client.pauseReading();
    send('stuck', 60_000, 60_000);
    await turns();
    send('behind', 10);
    await turns();
    expect(left).toHaveLength(3);
    transport.destroy('over');
    send('late', 10);
    await turns();
    expect(left.slice(3).sort()).toEqual(['behind', 'late', 'stuck']);
  });

  it('holds frames back while paused, also decoded ones, and counts the pauses', async () => {
    const { client, write, line } = start();
    write('pause\necho a\necho b\n');
    await turns();
    write('echo c\n');
    await turns();
    expect(line.lines).toEqual(['pause']);
    line.link.pause();
    line.link.resume();
    await turns();
    expect(line.lines).toEqual(['pause']);
    line.link.resume();
    expect(line.lines).toEqual(['pause']);
    expect((await client.take(6)).toString()).toBe('a\nb\nc\n');
    // More resumes than pauses are no debt.
    line.link.resume();
    line.link.pause();
    write('echo d\n');
    await turns();
    expect(line.lines).toHaveLength(4);
  });

  it('serves frames that came before the end of the client', async () => {
    const { client, write, line } = start();
    write('pause\necho late\n');
    client.end();
    await turns();
    expect(line.closeReasons).toEqual([]);
    line.link.resume();
    expect((await client.take(5)).toString()).toBe('late\n');
    expect(await client.closed).toBe('client-closed');
  });

  it('loses, repeats and reorders nothing, however the bytes are cut and reading is paused', async () => {
    const step = fc.record({
      bytes: fc.integer({ min: 1, max: 40 }),
      pauses: fc.boolean(),
      turns: fc.nat({ max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const { client, write, line } = start({ sendBufferBytesMax: 64 });
        const sent = Array.from({ length: 60 }, (_, each) => `echo ${each}`);
        let rest = `${sent.join('\n')}\n`;
        for (let each = 0; rest !== ''; each++) {
          const { bytes, pauses, turns: waits } = steps[each % steps.length]!;
          write(rest.slice(0, bytes));
          rest = rest.slice(bytes);
          if (pauses) line.link.pause();
          await turns(waits);
          if (pauses) line.link.resume();
        }
        const answers = sent.map((text) => `${text.slice(5)}\n`).join('');
        expect((await client.take(answers.length)).toString()).toBe(answers);
        expect(line.lines).toEqual(sent);
        client.end();
        expect(await client.closed).toBe('client-closed');
      }),
      { numRuns: 50 },
    );
  });

  it('may be paused while it is accepted', async () => {
    const lines = new LineProtocol();
    const protocol: Protocol<string> = {
      name: 'line',
      accept(link: Link) {
        link.pause();
        return lines.accept(link);
      },
    };
    const { client, link } = inMemoryLink(protocol);
    client.write(Buffer.from('echo a\n'));
    await turns();
    expect(lines.connections[0]!.lines).toEqual([]);
    link.resume();
    expect((await client.take(2)).toString()).toBe('a\n');
    link.close('done');
    expect(await client.closed).toBe('done');
  });

  it('stops reading and producing while the client does not read, with a bounded buffer', async () => {
    const { client, write, line } = start({ sendBufferBytesMax: 65_536 });
    client.pauseReading();
    write('flood 10000000\necho after\n');
    await turns();
    expect(line.link.sendBufferedBytes).toBeLessThanOrEqual(65_536 + 16_384);
    expect(line.link.sendBufferedBytes).toBeGreaterThanOrEqual(65_536 / 2);
    expect(line.lines).toEqual(['flood 10000000']);
    client.resumeReading();
    await client.take(10_000_000);
    expect((await client.take(6)).toString()).toBe('after\n');
    expect(line.writables).toBeGreaterThan(10);
    expect(line.link.sendBufferedBytes).toBe(0);
    client.end();
    await client.closed;
  });

  it('closes once for bytes that are not the protocol, with one line that says why', async () => {
    const { client, write, log, line, counters } = start();
    write(`GET / HTTP/1.1 ${'x'.repeat(2_000)}`);
    expect(await client.closed).toBe('malformed-frame');
    expect(line.closeReasons).toEqual(['malformed-frame']);
    expect(counters.malformed).toBe(1);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({
      level: 'warn',
      message: 'a line has more than 1,024 bytes; looks like HTTP',
      fields: {
        event: 'connection.fault',
        reason: 'malformed-frame',
        code: 'line-too-long',
        protocol: 'line',
      },
    });
  });

  it('takes a malformed frame that the protocol finds like one that the decoder finds', async () => {
    const { client, write, log, line } = start();
    write('echo a\nmalformed\necho b\n');
    expect((await client.take(2)).toString()).toBe('a\n');
    expect(await client.closed).toBe('malformed-frame');
    expect(line.lines).toEqual(['echo a', 'malformed']);
    expect(log.lines).toHaveLength(1);
  });

  it.each(['throw\n', 'RANGE\n'])('survives an exception on %j, and calls it our own', async (bytes) => {
    const { client, write, log, line, counters } = start();
    write(bytes);
    expect(await client.closed).toBe('internal-error');
    expect(line.closeReasons).toEqual(['internal-error']);
    expect(counters.failures).toBe(1);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({ level: 'error', fields: { event: 'connection.failure' } });
    expect((log.lines[0]!.fields.error as Error).message).toMatch(/a bug|outside buffer bounds/);
  });

  it('flushes before it closes, and takes nothing after', async () => {
    const { client, write, line } = start();
    write('quit\necho a\n');
    expect((await client.take(4)).toString()).toBe('bye\n');
    expect(await client.closed).toBe('quit');
    expect(line.lines).toEqual(['quit']);
    expect(line.link.send(Buffer.from('x'))).toBe(false);
    line.link.close('again');
    line.link.resume();
    expect(line.closeReasons).toEqual(['quit']);
  });

  it('ends a connection that does not authenticate, however busy it is', async () => {
    const { client, write, log, counters } = start({ authenticationTimeoutMs: 60 });
    const busy = setInterval(() => write('echo a\n'), 5);
    expect(await client.closed).toBe('authentication-timeout');
    clearInterval(busy);
    expect(counters.authTimeouts).toBe(1);
    expect(log.lines).toMatchObject([{ fields: { reason: 'authentication-timeout' } }]);
  });

  it('does not time out a connection that authenticated', async () => {
    const { client, write } = start({ authenticationTimeoutMs: 40 });
    write('auth\n');
    await new Promise((resolve) => setTimeout(resolve, 80));
    write('echo a\n');
    expect((await client.take(2)).toString()).toBe('a\n');
  });

  it('answers what is in flight when it drains, and takes no more', async () => {
    const { client, write, line, drain } = start();
    write('slow 30\n');
    await turns();
    const draining = drain();
    write('echo a\n');
    expect((await client.take(5)).toString()).toBe('done\n');
    await draining;
    expect(line.lines).toEqual(['slow 30']);
    expect(line.closeReasons).toEqual(['draining']);
  });

  describe('checkIdle', () => {
    it('closes a silent connection after the fourth check, and counts bytes of both directions', async () => {
      const { client, write, line, transport, counters } = start();
      write('auth\n');
      await turns();
      for (let check = 0; check < idleChecksMax; check++) transport.checkIdle();
      line.link.send(Buffer.from('x'));
      await client.take(1);
      for (let check = 0; check < idleChecksMax; check++) transport.checkIdle();
      expect(line.closeReasons).toEqual([]);
      transport.checkIdle();
      expect(await client.closed).toBe('idle-timeout');
      expect(counters.idleTimeouts).toBe(1);
    });

    it('leaves a connection alone that the protocol has paused', async () => {
      const { write, line, transport } = start();
      write('auth\npause\n');
      await turns();
      for (let check = 0; check < 20; check++) transport.checkIdle();
      line.link.resume();
      await turns();
      expect(line.closeReasons).toEqual([]);
    });

    it('leaves silence to the protocol where that is said', async () => {
      const { write, line, transport } = start({ silenceAllowed: true });
      write('auth\n');
      await turns();
      for (let check = 0; check < 20; check++) transport.checkIdle();
      await turns();
      expect(line.closeReasons).toEqual([]);
    });

    it.each([false, true])(
      'ends who leaves a full send buffer unread (silence allowed: %s)',
      async (allowed) => {
        const options = { sendBufferBytesMax: 65_536, silenceAllowed: allowed };
        const { client, write, log, transport, counters } = start(options);
        client.pauseReading();
        write('auth\nflood 1000000\n');
        await turns();
        for (let check = 0; check < 1 + idleChecksMax; check++) transport.checkIdle();
        expect(await client.closed).toBe('send-stalled');
        expect(counters.sendStalls).toBe(1);
        expect(log.lines).toMatchObject([{ fields: { reason: 'send-stalled' } }]);
      },
    );
  });
});
