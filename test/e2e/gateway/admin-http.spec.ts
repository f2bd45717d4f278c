import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkaClients, kafkaErrorOf, plain, readiness, until } from './gateway-fixture.js';

// What operators and their tools see on the admin port.

const leaks = /nest|fastify|FST_|node_modules|\.js:\d|express|stack/i;
const password = 'beta-needs-one';
const clients = new KafkaClients();
let link: FaultyLink;
let gateway: TestGateway;

/** `name{labels}` -> value of every sample. */
async function scrape(): Promise<Map<string, number>> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

beforeAll(async () => {
  link = await FaultyLink.start();
  const kafka = { autoCreateTopics: true };
  gateway = await startGateway({
    tenants: [
      { name: 'acme', kafka, permissions: [allowAll] },
      { name: 'beta', kafka, permissions: [allowAll], users: [{ name: 'bob', password }] },
    ],
    listener: { anonymousTenant: 'acme' },
    config: { pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}` } },
  });
});

afterAll(async () => {
  await clients.disconnect();
  await gateway?.stop();
  await link?.stop();
});

describe('the admin HTTP', () => {
  it('answers reads of what it knows, by GET and HEAD', async () => {
    const live = await fetch(`${gateway.adminUrl}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
    const { code, body } = await readiness(gateway);
    expect(code).toBe(200);
    expect(body).toMatchObject({
      status: 'ready',
      draining: false,
      pulsar: { reachable: true },
      namespaces: [
        { tenant: 'acme', served: true },
        { tenant: 'beta', served: true },
      ],
    });
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      const head = await fetch(gateway.adminUrl + path, { method: 'HEAD' });
      expect([path, head.status, await head.text()]).toEqual([path, 200, '']);
    }
  });

  it('refuses everything else in few words, without telling what serves it', async () => {
    const answers: [string, string, number, string?][] = [
      ['GET', '/', 404],
      ['GET', '/health', 404],
      ['GET', '/metrics/../../etc/passwd', 404],
      ['GET', '/%', 400],
      ['POST', '/metrics', 405],
      ['DELETE', '/health/live', 405],
      ['OPTIONS', '/metrics', 405],
      ['POST', '/health/ready', 405, 'x'.repeat(5_000_000)],
    ];
    for (const [method, path, status, body] of answers) {
      const response = await fetch(gateway.adminUrl + path, { method, ...(body ? { body } : {}) }).catch(
        () => undefined,
      );
      // A body that nobody reads may be cut off before the client sees the answer.
      if (response === undefined && body !== undefined) continue;
      const text = await response?.text();
      expect([method, path, response?.status]).toEqual([method, path, status]);
      expect(text).toBe(JSON.stringify({ status, error: JSON.parse(text ?? '{}').error }));
      expect(`${JSON.stringify([...(response?.headers ?? [])])}${text}`).not.toMatch(leaks);
    }
    const { hostname, port } = new URL(gateway.adminUrl);
    for (const bytes of ['NOT HTTP AT ALL\r\n\r\n', `GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`]) {
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('close', resolve));
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d |^$/);
      expect(answer).not.toMatch(leaks);
    }
    expect((await fetch(`${gateway.adminUrl}/health/live`)).status).toBe(200);
  });

  it('is alive and not ready while Pulsar does not answer, and ready again by itself', async () => {
    link.stall(60_000);
    await until('not ready', async () => (await readiness(gateway)).code === 503);
    expect((await readiness(gateway)).body.pulsar.reachable).toBe(false);
    expect((await fetch(`${gateway.adminUrl}/health/live`)).status).toBe(200);
    link.heal();
    await until('ready again', async () => (await readiness(gateway)).code === 200, 30_000);
  });
});

describe('the metrics', () => {
  it('are what Prometheus reads', async () => {
    const response = await fetch(`${gateway.adminUrl}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => [match[1] as string, match[2] as string]),
    );
    const seen = new Set<string>();
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const sample = /^([a-z][a-z0-9_]*)(\{(?:[a-z_]+="[^"]*",?)*\})? [-+0-9.eE]+(?:Inf|NaN)?$/.exec(line);
      expect([line, sample !== null]).toEqual([line, true]);
      const series = line.slice(0, line.lastIndexOf(' '));
      expect(seen.has(series)).toBe(false);
      seen.add(series);
      const name = sample?.[1] ?? '';
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      expect([name, types.has(family)]).toEqual([name, true]);
      if (types.get(family) === 'counter') expect(family).toMatch(/_total$/);
      else expect(family).not.toMatch(/_total$/);
      expect(text).toMatch(new RegExp(`^# HELP ${family} \\S`, 'm'));
    }
    const version = /^pulsegate_build_info\{version="\d+\.\d+\.\d+",node="v2\d\.[^"]*"\} 1$/m;
    expect(text).toMatch(version);
  });

  it('count by protocol and by tenant', async () => {
    const acme = await clients.producer(gateway.kafka);
    const beta = await clients.producer(gateway.kafka, plain('beta/bob', password));
    await acme.send({ topic: 'a', messages: [{ value: 'warm' }] });
    await beta.send({ topic: 'b', messages: [{ value: 'warm' }] });
    const before = await scrape();
    await acme.send({ topic: 'a', messages: Array.from({ length: 10 }, () => ({ value: 'x'.repeat(100) })) });
    await beta.send({ topic: 'b', messages: Array.from({ length: 3 }, () => ({ value: 'y' })) });
    const wrong = clients.producer(gateway.kafka, plain('beta/bob', 'wrong'));
    expect(await kafkaErrorOf(wrong)).toMatch(/authentication failed/i);
    const after = await scrape();
    const moved = (series: string) => (after.get(series) ?? 0) - (before.get(series) ?? 0);
    expect(moved('pulsegate_produce_messages_total{protocol="kafka",tenant="acme"}')).toBe(10);
    expect(moved('pulsegate_produce_messages_total{protocol="kafka",tenant="beta"}')).toBe(3);
    expect(moved('pulsegate_produce_bytes_total{protocol="kafka",tenant="acme"}')).toBeGreaterThan(1_000);
    expect(moved('pulsegate_produce_bytes_total{protocol="kafka",tenant="beta"}')).toBeLessThan(500);
    expect(moved('pulsegate_authentications_total{protocol="kafka",result="failure"}')).toBe(1);
    expect(moved('pulsegate_requests_total{protocol="kafka"}')).toBeGreaterThan(2);
    expect(after.get('pulsegate_connections_open{protocol="kafka"}')).toBeGreaterThanOrEqual(2);
  });
});
