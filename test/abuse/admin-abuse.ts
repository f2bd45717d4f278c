// What is tried on the admin HTTP by whoever reaches its port.
import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { hostileSockets } from '../support/hostile-sockets.js';
import type { AbuseTable } from './abuse.js';
import { namesHosts } from './every-protocol.js';
import { answerUntilClosed, msUntilClosed } from './first-words.js';
import { adminToken, type FrontStage, password } from './front-stage.js';
import { expectNoGrowth } from './growth.js';

/** `adminHttp`: connections, and how long headers may take. */
const connectionsMax = 256;
const headersTimeoutMs = 5_000;
const bodyBytesMax = 8 * 1_024 * 1_024;
const checksLateMs = 4_000;

const nothing = Buffer.alloc(0);
const text = (...lines: readonly string[]) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
const bearer = `Authorization: Bearer ${adminToken}`;
const put = (...headers: readonly string[]) => text('PUT /api/config HTTP/1.1', 'Host: x', ...headers);
const get = text('GET /health/live HTTP/1.1', 'Host: x');

const announcing: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.alloc(65_536, 0xff),
  Buffer.concat([put('Content-Length: 900000000'), Buffer.alloc(65_536)]),
  Buffer.concat([put('Transfer-Encoding: chunked'), Buffer.from('fffffff\r\n'), Buffer.alloc(65_536)]),
  Buffer.concat([put(bearer, 'Content-Length: 8000000'), Buffer.alloc(16_384)]),
  Buffer.from(`GET /metrics HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(16_000)}`),
  Buffer.concat(Array<Buffer>(200).fill(get)),
];

/** What its controllers serve, as the source has it. */
function routes(): { method: string; path: string }[] {
  const folder = new URL('../../../apps/gateway/src/admin/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.controller.ts'));
  return files.flatMap((file) => {
    const source = readFileSync(fileURLToPath(new URL(file, folder)), 'utf8');
    const [, base = ''] = /@Controller\('(.*)'\)/.exec(source)!;
    return [...source.matchAll(/@(Get|Put|Post|Patch|Delete|All)\((?:'(.*)')?\)/g)].map(([, verb, path]) => ({
      ...{ method: verb!.toUpperCase(), path: `/${[base, path].filter(Boolean).join('/')}` },
    }));
  });
}

async function served({ gateway }: FrontStage): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const answer = await fetch(`${gateway.adminUrl}/health/live`).catch(() => undefined);
    await answer?.text();
    if (answer?.status === 200) return;
    if (performance.now() > deadlineMs) throw new Error('the admin HTTP does not answer');
  }
}

const endpointOf = ({ gateway }: FrontStage) => new URL(gateway.adminUrl).host;

