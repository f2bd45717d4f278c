import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createAuthProvider } from '../auth/auth-provider.js';
import { AdminHttp, PulsarAdminError } from './admin-http.js';
import { PulsarAdmin } from './pulsar-admin.js';

const servers: Server[] = [];

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    answer(request, response, body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

function adminAt(adminUrl: string, timeoutMs = 2_000): PulsarAdmin {
  const auth = createAuthProvider({ method: 'token', token: 'secret' });
  return new PulsarAdmin(new AdminHttp({ adminUrl, auth, tls: {}, timeoutMs, originalPrincipal: 'alice' }));
}

describe('the admin REST', () => {
  afterAll(() => {
    for (const server of servers) server.close();
  });

  it('follows 307 to the owner with method, body and identity', async () => {
    const seen: unknown[] = [];
    const owner = await serve((request, response, body) => {
      const { authorization, 'x-original-principal': principal } = request.headers;
      seen.push([request.method, request.url, authorization, principal, body]);
      response.statusCode = 204;
      response.end();
    });
    const first = await serve((request, response) => {
      response.writeHead(307, { location: `http://${owner}${request.url}` });
      response.end();
    });
    await adminAt(`http://${first}/`).createPartitionedTopic('persistent://t/n/a b%é', 3);
    expect(seen).toEqual([
      ['PUT', '/admin/v2/persistent/t/n/a%20b%25%C3%A9/partitions', 'Bearer secret', 'alice', '3'],
    ]);
  });

  it('asks again when the connection ended before an answer, where that changes nothing', async () => {
    const asked: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      asked.push(request.method);
      if (asked.length === 2 || request.method === 'PUT') request.socket.destroy();
      else response.end('["one"]');
    });
    const admin = adminAt(`http://${host}`);
    await admin.clusters();
    expect(await admin.clusters()).toEqual(['one']);
    const made = admin.createPartitionedTopic('persistent://t/n/a', 1);
    await expect(made).rejects.toMatchObject({ code: 'ConnectFailed' });
    expect(asked).toEqual(['GET', 'GET', 'GET', 'PUT']);
  });

  it('asks nothing again once it is closed', async () => {
    const asked = Promise.withResolvers<void>();
    const host = await serve(() => asked.resolve());
    const admin = adminAt(`http://${host}`, 30_000);
    const answer = admin.clusters();
    await asked.promise;
    admin.close();
    await expect(answer).rejects.toMatchObject({ code: 'ConnectFailed' });
  });

  it('gives up a circle of redirects', async () => {
    const host: string = await serve((request, response) => {
      response.writeHead(307, { location: `http://${host}${request.url}` });
      response.end();
    });
    await expect(adminAt(`http://${host}`).clusters()).rejects.toMatchObject({ status: 307 });
  });

  it('fails with the status and the words of the broker', async () => {
    const host = await serve((request, response) => {
      response.statusCode = request.url?.includes('tenants') ? 409 : 503;
      response.end(
        request.url?.includes('tenants') ? JSON.stringify({ reason: 'Tenant exists' }) : '<html>busy',
      );
    });
    const admin = adminAt(`http://${host}`);
    const conflict = await admin.tenant('x').catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(PulsarAdminError);
    expect(conflict).toMatchObject({ status: 409, reason: 'Tenant exists', retriable: false });
    await expect(admin.clusters()).rejects.toMatchObject({
      status: 503,
      reason: '<html>busy',
      retriable: true,
    });
  });

  it('tries the next host when one is away, and stays with it', async () => {
    let asked = 0;
    const host = await serve((_, response) => {
      asked++;
      response.end('["standalone"]');
    });
    const admin = adminAt(`http://127.0.0.1:1,${host}`);
    expect(await admin.clusters()).toEqual(['standalone']);
    expect(await admin.clusters()).toEqual(['standalone']);
    expect(asked).toBe(2);
    await expect(adminAt('http://127.0.0.1:1').clusters()).rejects.toMatchObject({ code: 'ConnectFailed' });
  });

  it('gives up in time', async () => {
    const host = await serve(() => undefined);
    await expect(adminAt(`http://${host}`, 100).clusters()).rejects.toMatchObject({ code: 'Timeout' });
  });

  it.each(['', 'pulsar://a:1', 'http://', 'http://a,,b', 'http://a:1/admin'])(
    'refuses %p as its URL',
    (adminUrl) => {
      expect(() => adminAt(adminUrl)).toThrow(expect.objectContaining({ code: 'InvalidConfiguration' }));
    },
  );

  it('reads the position headers of one entry', async () => {
    const host = await serve((_, response) => {
      response.setHeader('X-Pulsar-Broker-Entry-METADATA-index', '41');
      response.setHeader('X-Pulsar-num-batch-message', '3');
      response.end(Buffer.from([1, 2, 3]));
    });
    expect(await adminAt(`http://${host}`).entry('persistent://t/n/x', 5, 6)).toEqual({
      index: 41,
      brokerTimestampMs: undefined,
      numMessages: 3,
      payload: Buffer.from([1, 2, 3]),
    });
  });
});
