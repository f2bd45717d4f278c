import { gzipSync } from 'node:zlib';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { downloadJwks, JwksDownloadError, jwksBytesMax, jwksUrlFault } from './jwks-download.js';
import { hasOpenssl, json, KeyServer, ServerCertificates } from './testing/key-server.js';

const title = hasOpenssl ? 'over TLS' : 'over TLS (skipped: there is no openssl command)';
const timeoutMs = 400;

describe('downloadJwks', () => {
  let server: KeyServer;
  let elsewhere: KeyServer;
  beforeAll(async () => {
    [server, elsewhere] = await Promise.all([KeyServer.start(), KeyServer.start()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), elsewhere.stop()]);
  });

  async function refusal(answer: RequestListener): Promise<string> {
    server.answer = answer;
    const startedMs = performance.now();
    const error: unknown = await downloadJwks({ url: server.url, timeoutMs }).catch((each: unknown) => each);
    expect(performance.now() - startedMs).toBeLessThan(timeoutMs + 2_000);
    expect(error).toBeInstanceOf(JwksDownloadError);
    return (error as Error).message;
  }

  it('gets what is served, in pieces as well', async () => {
    server.answer = (request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.write('{"keys":');
      setTimeout(() => response.end('[]}'), 20);
    };
    expect(await downloadJwks({ url: server.url })).toBe('{"keys":[]}');
  });

  it.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    const before = elsewhere.requests;
    const message = await refusal((_, response) => {
      response.writeHead(status, { location: elsewhere.url });
      response.end(JSON.stringify({ keys: [] }));
    });
    expect(message).toContain('redirects are not followed');
    expect(elsewhere.requests).toBe(before);
  });

  it.each([204, 206, 304, 400, 401, 404, 500, 503])('takes no keys from a %i', async (status) => {
    const message = await refusal((_, response) => {
      response.writeHead(status);
      response.end(JSON.stringify({ keys: [] }));
    });
    expect(message).toContain(`${status}`);
  });

  it('stops reading what is too large, announced or not', async () => {
    let written = 0;
    const flood: RequestListener = (_, response) => {
      const more = () => {
        if (response.destroyed) return;
        written += 65_536;
        response.write('x'.repeat(65_536), more);
      };
      more();
    };
    expect(await refusal(flood)).toContain(`${jwksBytesMax} bytes`);
    // What the kernel's buffers of both sides take, at most 10 MiB, was written though nobody read it.
    expect(written).toBeLessThan(64 * jwksBytesMax);
    const announced: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': jwksBytesMax + 1 });
      response.flushHeaders();
    };
    expect(await refusal(announced)).toContain(`${jwksBytesMax} bytes`);
  });

  it('waits no longer than it should for silence, headers or drops', async () => {
    expect(await refusal(() => {})).toContain(`within ${timeoutMs} ms`);
    const drops: RequestListener = (_, response) => {
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    };
    expect(await refusal(drops)).toContain(`within ${timeoutMs} ms`);
  });

  it('refuses an answer that was cut off, is packed or is no text', async () => {
    const cut: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"keys":[]}', () => response.destroy());
    };
    expect(await refusal(cut)).toEqual(expect.any(String));
    await refusal((request) => void request.socket.destroy());
    await refusal((request) => void request.socket.end('SSH-2.0-OpenSSH\r\n\r\n'));
    await refusal(
      (request) => void request.socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(65_536)}\r\n\r\n`),
    );
    await refusal((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('{"keys":[]}'));
    });
  });

  it('says that nobody is there', async () => {
    const gone = await KeyServer.start();
    const { url } = gone;
    await gone.stop();
    await expect(downloadJwks({ url })).rejects.toThrow('ECONNREFUSED');
  });

  it.each([
    ['https://id.example/keys', undefined],
    ['http://localhost:8000/keys', undefined],
    ['http://127.1.2.3/', undefined],
    ['http://[::1]:80/', undefined],
    ['http://localhost.evil.example/', 'neither'],
    ['http://id.example/', 'neither'],
    ['ftp://localhost/', 'neither'],
    ['file:///etc/passwd', 'neither'],
    ['data:,{}', 'neither'],
    ['https://user@id.example/', 'password'],
    ['id.example', 'no URL'],
  ])('judges %s', (url, fault) => {
    if (fault === undefined) expect(jwksUrlFault(url)).toBeUndefined();
    else expect(jwksUrlFault(url)).toContain(fault);
  });
});

(hasOpenssl ? describe : describe.skip)(title, () => {
  const certificates = new ServerCertificates();
  afterAll(() => certificates.remove());

  it('trusts the authorities that it was given, and no others', async () => {
    const right = certificates.make('right');
    const wrongName = certificates.make('elsewhere', 'elsewhere.example');
    const server = await KeyServer.start(json({ keys: [] }), right);
    const misnamed = await KeyServer.start(json({ keys: [] }), wrongName);
    try {
      expect(await downloadJwks({ url: server.url, caFile: right.certFile })).toBe('{"keys":[]}');
      await expect(downloadJwks({ url: server.url })).rejects.toThrow('SELF_SIGNED_CERT');
      const other = { url: server.url, caFile: wrongName.certFile };
      await expect(downloadJwks(other)).rejects.toThrow(/CERT|SIGNATURE|ISSUER/);
      const name = { url: misnamed.url, caFile: wrongName.certFile };
      await expect(downloadJwks(name)).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
      const absent = { url: server.url, caFile: '/nowhere.pem' };
      await expect(downloadJwks(absent)).rejects.toThrow('ENOENT');
      expect([server.requests, misnamed.requests]).toEqual([1, 0]);
    } finally {
      await Promise.all([server.stop(), misnamed.stop()]);
    }
  });
});
