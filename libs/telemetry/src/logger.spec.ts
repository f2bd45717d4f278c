import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ConnectionLog } from './connection.log.js';
import { createLogger } from './logger.js';
import { printable } from './printable.js';

function recorder() {
  const lines: string[] = [];
  const destination = new Writable({
    decodeStrings: false,
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  return { lines, destination };
}

describe('createLogger', () => {
  it('writes one JSON object a line', () => {
    const { lines, destination } = recorder();
    const log = createLogger({ format: 'json', destination, fields: { node: 'gw-1' } });
    log.info({ event: 'gateway.started', durationMs: 12 }, 'started');
    log.debug({ event: 'gateway.detail' }, 'not at this level');
    expect(lines).toHaveLength(1);
    const { time, ...line } = JSON.parse(lines[0]!);
    expect(line).toEqual({
      level: 'info',
      node: 'gw-1',
      event: 'gateway.started',
      durationMs: 12,
      msg: 'started',
    });
    expect(new Date(time).toISOString()).toBe(time);
  });

  it('never writes secrets', () => {
    const { lines, destination } = recorder();
    const log = createLogger({ format: 'json', destination });
    const secret = 'hunter2';
    log.info(
      { event: 'x', password: secret, options: { token: secret, auth: { clientSecret: secret } } },
      'm',
    );
    log.warn({ event: 'x', headers: { authorization: secret }, verifier: secret }, 'm');
    expect(lines.join('')).not.toContain(secret);
    expect(lines.join('')).toContain('[redacted]');
  });

  it('writes errors with type, message and stack, and strings on one line', () => {
    const { lines, destination } = recorder();
    const log = createLogger({ format: 'json', destination });
    log.error({ event: 'x', error: new TypeError('broken') }, 'two\nlines');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd()).not.toContain('\n');
    expect(JSON.parse(lines[0]!).error).toMatchObject({ type: 'TypeError', message: 'broken' });
    expect(JSON.parse(lines[0]!).error.stack).toContain('logger.spec');
  });

  it('has a form for people', async () => {
    const { lines, destination } = recorder();
    const log = createLogger({ format: 'pretty', destination });
    log.warn({ event: 'tls.reloaded', listener: 'kafka' }, 'new TLS files are in use');
    await turn();
    expect(lines.join('')).toContain('new TLS files are in use');
    expect(lines.join('')).toContain('kafka');
  });
});

describe('printable', () => {
  it('lets no text start a line, colour a terminal or fill a disk', () => {
    expect(printable('a\r\nb\u001b[31m\u2028c\u202e')).toBe('a\\x0d\\x0ab\\x1b[31m\\u2028c\\u202e');
    expect(printable('x'.repeat(1_000))).toBe(`${'x'.repeat(256)}...`);
    expect(printable('grüße 測試')).toBe('grüße 測試');
  });
});

describe('ConnectionLog', () => {
  const identity = {
    protocol: 'kafka',
    listener: 'kafka',
    connectionId: 'c-1',
    remoteAddress: '10.0.0.1',
    remotePort: 4_000,
  };

  function start() {
    const { lines, destination } = recorder();
    const log = new ConnectionLog(createLogger({ format: 'json', destination }), identity);
    return { log, parsed: () => lines.map((line) => JSON.parse(line)) };
  }

  it('writes one line for a connection that goes wrong, with who it was', () => {
    const { log, parsed } = start();
    log.identify({ tenant: 'acme', user: 'eve\n{"level":"fatal"}' });
    expect(log.faulted).toBe(false);
    log.fault('malformed-frame', 'bad\nbytes', { code: 'too-large' });
    log.fault('authentication-timeout', 'again');
    log.failure(new Error('while closing'), 'and again');
    expect(log.faulted).toBe(true);
    expect(parsed()).toHaveLength(1);
    expect(parsed()[0]).toMatchObject({
      ...identity,
      level: 'warn',
      event: 'connection.fault',
      reason: 'malformed-frame',
      code: 'too-large',
      tenant: 'acme',
      user: 'eve\\x0a{"level":"fatal"}',
      msg: 'bad\\x0abytes',
    });
  });

  it('writes one line per reason for requests that are refused', () => {
    const { log, parsed } = start();
    for (let each = 0; each < 10; each++)
      log.refusal('corrupt-crc', 'a batch with a wrong CRC', { topic: 't' });
    log.refusal('not-authorized', 'no');
    log.failure(new Error('a bug'), 'failed');
    expect(parsed().map(({ event, reason }) => [event, reason])).toEqual([
      ['request.refused', 'corrupt-crc'],
      ['request.refused', 'not-authorized'],
      ['connection.failure', 'internal-error'],
    ]);
  });
});
