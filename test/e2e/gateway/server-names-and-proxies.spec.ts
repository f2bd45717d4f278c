import { connect as connectPlain } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ISocketFactory, KafkaConfig } from 'kafkajs';
import { Certificates, hasOpenssl } from '../../../libs/transport/src/testing/certificates.js';
import { proxyHeader, tlv } from '../../../libs/transport/src/testing/proxy-header.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { pulsarAdmin } from '../../support/pulsar.js';
import { KafkaClients, kafkaErrorOf, plain } from './gateway-fixture.js';

// One TLS listener behind a balancer, two tenants that are told apart by the host name that clients ask for.

const balancer = '127.0.0.2';
const failuresBurst = 3;
const title = hasOpenssl ? 'names and proxies' : 'names and proxies (skipped: there is no openssl command)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  const clients = new KafkaClients();
  const certificates = new Certificates();
  let gateway: TestGateway;
  beforeAll(async () => {
    const tls = certificates.make('default', undefined, { days: 40 });
    const named = ['acme', 'beta'].map((name) => {
      const serverNames = [`${name}.example`];
      return { serverNames, ...certificates.make(name, undefined, { dnsNames: serverNames, days: 50 }) };
    });
    const user = (password: string) => ({
      kafka: { autoCreateTopics: true },
      permissions: [allowAll],
      users: ['alice', 'bob'].map((name) => ({ name, password })),
    });
    gateway = await startGateway({
      tenants: [
        { name: 'acme', ...user('of-acme'), serverNames: ['acme.example'] } as never,
        { name: 'beta', ...user('of-beta'), serverNames: ['beta.example'] } as never,
      ],
      listener: { tls: { ...tls, certificates: named }, proxyProtocol: { from: [balancer] } },
      config: {
        authentication: {
          failuresPerAddressBurst: failuresBurst,
          failuresPerAddressPerMinute: 1,
          failureFloorMs: 0,
        },
      },
    });
  });
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
    certificates.remove();
  });

  /** Through the balancer, which says that the client is `client`; without one: straight to the gateway. */
  function by(name: string, client?: string, claimed?: string): Partial<KafkaConfig> {
    const ca = [readFileSync(certificates.file(`${name}.crt`))];
    const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
      const socket = connectPlain({
        host,
        port,
        localAddress: client === undefined ? '127.0.0.1' : balancer,
      });
      const tlvs = claimed === undefined ? [] : [tlv(0x02, claimed)];
      if (client !== undefined) socket.write(proxyHeader({ source: client, tlvs }));
      return connectSecure({ socket, ca, servername: `${name}.example` }, onConnect);
    };
    return { ssl: true, socketFactory };
  }

  const as = (password: string, way: Partial<KafkaConfig>) => ({ ...plain('alice', password), ...way });

  async function counted(tenant: string): Promise<number> {
    const path = `/persistent/${gateway.namespaceOf(tenant)}/orders/partitioned-stats`;
    return ((await pulsarAdmin('GET', path)) as { msgInCounter: number }).msgInCounter;
  }

  it('binds a client to the tenant of the name that it asks for, and shows it that certificate', async () => {
    for (const [name, messages] of [
      ['acme', 2],
      ['beta', 3],
    ] as const) {
      const producer = await clients.producer(gateway.kafka, as(`of-${name}`, by(name, '203.0.113.1')));
      const values = Array.from({ length: messages }, () => ({ value: name }));
      await producer.send({ topic: 'orders', messages: values });
    }
    expect([await counted('acme'), await counted('beta')]).toEqual([2, 3]);
  });

  it('takes no name from what a proxy says, and no user of another tenant by a name', async () => {
    const straight = await clients.producer(gateway.kafka, as('of-acme', by('acme')));
    await straight.send({ topic: 'orders', messages: [{ value: 'acme' }] });
    const claimed = by('acme', '203.0.113.2', 'beta.example');
    expect(await kafkaErrorOf(clients.producer(gateway.kafka, as('of-beta', claimed)))).toMatch(
      /authentication/i,
    );
    const other = { ...plain('beta/alice', 'of-beta'), ...by('acme', '203.0.113.2') };
    expect(await kafkaErrorOf(clients.producer(gateway.kafka, other))).toMatch(/authentication/i);
    expect([await counted('acme'), await counted('beta')]).toEqual([3, 3]);
  });

  it('counts failures of the client, not of its proxy, and names it in the log', async () => {
    // Bob has not been here: who was verified just now is not verified again.
    const bob = (password: string, client: string) =>
      kafkaErrorOf(clients.producer(gateway.kafka, { ...plain('bob', password), ...by('acme', client) }));
    for (let each = 0; each <= failuresBurst; each++) await bob(`wrong-${each}`, '203.0.113.66');
    expect(await bob('of-acme', '203.0.113.66')).toMatch(/authentication/i);
    expect(await bob('of-acme', '203.0.113.67')).toBe('none');
    expect(gateway.log()).toContain('"remoteAddress":"203.0.113.66"');
    expect(gateway.log()).not.toContain(`"remoteAddress":"${balancer}"`);
  });

  it('tells when each certificate ends', async () => {
    const exposition = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const series = [...exposition.matchAll(/^pulsegate_tls_certificate_expiry_seconds\{(.*)\} (\d+)/gm)];
    const days = new Map(
      series.map(([, labels, atSeconds]) => [labels, (Number(atSeconds) - Date.now() / 1_000) / 86_400]),
    );
    expect([...days.keys()]).toEqual([
      'listener="kafka",certificate="default"',
      'listener="kafka",certificate="acme.example"',
      'listener="kafka",certificate="beta.example"',
    ]);
    expect([...days.values()].map(Math.round)).toEqual([40, 50, 50]);
  });
});
