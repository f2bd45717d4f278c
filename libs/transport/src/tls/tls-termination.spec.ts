import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ListenerOptions, ListenerTlsOptions } from '../protocol.js';
import { Certificates, hasOpenssl } from '../testing/certificates.js';
import { type Served, serve } from '../testing/serve.js';
import { until } from '../testing/until.js';

const title = hasOpenssl ? 'TLS' : 'TLS (skipped: there is no openssl command)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  let certificates: Certificates;
  let tls: ListenerTlsOptions;
  const running: Served[] = [];
  const sockets: { destroy(): void }[] = [];

  beforeAll(() => {
    certificates = new Certificates();
    tls = certificates.make('gateway');
    certificates.make('authority');
    certificates.make('device', 'authority');
    certificates.make('stranger');
  });
  afterAll(() => certificates.remove());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(running.splice(0).map(({ listener }) => listener.close()));
  });

  async function start(
    tlsOptions: Partial<ListenerTlsOptions> = {},
    overrides: Partial<ListenerOptions> = {},
  ) {
    const served = await serve({ tls: { ...tls, reloadIntervalMs: 0, ...tlsOptions }, ...overrides });
    running.push(served);
    return served;
  }

  function client({ info }: Served, options: ConnectionOptions = {}): TLSSocket {
    const ca = ['gateway', 'next'].flatMap((name) => {
      try {
        return [readFileSync(certificates.file(`${name}.crt`))];
      } catch {
        return [];
      }
    });
    const socket = connect({ port: info.port, host: '127.0.0.1', servername: 'localhost', ca, ...options });
    sockets.push(socket);
    socket.on('error', () => {});
    return socket;
  }

  function credentials(name: string): ConnectionOptions {
    return {
      cert: readFileSync(certificates.file(`${name}.crt`)),
      key: readFileSync(certificates.file(`${name}.key`)),
    };
  }

  async function echoes(socket: TLSSocket): Promise<void> {
    socket.write('auth\necho a\n');
    const [bytes] = await once(socket, 'data');
    expect(String(bytes)).toBe('a\n');
  }

  function closed(socket: Socket): Promise<void> {
    return new Promise((resolve) => socket.resume().once('close', () => resolve()));
  }

  it('terminates TLS and knows the name that was asked for', async () => {
    const served = await start();
    await echoes(client(served));
    expect(served.info.tls).toBe(true);
    const { peer } = served.protocol.connections[0]!.link;
    expect(peer).toMatchObject({ tls: true, serverName: 'localhost', remoteAddress: '127.0.0.1' });
    expect(peer.certificate).toBeUndefined();
  });

  it('refuses TLS 1.1', async () => {
    const served = await start();
    const socket = client(served, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    await closed(socket);
    await until(() => served.counters.tlsFailures === 1);
  });

  it('requires a client certificate of the authority', async () => {
    const served = await start({ clientAuth: 'require', caFile: certificates.file('authority.crt') });
    await echoes(client(served, credentials('device')));
    const { certificate } = served.protocol.connections[0]!.link.peer;
    expect(certificate).toMatchObject({ subject: 'CN=device', subjectAltName: 'DNS:device, DNS:localhost' });
    expect(certificate!.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    await closed(client(served));
    await closed(client(served, credentials('stranger')));
    await until(() => served.counters.tlsFailures === 2);
    expect(served.protocol.connections).toHaveLength(1);
    expect(served.log.lines.map(({ message }) => message)).toEqual([
      'the client sent no certificate, and the listener requires one',
      'the TLS handshake failed: DEPTH_ZERO_SELF_SIGNED_CERT',
    ]);
  });

  it('keeps requiring it on resumed sessions, and across a reload', async () => {
    const own = certificates.make('reloaded');
    const served = await start({ ...own, clientAuth: 'require', caFile: certificates.file('authority.crt') });
    writeFileSync(own.certFile, `${readFileSync(own.certFile)}\n`);
    expect(await served.listener.reloadTls()).toBe(true);
    const ca = [readFileSync(own.certFile)];
    const first = client(served, { ...credentials('device'), ca });
    const session = once(first, 'session');
    await echoes(first);
    const [ticket] = await session;
    const resumed = client(served, { ...credentials('device'), ca, session: ticket as Buffer });
    await echoes(resumed);
    expect(resumed.isSessionReused()).toBe(true);
    expect(served.protocol.connections[1]!.link.peer.certificate?.subject).toBe('CN=device');
    await closed(client(served, { ca }));
    await closed(client(served, { ...credentials('stranger'), ca }));
    expect(served.protocol.connections).toHaveLength(2);
  });

  it('asks for a certificate, and believes only a verified one', async () => {
    const served = await start({ clientAuth: 'request', caFile: certificates.file('authority.crt') });
    await echoes(client(served));
    await echoes(client(served, credentials('stranger')));
    await echoes(client(served, credentials('device')));
    const subjects = served.protocol.connections.map(({ link }) => link.peer.certificate?.subject);
    expect(subjects).toEqual([undefined, undefined, 'CN=device']);
  });

  it('counts the handshake in the absolute deadline', async () => {
    const served = await start({}, { authenticationTimeoutMs: 200 });
    const silent = connectPlain(served.info.port, '127.0.0.1');
    const startedMs = performance.now();
    await closed(silent);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const secure = client(served);
    await once(secure, 'secureConnect');
    await closed(secure);
    expect(served.counters.authTimeouts).toBe(2);
    expect(served.log.lines[0]!.message).toBe('the client did not complete the TLS handshake in time');
  });

  it('counts handshakes in the limits, and gives their places back', async () => {
    const served = await start({}, { connectionsPerAddressMax: 1 });
    const silent = connectPlain(served.info.port, '127.0.0.1');
    await once(silent, 'connect');
    await closed(client(served));
    expect(served.counters.connectionsRefusedAddress).toBe(1);
    silent.destroy();
    await delay(50);
    await echoes(client(served));
  });

  it('lets go of a client that goes away in the handshake at once, without a line', async () => {
    const served = await start({}, { connectionsPerAddressMax: 1 });
    for (const bytes of [Buffer.alloc(0), Buffer.from('1603010200', 'hex')]) {
      const probe = connectPlain(served.info.port, '127.0.0.1');
      await once(probe, 'connect');
      probe.end(bytes);
      await closed(probe);
      await delay(20);
    }
    await echoes(client(served));
    expect(served.log.lines).toEqual([]);
  });

  it('says what a client without TLS was', async () => {
    const served = await start();
    const http = connectPlain(served.info.port, '127.0.0.1');
    http.on('error', () => {});
    http.write('GET / HTTP/1.1\r\n\r\n');
    await closed(http);
    const kafka = connectPlain(served.info.port, '127.0.0.1');
    kafka.on('error', () => {});
    kafka.write(Buffer.from('0000001a00120003000000010000', 'hex'));
    await closed(kafka);
    expect(served.log.lines.map(({ message }) => message)).toEqual([
      'HTTP on a TLS port',
      'Kafka on a TLS port',
    ]);
    expect(served.counters.connectionsOpen).toBe(0);
  });

  it('serves new files to new connections and keeps the old connections', async () => {
    const current = { certFile: certificates.file('live.crt'), keyFile: certificates.file('live.key') };
    copyFileSync(tls.certFile, current.certFile);
    copyFileSync(tls.keyFile, current.keyFile);
    const served = await start({ ...current, reloadIntervalMs: 20 });
    const before = client(served);
    await echoes(before);
    const next = certificates.make('next');
    // Half a change, as between two writes: refused, once, and the former files stay in use.
    copyFileSync(next.certFile, current.certFile);
    await until(() => served.log.lines.length > 0);
    await delay(60);
    expect(served.log.lines).toHaveLength(1);
    expect(served.log.lines[0]!.fields.event).toBe('tls.reload-refused');
    await echoes(client(served));
    copyFileSync(next.keyFile, current.keyFile);
    let subject = '';
    for (let tries = 0; subject !== 'next' && tries < 200; tries++) {
      const after = client(served);
      await once(after, 'secureConnect');
      subject = String(after.getPeerCertificate().subject.CN);
      after.destroy();
      await delay(10);
    }
    expect(subject).toBe('next');
    await echoes(before);
    expect(await served.listener.reloadTls()).toBe(false);
  });

  it('refuses to start with files that cannot work, and names them', async () => {
    const { certFile, keyFile } = tls;
    const missing = certificates.file('missing.crt');
    await expect(start({ certFile: missing })).rejects.toThrow(`${missing} cannot be read: ENOENT`);
    const text = certificates.file('text.crt');
    writeFileSync(text, 'hello');
    await expect(start({ certFile: text })).rejects.toThrow(`${text} is not a PEM file`);
    const other = certificates.file('stranger.key');
    await expect(start({ keyFile: other })).rejects.toThrow(`${certFile} with ${other}: `);
    await expect(start({ keyFile, clientAuth: 'require' })).rejects.toThrow('needs a caFile');
  });

  it('drains handshakes and connections', async () => {
    const served = await start();
    const silent = connectPlain(served.info.port, '127.0.0.1');
    await once(silent, 'connect');
    const secure = client(served);
    await echoes(secure);
    secure.write('slow 50\n');
    await delay(20);
    const answer = once(secure, 'data');
    await Promise.all([served.listener.drain(), closed(silent)]);
    expect(String((await answer)[0])).toBe('done\n');
  });
});
