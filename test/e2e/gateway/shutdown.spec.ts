import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { findFreePort, pulsarAdmin } from '../../support/pulsar.js';
import { ConfigFolder, KafkaClients, readiness, startPulsegate, until } from './gateway-fixture.js';

// Whoever runs gateways stops them with a signal, while clients wait for answers.

const inFlight = 5;
const stalledMs = 2_000;

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Messages that all partitions of a topic were given. */
async function stored(namespace: string, topic: string): Promise<number> {
  const path = `/persistent/${namespace}/${topic}/partitioned-stats`;
  const stats = (await pulsarAdmin('GET', path)) as { msgInCounter: number };
  return stats.msgInCounter;
}

describe('a gateway that is told to stop', () => {
  const clients = new KafkaClients();
  let link: FaultyLink;
  let gateway: TestGateway;
  beforeAll(async () => {
    link = await FaultyLink.start();
    gateway = await startGateway({
      tenants: [{ name: 'acme', kafka: { autoCreateTopics: true }, permissions: [allowAll] }],
      listener: { anonymousTenant: 'acme' },
      config: { pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}` } },
    });
  });
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
    await link?.stop();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s answers what is in flight, and ends with 0',
    async (signal) => {
      const topic = `stop-${signal.toLowerCase()}`;
      const producer = await clients.producer(gateway.kafka);
      await producer.send({ topic, messages: [{ value: 'first' }] });
      link.stall(stalledMs);
      const answers = Array.from({ length: inFlight }, (_, number) =>
        producer.send({ topic, messages: [{ value: `${number}` }] }),
      );
      await delay(300);
      const { pid } = gateway;
      process.kill(pid, signal);
      await delay(300);
      // Whoever rotates files may say so at any time.
      process.kill(pid, 'SIGHUP');
      expect(runs(pid)).toBe(true);
      const { code, body } = await readiness(gateway);
      expect({ code, body }).toMatchObject({ code: 503, body: { draining: true } });
      await expect(clients.producer(gateway.kafka)).rejects.toThrow(/ECONNREFUSED|Connection/);

      const offsets = (await Promise.all(answers)).map(([answer]) => Number(answer?.baseOffset));
      expect(offsets.sort()).toEqual([1, 2, 3, 4, 5]);
      await until('the process has ended', async () => !runs(pid), 10_000);
      expect(await gateway.stop()).toBe('exit status 0');
      expect(await stored(gateway.namespaceOf('acme'), topic)).toBe(inFlight + 1);
      await clients.disconnect();
      await gateway.restart();
    },
  );

  it('does not wait for clients that have nothing in flight', async () => {
    const producer = await clients.producer(gateway.kafka);
    await producer.send({ topic: 'idle', messages: [{ value: 'v' }] });
    const before = performance.now();
    expect(await gateway.stop()).toBe('exit status 0');
    expect(performance.now() - before).toBeLessThan(9_000);
  });
});

describe('a gateway without Pulsar', () => {
  it('is up and says that it is not ready, and stops when told to', async () => {
    const nowhere = { serviceUrl: 'pulsar://127.0.0.1:1', adminUrl: 'http://127.0.0.1:1' };
    const gateway = await startGateway({
      tenants: [{ name: 'acme', namespace: 'nowhere/n', permissions: [allowAll] }],
      config: { pulsar: nowhere },
      untilReady: false,
    });
    try {
      const { code, body } = await readiness(gateway);
      expect(code).toBe(503);
      expect(body).toMatchObject({ pulsar: { reachable: false }, namespaces: [{ served: false }] });
      expect((await fetch(`${gateway.adminUrl}/health/live`)).status).toBe(200);
    } finally {
      expect(await gateway.stop()).toBe('exit status 0');
    }
  });

  it('stops when told to while it still waits for a Pulsar that says nothing, and opens nothing more', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const folder = new ConfigFolder();
    const kafkaPort = await findFreePort();
    const config = {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${port}` },
      kafka: { listeners: [{ name: 'kafka', port: kafkaPort }] },
      admin: { port: 0 },
      tenants: [{ name: 'acme', namespace: 'silent/n' }],
    };
    const gateway = startPulsegate([
      'start',
      '--config',
      folder.write('silent.yaml', JSON.stringify(config)),
    ]);
    // Once it asks, it has got through everything that comes before.
    await once(silent, 'connection');
    gateway.child.kill('SIGTERM');
    const { status, stdout } = await gateway.ended;
    silent.close();
    folder.remove();
    expect(status).toBe(0);
    expect(stdout).toContain('"event":"gateway.stopping"');
    expect(stdout).not.toContain('"event":"listener.opened"');
  });
});