export const adminAbuse: AbuseTable<FrontStage> = {
  protocol: 'admin HTTP',
  rows: [
    {
      item: 'P1',
      tries:
        'announces bodies of 900 MB or without end, headers of 16 KB, or sends requests and reads no answer',
      meets:
        'no body of who has no token is read; of a thousand connections 256 are let in, and take less than 20 MB',
      alone: true,
      run: (stage) =>
        expectNoGrowth({
          ...{ gateway: stage.gateway, endpoint: endpointOf(stage), kinds: announcing },
          serves: () => served(stage),
        }),
    },
    {
      item: 'P2',
      tries: 'speaks TLS, HTTP/2 or something that nobody speaks',
      meets: 'hears 400 or nothing, and is closed',
      async run(stage) {
        for (const bytes of [
          Buffer.from('16030100c8010000c40303', 'hex'),
          Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
          Buffer.from('101000044d515454040000000004', 'hex'),
        ]) {
          const answer = await answerUntilClosed(endpointOf(stage), bytes);
          expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 |^$/);
        }
      },
    },
    {
      item: 'P3',
      tries: 'sends its headers byte by byte, or says nothing',
      meets: 'is closed after 5 s',
      async run(stage) {
        const took = [msUntilClosed(endpointOf(stage), get, 300), msUntilClosed(endpointOf(stage), nothing)];
        for (const ms of await Promise.all(took)) expect(ms).toBeLessThan(headersTimeoutMs + checksLateMs);
      },
    },
    {
      item: 'P4',
      tries: 'opens more connections than there may be, and keeps them open',
      meets: 'is closed beyond 256; those that ask nothing make room for who does',
      alone: true,
      async run(stage) {
        const sockets = await hostileSockets(endpointOf(stage), connectionsMax + 50, [get], { reads: true });
        try {
          await served(stage);
        } finally {
          for (const socket of sockets) socket.resetAndDestroy();
        }
      },
    },
    {
      item: 'P5',
      tries:
        'gives two lengths of one body, one that is negative, or no number, to have the rest read as another request',
      meets: 'hears 400, and is closed',
      async run(stage) {
        for (const lengths of [
          ['Content-Length: 5', 'Transfer-Encoding: chunked'],
          ['Content-Length: 5', 'Content-Length: 6'],
          ['Content-Length: -5'],
          ['Content-Length: 99999999999999999999999'],
          ['Transfer-Encoding: chunked, identity'],
        ]) {
          const bytes = Buffer.concat([put(bearer, ...lengths), Buffer.from('0\r\n\r\n'), get]);
          const answer = (await answerUntilClosed(endpointOf(stage), bytes)).toString();
          expect(answer).toMatch(/^HTTP\/1\.1 400 /);
          expect(answer).not.toContain('200 OK');
        }
      },
    },
    {
      item: 'A3',
      tries: 'asks for files and for paths beside those that are served',
      meets: 'hears 404 in few words, without what serves it',
      provenBy: {
        file: 'test/e2e/gateway/admin-http.spec.ts',
        test: 'refuses everything else in few words, without telling what serves it',
      },
    },
    {
      item: 'A8',
      tries:
        'sends thousands of headers, an address of 100 KB, or, with the token, a configuration that multiplies itself or is nested without end',
      meets: 'hears 431 or 400, and others are served meanwhile',
      async run(stage) {
        const endpoint = endpointOf(stage);
        const headers = Array.from({ length: 3_000 }, (_, at) => `x${at}: 1`);
        for (const bytes of [
          text('GET /metrics HTTP/1.1', 'Host: x', ...headers),
          text(`GET /${'x'.repeat(100_000)} HTTP/1.1`, 'Host: x'),
        ]) {
          expect((await answerUntilClosed(endpoint, bytes)).toString()).toMatch(/^HTTP\/1\.1 431 /);
        }
        const names = [...'abcdefghij'];
        const laughs = names.map((name, at) => {
          const last = at === 0 ? '"x"' : `*${names[at - 1]}`;
          return `${name}: &${name} [${Array(9).fill(last).join(', ')}]`;
        });
        for (const body of [laughs.join('\n'), '['.repeat(10_000), '{a: '.repeat(5_000)]) {
          const headersOf = { authorization: `Bearer ${adminToken}` };
          const answer = await fetch(`${stage.gateway.adminUrl}/api/config`, {
            ...{ method: 'PUT', body, headers: headersOf },
          });
          expect([answer.status, (await answer.text()).length < 10_000]).toEqual([400, true]);
        }
        await served(stage);
      },
    },
    {
      item: 'A8',
      tries: 'sends, with the token, a configuration of 8 MB that is two million values',
      meets: 'hears 400 when it has taken too much time or memory, and others are served meanwhile',
      provenBy: {
        file: 'apps/gateway/src/reload/config-check.spec.ts',
        test: 'ends where it takes too long, and holds nobody up',
      },
    },
    {
      item: 'A15',
      tries:
        'uses every route by every method, without a token, with a wrong one, and by other kinds of authorization',
      meets: 'reads health and metrics, and changes nothing',
      async run({ gateway }) {
        const all = routes();
        expect(all).toEqual([
          { method: 'PUT', path: '/api/config' },
          { method: 'GET', path: '/health/live' },
          { method: 'GET', path: '/health/ready' },
          { method: 'GET', path: '/metrics' },
        ]);
        const shown = [
          undefined,
          'Bearer',
          `Bearer ${adminToken.slice(0, -1)}`,
          `Bearer ${adminToken}x`,
          `Basic ${Buffer.from(`admin:${adminToken}`).toString('base64')}`,
          adminToken,
        ];
        for (const { method: served, path } of all) {
          for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
            for (const authorization of shown) {
              const answer = await fetch(gateway.adminUrl + path, {
                ...{ method, headers: authorization === undefined ? {} : { authorization } },
              });
              const words = await answer.text();
              const reads = method === 'GET' || method === 'HEAD';
              const expected = reads ? (served === 'GET' ? 200 : 404) : served === method ? 401 : 405;
              expect([method, path, authorization, answer.status]).toEqual([
                method,
                path,
                authorization,
                expected,
              ]);
              for (const secret of [adminToken, password]) expect(words).not.toContain(secret);
            }
          }
        }
      },
    },
    {
      item: 'A15',
      tries: 'sends a larger body than there may be, with the token',
      meets: 'hears 413, or is cut off',
      async run({ gateway }) {
        const headers = { authorization: `Bearer ${adminToken}` };
        const body = 'x'.repeat(bodyBytesMax + 1);
        const answer = await fetch(`${gateway.adminUrl}/api/config`, { method: 'PUT', body, headers }).catch(
          () => undefined,
        );
        expect(answer?.status ?? 413).toBe(413);
      },
    },
    {
      item: 'A15',
      tries: 'has names shown in metrics that close a label, or begin a line',
      meets: 'they are escaped, and a client’s names are shown only while it is slowed',
      provenBy: {
        file: 'libs/telemetry/src/metrics.spec.ts',
        test: 'shows gauges and counters of other parts',
      },
    },
    namesHosts,
  ],
  without: {
    P11: 'has no WebSocket',
    A2: 'has no patterns',
    A5: 'knows nobody but who has the token',
    A9: 'gives one answer at a time, which counts in P1',
    A10: 'ends connections that ask nothing after 30 s, and sooner where there are many: P4',
    A11: 'keeps nothing',
    A12: 'makes nothing but what a configuration says',
    A17: 'has nothing of tenants but their names and numbers',
    A21: 'looks at no header but Authorization',
  },
};
