import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Certificates, hasOpenssl } from '../testing/certificates.js';
import { attribute, type Forged, forgeCertificate } from '../testing/forged-certificate.js';
import { RecordForge } from '../testing/record-forge.js';
import type { Served } from '../testing/serve.js';
import { closed, echoes, TlsBench } from '../testing/tls-client.js';
import { emptyBytesMax } from './record-watch.js';
import { until } from '../testing/until.js';

const title = hasOpenssl
  ? 'hostile TLS clients'
  : 'hostile TLS clients (skipped: there is no openssl command)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  const certificates = new Certificates();
  const bench = new TlsBench(certificates);
  const programs: ChildProcess[] = [];
  const caFile = certificates.file('authority.crt');
  beforeAll(() => {
    for (const name of ['gateway', 'authority']) certificates.make(name);
    certificates.make('device', 'authority');
  });
  afterEach(async () => {
    for (const each of programs.splice(0)) each.kill('SIGKILL');
    await bench.end();
  });
  afterAll(() => certificates.remove());

  /** Presents a forged certificate, and tells what the listener says of it. */
  async function presented(served: Served, name: string): Promise<string> {
    const lines = served.log.lines.length;
    const connections = served.protocol.connections.length;
    await closed(bench.client(served, bench.credentials(name)));
    await until(() => served.log.lines.length > lines);
    expect(served.protocol.connections).toHaveLength(connections);
    return served.log.lines.at(-1)!.message;
  }

  describe('certificates', () => {
    const named = (value: string): Forged => ({ subject: [[attribute('CN', value)]] });

    it('gives the names of a good one, each by itself', async () => {
      const served = await bench.start({ clientAuth: 'require', caFile });
      forgeCertificate(certificates, 'good', 'authority', {
        subject: [[attribute('O', 'Acme, CN=root')], [attribute('CN', 'alice')]],
        alternativeNames: [[0x86, 'spiffe://acme/alice, DNS:root.example']],
        purpose: 'clientAuth',
      });
      await echoes(bench.client(served, bench.credentials('good')));
      const { certificate } = served.protocol.connections[0]!.link.peer;
      expect(certificate!.attributes).toEqual([
        { kind: 'subject.O', value: 'Acme, CN=root' },
        { kind: 'subject.CN', value: 'alice' },
        { kind: 'san.uri', value: 'spiffe://acme/alice, DNS:root.example' },
      ]);
      expect(Math.abs(certificate!.expiresAtMs - Date.now() - 3_600_000)).toBeLessThan(60_000);
    });

    it.each<['require' | 'request', string, Forged, string]>([
      ['require', 'NUL in its name', named('root\0.attacker'), 'characters that cannot be seen'],
      ['request', 'NUL in its name', named('root\0.attacker'), 'characters that cannot be seen'],
      ['require', 'a line end in its name', named('alice\nCN=root'), 'characters that cannot be seen'],
      ['require', 'a name too long', named('x'.repeat(600)), 'more than 512 characters'],
    ])('with %s, refuses one with %s, and forges no log line', async (clientAuth, _, what, why) => {
      const served = await bench.start({ clientAuth, caFile });
      forgeCertificate(certificates, 'hostile', 'authority', what);
      const message = await presented(served, 'hostile');
      expect(message).toContain(`the client's certificate is refused: a name has ${why}`);
      expect(message).not.toMatch(/root|xxx|\n/);
      expect(served.counters.tlsFailures).toBe(1);
    });

    const hour = 3_600_000;
    it.each<[string, Forged, string]>([
      [
        'that has ended',
        { ...named('a'), fromMs: Date.now() - 2 * hour, toMs: Date.now() - hour },
        'CERT_HAS_EXPIRED',
      ],
      [
        'that has not begun',
        { ...named('a'), fromMs: Date.now() + hour, toMs: Date.now() + 2 * hour },
        'CERT_NOT_YET_VALID',
      ],
      ['that is for servers', { ...named('a'), purpose: 'serverAuth' }, 'INVALID_PURPOSE'],
    ])('refuses one %s', async (_, what, code) => {
      const served = await bench.start({ clientAuth: 'require', caFile });
      forgeCertificate(certificates, 'untimely', 'authority', what);
      expect(await presented(served, 'untimely')).toBe(`the TLS handshake failed: ${code}`);
    });

    it('refuses an authority of its own making: of the same name, or signed by a client', async () => {
      const served = await bench.start({ clientAuth: 'require', caFile });
      const other = new Certificates();
      other.make('authority');
      other.make('device', 'authority');
      const cert = Buffer.concat(
        ['device', 'authority'].map((name) => readFileSync(other.file(`${name}.crt`))),
      );
      await closed(bench.client(served, { cert, key: readFileSync(other.file('device.key')) }));
      other.remove();
      forgeCertificate(certificates, 'leaf', 'authority', named('leaf'));
      forgeCertificate(certificates, 'child', 'leaf', named('root'));
      const chain = Buffer.concat(
        ['child', 'leaf'].map((name) => readFileSync(certificates.file(`${name}.crt`))),
      );
      writeFileSync(certificates.file('child.crt'), chain);
      await closed(bench.client(served, bench.credentials('child')));
      await until(() => served.counters.tlsFailures === 2);
      expect(served.protocol.connections).toHaveLength(0);
      expect(served.log.lines[1]!.message).toMatch(/INVALID_CA|INVALID_PURPOSE/);
    });

    it.each(['require', 'request'] as const)(
      'with %s, looks at the time again when a session is resumed',
      async (clientAuth) => {
        const served = await bench.start({ clientAuth, caFile });
        // The times of a certificate are whole seconds.
        const toMs = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
        forgeCertificate(certificates, 'brief', 'authority', { ...named('brief'), toMs });
        const credentials = bench.credentials('brief');
        const first = bench.client(served, credentials);
        const ticket = once(first, 'session');
        await echoes(first);
        const [session] = (await ticket) as [Buffer];
        expect(served.protocol.connections[0]!.link.peer.certificate?.attributes[0]?.value).toBe('brief');
        await delay(toMs - Date.now() + 50);
        const resumed = bench.client(served, { ...credentials, session });
        if (clientAuth === 'require') {
          await closed(resumed);
          expect(served.log.lines.at(-1)!.message).toBe('the TLS handshake failed: CERT_HAS_EXPIRED');
        } else {
          await echoes(resumed);
          expect(resumed.isSessionReused()).toBe(true);
          expect(served.protocol.connections[1]!.link.peer.certificate).toBeUndefined();
        }
      },
    );

    it('bounds what a client may send as its chain', async () => {
      const served = await bench.start({ clientAuth: 'require', caFile });
      forgeCertificate(certificates, 'huge', 'authority', { ...named('huge'), ballastBytes: 150_000 });
      expect(await presented(served, 'huge')).toContain('EXCESSIVE_MESSAGE_SIZE');
      // A large one, and as many as fit: read at once, and no reason to stop serving.
      forgeCertificate(certificates, 'large', 'authority', { ...named('large'), ballastBytes: 30_000 });
      await echoes(bench.client(served, bench.credentials('large')));
      const device = readFileSync(certificates.file('device.crt'));
      const authority = readFileSync(caFile);
      const cert = Buffer.concat([device, ...Array.from({ length: 150 }, () => authority)]);
      let longestMs = 0;
      let lastMs = performance.now();
      const beat = setInterval(() => {
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
      }, 5);
      await echoes(bench.client(served, { cert, key: readFileSync(certificates.file('device.key')) }));
      clearInterval(beat);
      expect(longestMs).toBeLessThan(1_000);
    });
  });

  /** A connection on which records can be written past the client's own OpenSSL. */
  async function forging(served: Served): Promise<{ raw: Socket; secure: TLSSocket; forge: RecordForge }> {
    const raw = bench.plainClient(served);
    await once(raw, 'connect');
    const secret = Promise.withResolvers<Buffer>();
    const secure = connect({ socket: raw, rejectUnauthorized: false, ciphers: 'TLS_AES_128_GCM_SHA256' });
    secure.on('error', () => {});
    secure.on('keylog', (line: Buffer) => {
      const [, found] = /^CLIENT_TRAFFIC_SECRET_0 \S+ (\S+)/.exec(line.toString()) ?? [];
      if (found) secret.resolve(Buffer.from(found, 'hex'));
    });
    const forge = new RecordForge(await secret.promise);
    // The handshake's own last record is on its way first.
    await until(() => served.protocol.connections.length > 0);
    raw.write(forge.data('auth\necho a\n'));
    await once(secure, 'data');
    return { raw, secure, forge };
  }

  const keyUpdates = (forge: RecordForge, count: number) =>
    Buffer.concat(Array.from({ length: count }, () => forge.keyUpdate()));

  describe('records', () => {
    it('ends a flood of KeyUpdates within seconds, and serves others meanwhile', async () => {
      const served = await bench.start();
      const { raw, secure, forge } = await forging(served);
      const startedMs = performance.now();
      const flood = setInterval(() => raw.write(keyUpdates(forge, 20)), 10);
      const other = bench.client(served);
      await echoes(other);
      await closed(secure);
      clearInterval(flood);
      expect(performance.now() - startedMs).toBeLessThan(6_000);
      await echoes(other);
      expect(served.log.lines.map(({ message }) => message)).toEqual([
        'the client sends TLS records without data',
      ]);
      expect(served.counters.tlsFailures).toBe(1);
      expect(served.protocol.connections[0]!.closeReasons).toEqual(['tls-failure']);
    });

    it('sends no more than it gets for KeyUpdates', async () => {
      const served = await bench.start();
      const { raw, secure, forge } = await forging(served);
      const before = raw.bytesRead;
      const count = Math.floor(emptyBytesMax / 27) - 10;
      raw.write(keyUpdates(forge, count));
      raw.write(forge.data('echo b\n'));
      await once(secure, 'data');
      expect(raw.bytesRead - before).toBeLessThan(27 * count + 100);
    });

    it('leaves clients alone that send single bytes, or new keys now and then', async () => {
      const served = await bench.start();
      const { raw, secure, forge } = await forging(served);
      for (let round = 0; round < 12; round++) {
        const bytes = [...'noise\n'.repeat(20)].map((each) => forge.data(each));
        raw.write(Buffer.concat([...bytes, forge.keyUpdate()]));
        await delay(200);
      }
      raw.write(forge.data('echo c\n'));
      await once(secure, 'data');
      expect(served.log.lines).toEqual([]);
    });

    it('refuses renegotiation', async () => {
      const served = await bench.start();
      const program = spawn('openssl', ['s_client', '-tls1_2', '-connect', `127.0.0.1:${served.info.port}`]);
      programs.push(program);
      let output = '';
      for (const stream of [program.stdout, program.stderr]) stream.on('data', (bytes) => (output += bytes));
      await until(() => served.protocol.connections.length === 1 && output.includes('Verify return code'));
      program.stdin.write('R\n');
      await until(() => output.includes('no renegotiation'));
      await echoes(bench.client(served, { maxVersion: 'TLSv1.2' }));
    });

    it('ends what is not TLS after the handshake', async () => {
      const served = await bench.start();
      const { raw } = await forging(served);
      raw.write(Buffer.alloc(1_000));
      await until(() => served.listener.connections.size === 0);
      expect(served.protocol.connections[0]!.closeReasons).toEqual(['socket-error']);
      await echoes(bench.client(served));
    });
  });
});
