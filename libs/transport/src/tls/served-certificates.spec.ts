import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Certificates, hasOpenssl } from '../testing/certificates.js';
import { RecordedLog } from '../testing/recorded-log.js';
import type { Served } from '../testing/serve.js';
import { closed, echoes, TlsBench } from '../testing/tls-client.js';
import { ServedCertificates } from './served-certificates.js';
import { until } from '../testing/until.js';

const title = hasOpenssl ? 'certificates' : 'certificates (skipped: there is no openssl command)';
const dayMs = 86_400_000;

(hasOpenssl ? describe : describe.skip)(title, () => {
  const certificates = new Certificates();
  const bench = new TlsBench(certificates);
  const files = (name: string) => ({
    certFile: certificates.file(`${name}.crt`),
    keyFile: certificates.file(`${name}.key`),
  });
  beforeAll(() => {
    for (const name of ['gateway', 'acme', 'beta', 'authority', 'successor']) certificates.make(name);
    certificates.make('device', 'authority');
    certificates.make('gadget', 'successor');
  });
  afterEach(() => bench.end());
  afterAll(() => certificates.remove());

  /** Whose certificate a client is shown that asks for a name, or for none. */
  async function shown(served: Served, servername: string): Promise<string> {
    const socket = bench.client(served, { servername });
    await once(socket, 'secureConnect');
    const subject = String(socket.getPeerCertificate().subject.CN);
    socket.destroy();
    return subject;
  }

  /** Writes a pair in place of another, as a renewal does. */
  function replace(name: string, by: string): void {
    copyFileSync(files(by).certFile, files(name).certFile);
    copyFileSync(files(by).keyFile, files(name).keyFile);
  }

  async function sessionOf(socket: TLSSocket): Promise<Buffer> {
    const session = once(socket, 'session');
    await echoes(socket);
    return (await session)[0] as Buffer;
  }

  const named = () => [
    { serverNames: ['acme.example', '*.acme.example'], ...files('acme') },
    { serverNames: ['b.acme.example', '*.beta.example'], ...files('beta') },
  ];

  it('shows each client the one of the name that it asks for', async () => {
    const served = await bench.start({ certificates: named() });
    const asked = ['acme.example', 'ACME.example', 'a.acme.example', 'b.acme.example', 'x.beta.example'];
    const others = ['', 'beta.example', 'x.y.acme.example', 'localhost', 'example'];
    const subjects = [];
    for (const name of [...asked, ...others]) subjects.push(await shown(served, name));
    expect(subjects).toEqual(['acme', 'acme', 'acme', 'beta', 'beta', ...others.map(() => 'gateway')]);
  });

  it('tells the name in lower case, and ends handshakes that ask for what is no host name', async () => {
    const served = await bench.start({ certificates: named() });
    await echoes(bench.client(served, { servername: 'A.Acme.Example' }));
    expect(served.protocol.connections[0]!.link.peer.serverName).toBe('a.acme.example');
    await echoes(bench.client(served, { servername: '' }));
    expect(served.protocol.connections[1]!.link.peer.serverName).toBeUndefined();
    for (const servername of ['acme.example\nevil', '../acme', 'acme.example.', '*.acme.example']) {
      await closed(bench.client(served, { servername }));
    }
    await until(() => served.counters.tlsFailures === 4);
    expect(served.protocol.connections).toHaveLength(2);
    expect(new Set(served.log.lines.map(({ message }) => message))).toEqual(
      new Set(['the client asks for a server name that is no host name']),
    );
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'tells the name of a session of %s that is resumed',
    async (version) => {
      const served = await bench.start({ certificates: named() });
      const versions = { minVersion: version, maxVersion: version };
      const session = await sessionOf(bench.client(served, { servername: 'acme.example', ...versions }));
      const names: unknown[] = [];
      for (const servername of ['acme.example', 'b.acme.example', '']) {
        const socket = bench.client(served, { servername, session, ...versions });
        await echoes(socket);
        names.push([socket.isSessionReused(), served.protocol.connections.at(-1)!.link.peer.serverName]);
      }
      // OpenSSL resumes it under its own name only.
      expect(names).toEqual([
        [true, 'acme.example'],
        [false, 'b.acme.example'],
        [false, undefined],
      ]);
    },
  );

  it('checks client certificates whatever name is asked for', async () => {
    const caFile = certificates.file('authority.crt');
    const served = await bench.start({ certificates: named(), clientAuth: 'require', caFile });
    await echoes(bench.client(served, { servername: 'acme.example', ...bench.credentials('device') }));
    expect(served.protocol.connections[0]!.link.peer.certificate?.subject).toBe('CN=device');
    await closed(bench.client(served, { servername: 'acme.example' }));
    await closed(bench.client(served, { servername: 'acme.example', ...bench.credentials('gadget') }));
    await until(() => served.counters.tlsFailures === 2);
    expect(served.protocol.connections).toHaveLength(1);
  });

  it('renews each by itself, and drops no connection', async () => {
    for (const name of ['live', 'live-acme']) certificates.make(name);
    const served = await bench.start({
      ...files('live'),
      certificates: [{ serverNames: ['acme.example'], ...files('live-acme') }],
    });
    const before = bench.client(served, { servername: 'acme.example' });
    await echoes(before);
    certificates.make('next-acme');
    certificates.make('next');
    // The default pair is half written; that of acme is complete.
    copyFileSync(files('next').certFile, files('live').certFile);
    replace('live-acme', 'next-acme');
    expect(await served.listener.reloadTls()).toBe(true);
    expect([await shown(served, 'acme.example'), await shown(served, '')]).toEqual(['next-acme', 'live']);
    expect(await served.listener.reloadTls()).toBe(false);
    expect(served.log.lines.map(({ fields }) => fields.event)).toEqual(['tls.reload-refused']);
    replace('live', 'next');
    expect(await served.listener.reloadTls()).toBe(true);
    expect([await shown(served, 'acme.example'), await shown(served, '')]).toEqual(['next-acme', 'next']);
    await echoes(before);
    expect(served.log.lines).toHaveLength(1);
  });

  it('keeps sessions of who lost its authority from being resumed', async () => {
    const caFile = certificates.file('live-ca.crt');
    copyFileSync(certificates.file('authority.crt'), caFile);
    const served = await bench.start({ clientAuth: 'require', caFile });
    const session = await sessionOf(bench.client(served, bench.credentials('device')));
    const held = bench.client(served, { ...bench.credentials('device'), session });
    await echoes(held);
    expect(held.isSessionReused()).toBe(true);
    copyFileSync(certificates.file('successor.crt'), caFile);
    expect(await served.listener.reloadTls()).toBe(true);
    await closed(bench.client(served, { ...bench.credentials('device'), session }));
    await closed(bench.client(served, bench.credentials('device')));
    await echoes(bench.client(served, bench.credentials('gadget')));
    // Connections that are up stay.
    await echoes(held);
    writeFileSync(caFile, 'no certificate');
    expect(await served.listener.reloadTls()).toBe(false);
    await echoes(bench.client(served, bench.credentials('gadget')));
    expect(served.log.lines.at(-1)!.fields.event).toBe('tls.reload-refused');
  });

  it('speaks TLS 1.3 alone where it is told to', async () => {
    const served = await bench.start({ minVersion: 'TLSv1.3', certificates: named() });
    for (const servername of ['', 'acme.example']) {
      await closed(bench.client(served, { servername, maxVersion: 'TLSv1.2' }));
    }
    await until(() => served.counters.tlsFailures === 2);
    const socket = bench.client(served);
    await echoes(socket);
    expect(socket.getProtocol()).toBe('TLSv1.3');
  });

  it('tells of each when it ends, in time and once a day', async () => {
    certificates.make('short', undefined, { days: 10 });
    const log = new RecordedLog();
    const named = [{ serverNames: ['acme.example', 'acme.test'], ...files('acme') }];
    const served = await ServedCertificates.load({ ...files('short'), certificates: named }, 'public', log);
    const [short, acme] = served.expiries;
    expect([short!.certificate, acme!.certificate]).toEqual(['default', 'acme.example']);
    const nowMs = Date.now();
    expect(Math.abs(short!.expiresAtMs - nowMs - 10 * dayMs)).toBeLessThan(60_000);
    expect(Math.abs(acme!.expiresAtMs - nowMs - 90 * dayMs)).toBeLessThan(60_000);
    expect(log.lines).toMatchObject([
      {
        level: 'warn',
        fields: { event: 'tls.certificate-expires', certificate: 'default', file: files('short').certFile },
      },
    ]);
    served.warnOfExpiry(nowMs + dayMs / 2);
    expect(log.lines).toHaveLength(1);
    served.warnOfExpiry(nowMs + 2 * dayMs);
    expect(log.lines).toHaveLength(2);
    served.warnOfExpiry(nowMs + 11 * dayMs);
    expect(log.lines[2]).toMatchObject({ level: 'error', fields: { event: 'tls.certificate-expired' } });
    served.warnOfExpiry(nowMs + 77 * dayMs);
    expect(log.lines.slice(3).map(({ fields }) => fields.certificate)).toEqual(['default', 'acme.example']);
  });

  it('counts the chain to what ends first', async () => {
    certificates.make('intermediate', 'authority', { days: 5 });
    const chain = certificates.file('chain.crt');
    writeFileSync(
      chain,
      Buffer.concat(['acme', 'intermediate'].map((name) => readFileSync(files(name).certFile))),
    );
    const log = new RecordedLog();
    const served = await ServedCertificates.load(
      { certFile: chain, keyFile: files('acme').keyFile },
      'public',
      log,
    );
    expect(Math.abs(served.expiries[0]!.expiresAtMs - Date.now() - 5 * dayMs)).toBeLessThan(60_000);
    expect(log.lines).toHaveLength(1);
  });
});
