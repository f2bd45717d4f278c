import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectSecure } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ListenerOptions } from '../protocol.js';
import { Certificates, hasOpenssl } from '../testing/certificates.js';
import { proxyHeader, tlv } from '../testing/proxy-header.js';
import { closed, echoes, TlsBench } from '../testing/tls-client.js';
import { until } from '../testing/until.js';

// Proxies and clients are told apart by their address; every address of 127.0.0.0/8 is ours.
const proxy = '127.0.0.2';
const stranger = '127.0.0.3';
const header = proxyHeader({ source: '203.0.113.7', destination: '10.0.0.1' });

describe('a listener behind proxies', () => {
  const certificates = new Certificates();
  const bench = new TlsBench(certificates);
  beforeAll(() => {
    if (hasOpenssl) certificates.make('gateway');
  });
  afterEach(() => bench.end());
  afterAll(() => certificates.remove());

  const start = (overrides: Partial<ListenerOptions> = {}) =>
    bench.startPlain({ proxyProtocol: { from: [`${proxy}/32`] }, ...overrides });

  it('knows the client by what its proxy says', async () => {
    const served = await start();
    const socket = bench.plainClient(served, proxy);
    socket.write(header);
    await echoes(socket);
    expect(served.protocol.connections[0]!.link.peer).toEqual({
      remoteAddress: '203.0.113.7',
      remotePort: 40_000,
      network: '203.0.113.7',
      proxyAddress: proxy,
      tls: false,
    });
    socket.write('malformed\n');
    await closed(socket);
    expect(served.log.lines[0]!.fields).toMatchObject({ remoteAddress: '203.0.113.7', remotePort: 40_000 });
  });

  it('takes header and request in one piece, and in pieces of a byte', async () => {
    const served = await start();
    const whole = bench.plainClient(served, proxy);
    whole.write(Buffer.concat([header, Buffer.from('auth\necho a\n')]));
    expect(String((await once(whole, 'data'))[0])).toBe('a\n');
    const slow = bench.plainClient(served, proxy);
    slow.setNoDelay(true);
    for (const byte of header) {
      slow.write(Buffer.from([byte]));
      await delay(1);
    }
    await echoes(slow);
    expect(served.protocol.connections).toHaveLength(2);
  });

  it('serves a proxy that looks whether it is there', async () => {
    const served = await start();
    const socket = bench.plainClient(served, proxy);
    socket.write(proxyHeader({ command: 0x20 }));
    await echoes(socket);
    const { peer } = served.protocol.connections[0]!.link;
    expect(peer).toMatchObject({ remoteAddress: proxy, remotePort: socket.localPort });
    expect(peer.proxyAddress).toBeUndefined();
  });

  it('ends connections of a proxy without a header, and says why', async () => {
    const served = await start();
    for (const bytes of [Buffer.from('auth\necho a\n'), Buffer.from('PROXY TCP4 1.2.3.4 10.0.0.1 5 6\r\n')]) {
      const socket = bench.plainClient(served, proxy);
      socket.write(bytes);
      await closed(socket);
    }
    expect(served.protocol.connections).toHaveLength(0);
    expect(served.counters.proxyHeaderFaults).toBe(2);
    expect(served.log.lines.map(({ message }) => message)).toEqual([
      'the proxy sent no PROXY header',
      'a PROXY header of version 1; set the proxy to version 2',
    ]);
  });

  it('believes no header of anybody else', async () => {
    const served = await start();
    const direct = bench.plainClient(served, stranger);
    await echoes(direct);
    expect(served.protocol.connections[0]!.link.peer.remoteAddress).toBe(stranger);
    const forger = bench.plainClient(served, stranger);
    forger.write(Buffer.concat([header, Buffer.from('auth\necho a\n')]));
    await until(() => served.protocol.connections.length === 2);
    expect(served.protocol.connections[1]!.link.peer).toMatchObject({ remoteAddress: stranger });
    expect(served.protocol.connections[1]!.link.peer.proxyAddress).toBeUndefined();
  });

  it('ends a header that never completes at the one deadline, however it comes', async () => {
    const served = await start({ authenticationTimeoutMs: 1_000 });
    const startedMs = performance.now();
    const silent = bench.plainClient(served, proxy);
    const slow = bench.plainClient(served, proxy);
    let at = 0;
    const drip = setInterval(() => slow.write(header.subarray(at, ++at)), 100);
    await Promise.all([closed(silent), closed(slow)]);
    clearInterval(drip);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(served.counters.authTimeouts).toBe(2);
    const late = 'the proxy did not complete its PROXY header in time';
    expect(served.log.lines.map(({ message }) => message)).toEqual([late, late]);
    // The header does not begin the time anew.
    const late2 = bench.plainClient(served, proxy);
    const secondMs = performance.now();
    await delay(900);
    late2.write(header);
    await closed(late2);
    expect(performance.now() - secondMs).toBeLessThan(1_850);
  });

  it('counts shares of clients, not of proxies, and gives them back', async () => {
    const served = await start({ connectionsPerAddressMax: 2, connectionsMax: 6 });
    const from = async (source: string) => {
      const socket = bench.plainClient(served, proxy);
      socket.write(proxyHeader({ source, destination: source }));
      return socket;
    };
    const first = await from('203.0.113.1');
    await echoes(first);
    await echoes(await from('203.0.113.1'));
    await closed(await from('203.0.113.1'));
    expect(served.counters.connectionsRefusedAddress).toBe(1);
    expect(served.log.lines[0]!.fields).toMatchObject({
      remoteAddress: '203.0.113.1',
      reason: 'limit-address',
    });
    await echoes(await from('203.0.113.2'));
    await echoes(await from('2001:db8::1'));
    await echoes(await from('2001:db8::2'));
    await closed(await from('2001:db8::3'));
    first.destroy();
    await until(() => served.listener.connections.size === 4);
    await echoes(await from('203.0.113.1'));
    // Those that have not said who they are have places too.
    const silent = bench.plainClient(served, proxy);
    await once(silent, 'connect');
    await until(() => served.listener.connections.size === 5);
    await closed(bench.plainClient(served, proxy));
    expect(served.counters.connectionsRefusedTotal).toBe(1);
  });

  it('lets go of a proxy that goes away in its header, without a word', async () => {
    const served = await start({ connectionsMax: 1 });
    for (const bytes of [Buffer.alloc(0), header.subarray(0, 20)]) {
      const socket = bench.plainClient(served, proxy);
      await once(socket, 'connect');
      socket.end(bytes);
      await closed(socket);
      await delay(20);
    }
    const socket = bench.plainClient(served, proxy);
    socket.write(header);
    await echoes(socket);
    expect(served.log.lines).toEqual([]);
  });

  (hasOpenssl ? it : it.skip)('reads it before TLS, and no server name from it', async () => {
    const served = await bench.start({}, { proxyProtocol: { from: [proxy] } });
    const raw = bench.plainClient(served, proxy);
    await once(raw, 'connect');
    raw.write(proxyHeader({ source: '203.0.113.7', tlvs: [tlv(0x02, 'acme.example'), tlv(0x01, 'h2')] }));
    const secure = connectSecure({ socket: raw, rejectUnauthorized: false });
    await echoes(secure);
    const { peer } = served.protocol.connections[0]!.link;
    expect(peer).toMatchObject({ remoteAddress: '203.0.113.7', proxyAddress: proxy, tls: true });
    expect(peer.serverName).toBeUndefined();
    const without = bench.plainClient(served, proxy);
    await once(without, 'connect');
    without.write(Buffer.from('1603010200010001fc0303', 'hex'));
    await closed(without);
    const forger = bench.plainClient(served, stranger);
    await once(forger, 'connect');
    forger.write(header);
    await closed(forger);
    expect(served.log.lines.map(({ message }) => message)).toEqual([
      'the proxy sent no PROXY header',
      'a PROXY protocol header on a TLS port',
    ]);
    expect(served.protocol.connections).toHaveLength(1);
  });
});
