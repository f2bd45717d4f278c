// What clients and proxies send before their protocol begins, spoilt in every way: the listener goes on, says nothing of its own
// code, and has all places and handshakes back.
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import { proxyHeader, tlv } from '../../libs/transport/src/testing/proxy-header.js';
import { clientHello, echoes, TlsBench } from '../../libs/transport/src/testing/tls-client.js';
import { RandomNumbers } from '../support/random-numbers.js';
import { until } from '../support/until.js';

const durationMs = Number(process.env.PULSEGATE_FUZZ_MS ?? 5_000);
const proxy = '127.0.0.2';
const openMax = 50;
const title = hasOpenssl ? 'first bytes' : 'first bytes (skipped: there is no openssl command)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  const seed = Number(process.env.PULSEGATE_FUZZ_SEED ?? Date.now() % 1_000_000);
  const random = new RandomNumbers(seed);
  const certificates = new Certificates();
  const bench = new TlsBench(certificates);
  afterAll(async () => {
    await bench.end();
    certificates.remove();
  });

  function spoilt(bytes: Buffer): Buffer {
    const changed = Buffer.from(bytes);
    for (let changes = random.below(4); changes > 0; changes--)
      changed[random.below(changed.length)] = random.below(256);
    return random.below(3) === 0 ? changed.subarray(0, random.below(changed.length)) : changed;
  }

  /** One client: in pieces, then it waits, ends, or resets. */
  async function attack(port: number, localAddress: string, bytes: Buffer): Promise<void> {
    const socket = connectPlain({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {});
    await once(socket, 'connect').catch(() => {});
    for (let at = 0; at < bytes.length && !socket.destroyed; ) {
      const end = at + 1 + random.below(bytes.length);
      socket.write(bytes.subarray(at, end));
      at = end;
      if (random.below(2) === 0) await delay(random.below(3));
    }
    const how = random.below(3);
    if (how === 0) socket.end();
    else if (how === 1) socket.resetAndDestroy();
    else await delay(random.below(20));
    await delay(random.below(10));
    socket.destroy();
  }

  it(
    'end their own connection at most',
    async () => {
      certificates.make('gateway');
      const hello = await clientHello();
      const served = await bench.start(
        {},
        { proxyProtocol: { from: [proxy] }, authenticationTimeoutMs: 2_000 },
      );
      const header = () => {
        const source = random.below(2) === 0 ? '203.0.113.7' : '2001:db8::7';
        const tlvs = Array.from({ length: random.below(4) }, () =>
          tlv(random.below(256), Buffer.alloc(random.below(300))),
        );
        return proxyHeader({ source, tlvs, command: random.below(4) === 0 ? 0x20 : 0x21 });
      };
      const endMs = performance.now() + durationMs;
      const attackers = Array.from({ length: openMax }, async () => {
        while (performance.now() < endMs) {
          const behind = random.below(2) === 0;
          const bytes = behind ? Buffer.concat([spoilt(header()), spoilt(hello)]) : spoilt(hello);
          await attack(served.info.port, behind ? proxy : `127.0.0.${3 + random.below(3)}`, bytes);
        }
      });
      await Promise.all(attackers);
      const seeded = `seed ${seed}`;
      expect([seeded, served.counters.failures]).toEqual([seeded, 0]);
      expect([seeded, served.log.lines.filter(({ level }) => level === 'error')]).toEqual([seeded, []]);
      await until(() => served.listener.connections.size === 0);
      // As many as there are handshakes at a time, of one address that took part.
      const clients = Array.from({ length: 40 }, () =>
        bench.client(served, { localAddress: '127.0.0.3' } as object),
      );
      await Promise.all(clients.map(echoes));
      expect(served.counters.connectionsOpen).toBe(clients.length);
    },
    durationMs + 60_000,
  );
});
