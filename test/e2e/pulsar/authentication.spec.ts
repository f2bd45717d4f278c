import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, PulsarClient, type PulsarClientOptions } from '#libs/pulsar';
import { outsideListener, type PulsarWithAuth, startPulsarWithAuth } from '../../support/pulsar-with-auth.js';

const startTimeoutMs = 240_000;
const namespace = 'secured/n';
const topic = `persistent://${namespace}/x`;

describe('who the gateway is', () => {
  let pulsar: PulsarWithAuth;
  const clients: PulsarClient[] = [];

  beforeAll(async () => {
    pulsar = await startPulsarWithAuth();
    const { admin } = client({ auth: { method: 'token', token: pulsar.token('admin') } });
    await admin.createTenant('secured', { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(namespace);
    await admin.createTopic(topic);
    for (const role of ['alice', 'device', 'gateway']) {
      await admin.grantPermission(namespace, role, ['produce', 'consume']);
    }
  }, startTimeoutMs);
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close();
  });
  afterAll(() => pulsar.stop(), startTimeoutMs);

  function client(options: Partial<PulsarClientOptions>): PulsarClient {
    const made = new PulsarClient({ serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl, ...options });
    clients.push(made);
    return made;
  }

  const tls = (options: Partial<PulsarClientOptions>) =>
    client({ serviceUrl: pulsar.serviceUrlTls, adminUrl: pulsar.adminUrlTls, ...options });

  /** Publishing is what a role needs its grant for. */
  async function openProducer(pulsarClient: PulsarClient): Promise<Connection> {
    const connection = await pulsarClient.connect(topic, { tenantKey: 't', use: 'publish' });
    await connection.request({ producer: { topic, producerId: pulsarClient.nextProducerId() } });
    return connection;
  }

  it('takes a token, from the binary protocol and REST alike, and refuses others', async () => {
    await openProducer(client({ auth: { method: 'token', token: pulsar.token('alice') } }));
    const stranger = client({ auth: { method: 'token', token: pulsar.token('stranger') } });
    await expect(openProducer(stranger)).rejects.toMatchObject({
      code: 'AuthorizationError',
      retriable: false,
    });
    await expect(stranger.admin.clusters()).resolves.toContain('standalone');
    await expect(
      stranger.admin.createTenant('x', { adminRoles: [], allowedClusters: [] }),
    ).rejects.toMatchObject({
      status: 401,
    });
    for (const auth of [{ method: 'none' }, { method: 'token', token: 'junk' }] as const) {
      const nobody = client({ auth });
      await expect(nobody.ping()).rejects.toMatchObject({ code: 'AuthenticationError', retriable: false });
      await expect(nobody.admin.tenants()).rejects.toMatchObject({ status: 401 });
    }
  });

  it('takes a user name and password', async () => {
    await openProducer(client({ auth: { method: 'basic', username: 'alice', password: 'wonderland' } }));
    const wrong = client({ auth: { method: 'basic', username: 'alice', password: 'x' } });
    await expect(wrong.ping()).rejects.toMatchObject({ code: 'AuthenticationError' });
  });

  it('reads a token file again when the broker challenges, and keeps its connection', async () => {
    const tokenFile = join(pulsar.folder, 'token');
    writeFileSync(tokenFile, pulsar.token('alice', 3));
    const connection = await openProducer(client({ auth: { method: 'token', tokenFile } }));
    writeFileSync(tokenFile, `${pulsar.token('alice', 3600)}\n`);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(connection.closed).toBe(false);
    await connection.request({ partitionMetadata: { topic, metadataAutoCreationEnabled: false } });
  });

  it('loses its connection when it has nothing newer to answer with', async () => {
    const auth = { method: 'token', token: pulsar.token('alice', 3) } as const;
    const connection = await openProducer(client({ auth }));
    const ended = await new Promise<{ code: string }>((resolve) => connection.onClose(resolve));
    expect(ended.code).toBe('Disconnected');
  });

  it('obtains tokens by OAuth 2 client credentials, and newer ones when challenged', async () => {
    let issued = 0;
    const issuer: Server = createServer((request, response) => {
      const { port } = issuer.address() as { port: number };
      if (request.url === '/.well-known/openid-configuration') {
        response.end(JSON.stringify({ token_endpoint: `http://127.0.0.1:${port}/token` }));
        return;
      }
      issued++;
      // The issuer promises more than the token holds: only the broker's challenge can tell.
      response.end(
        JSON.stringify({ access_token: pulsar.token('alice', issued === 1 ? 3 : 600), expires_in: 600 }),
      );
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    const { port } = issuer.address() as { port: number };
    const connection = await openProducer(
      client({
        auth: { method: 'oauth2', issuerUrl: `http://127.0.0.1:${port}`, clientId: 'i', clientSecret: 's' },
      }),
    );
    expect(issued).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(connection.closed).toBe(false);
    expect(issued).toBeGreaterThanOrEqual(2);
    issuer.close();
  });

  it('checks the broker over TLS: its authority and its name', async () => {
    const auth = { method: 'token', token: pulsar.token('alice') } as const;
    const { caFile } = pulsar;
    const secure = tls({ auth, tls: { caFile } });
    await openProducer(secure);
    expect(await secure.admin.clusters()).toContain('standalone');
    const untrusting = tls({ auth });
    await expect(untrusting.ping()).rejects.toMatchObject({ code: 'ConnectFailed' });
    await expect(untrusting.admin.clusters()).rejects.toMatchObject({ code: 'ConnectFailed' });
    const address = { serviceUrl: pulsar.serviceUrlTls.replace('localhost', '127.0.0.1') };
    await expect(tls({ auth, tls: { caFile }, ...address }).ping()).rejects.toMatchObject({
      code: 'ConnectFailed',
    });
    await tls({ auth, tls: { caFile, verifyHostname: false }, ...address }).ping();
    await tls({ auth, tls: { caFile, serverName: 'localhost' }, ...address }).ping();
    await tls({ auth, tls: { allowInsecure: true }, ...address }).ping();
  });

  it('is known by its certificate', async () => {
    const { caFile } = pulsar;
    const device = tls({ auth: { method: 'tls' }, tls: { caFile, ...pulsar.certificate('device') } });
    await openProducer(device);
    expect(await device.admin.clusters()).toContain('standalone');
    const stranger = tls({ auth: { method: 'tls' }, tls: { caFile, ...pulsar.certificate('unknown') } });
    await expect(openProducer(stranger)).rejects.toMatchObject({ code: 'AuthorizationError' });
    await expect(tls({ auth: { method: 'tls' }, tls: { caFile } }).ping()).rejects.toMatchObject({
      code: 'AuthenticationError',
    });
    await expect(
      tls({ tls: { caFile, certFile: '/absent', keyFile: '/absent' } }).ping(),
    ).rejects.toMatchObject({
      code: 'InvalidConfiguration',
    });
  });

  it('looks brokers up by the name of the listener that it is told to use', async () => {
    const auth = { method: 'token', token: pulsar.token('alice') } as const;
    const at = async (of: PulsarClient) => {
      const { host, port } = await of.lookup(topic);
      return `${host}:${port}`;
    };
    const { host, port, tlsPort } = outsideListener;
    expect(await at(client({ auth }))).toBe(new URL(pulsar.serviceUrl).host);
    expect(await at(client({ auth, listenerName: 'outside' }))).toBe(`${host}:${port}`);
    const secure = { auth, tls: { caFile: pulsar.caFile }, listenerName: 'outside' };
    expect(await at(tls(secure))).toBe(`${host}:${tlsPort}`);
    await expect(client({ auth, listenerName: 'absent' }).lookup(topic)).rejects.toMatchObject({
      name: 'PulsarError',
    });
  });

  describe('acting for others is per connection, and needs both grants', () => {
    const as = (role: string, originalPrincipal?: string) =>
      client({ auth: { method: 'token', token: pulsar.token(role) }, originalPrincipal });

    it('serves a proxy role for a principal that is granted, and refuses one that is not', async () => {
      await openProducer(as('gateway', 'alice'));
      await expect(openProducer(as('gateway', 'stranger'))).rejects.toMatchObject({
        code: 'AuthorizationError',
      });
    });

    it('refuses a proxy role that acts for nobody or for a proxy, and others that act for somebody', async () => {
      for (const [role, principal] of [
        ['gateway', undefined],
        ['gateway', 'gateway'],
        ['alice', 'device'],
      ] as const) {
        await expect(as(role, principal).ping()).rejects.toMatchObject({ code: 'AuthorizationError' });
      }
    });

    it('says so to the admin REST as well', async () => {
      expect(await as('gateway', 'alice').admin.partitionedMetadata(topic)).toMatchObject({ partitions: 0 });
      for (const [role, principal] of [
        ['alice', 'device'],
        ['gateway', 'stranger'],
        ['gateway', undefined],
      ] as const) {
        await expect(as(role, principal).admin.partitionedMetadata(topic)).rejects.toMatchObject({
          retriable: false,
        });
      }
    });
  });
});
