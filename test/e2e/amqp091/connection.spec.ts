// How AMQP 0-9-1 clients get in, what they declare and where that is in Pulsar, and how their connections end.
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScramVerifier, scramCredential } from '#libs/auth';
import { ScramClient } from '../../../libs/kafka-gateway/src/testing/scram-client.js';
import { Certificates, hasOpenssl } from '../../../libs/transport/src/testing/certificates.js';
import { exchangeDeclare, queueBind } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace, pulsarAdmin } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const certificates = new Certificates();
let gateway: TestGateway;
let second: string;

beforeAll(async () => {
  if (hasOpenssl) {
    certificates.make('authority');
    certificates.make('gateway', 'authority', { dnsNames: ['localhost'] });
    certificates.make('carol', 'authority', { keyUsage: 'clientAuth' });
  }
  const tls = {
    ...{ certFile: certificates.file('gateway.crt'), keyFile: certificates.file('gateway.key') },
    ...{ caFile: certificates.file('authority.crt'), clientAuth: 'request' },
  };
  const password = formatScramVerifier(await scramCredential('secret', 'SCRAM-SHA-256'));
  second = await createPulsarNamespace('second');
  gateway = await startGateway({
    tenants: [
      {
        ...{ name: 'acme', permissions: [allowAll], users: [{ name: 'alice', password }] },
        amqp091: { vhosts: [{ name: 'second', pulsarNamespace: second }] },
      },
      { name: 'globex', permissions: [allowAll], users: [{ name: 'bob', password }] },
    ],
    amqp: { listener: { defaultTenant: 'acme', anonymousTenant: 'acme' }, ...(hasOpenssl && { tls }) },
    config: {
      authentication: {
        certificates: [{ from: 'subject.CN', match: 'carol', user: 'carol', tenant: 'acme' }],
      },
    },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  await gateway?.stop();
  certificates.remove();
}, setUpTimeoutMs);

const none = Buffer.alloc(0);
/** Opened, with channel 1. */
async function opened(settings: Parameters<Amqp091Wire['open']>[0] = {}): Promise<Amqp091Wire> {
  const wire = await openAmqp091Wire(gateway.amqp.tcp);
  await wire.open(settings);
  await wire.openChannel();
  return wire;
}

describe('a client', () => {
  it('comes in by the port of AMQP 1.0, whose clients come in too', async () => {
    const other = await openAmqpWire(gateway.amqp.tcp);
    await other.open();
    const wire = await opened({ user: 'alice', password: 'secret' });
    await wire.close();
    await other.close();
  });

  it('comes in by SCRAM, which takes more than one turn', async () => {
    const wire = await openAmqp091Wire(gateway.amqp.tcp);
    const scram = new ScramClient('alice', 'secret');
    const { mechanisms } = await wire.startOk('SCRAM-SHA-256', scram.first());
    expect(`${mechanisms}`).toBe('PLAIN AMQPLAIN SCRAM-SHA-512 SCRAM-SHA-256 ANONYMOUS');
    const { challenge } = await wire.next('connection.secure');
    wire.send({ name: 'connection.secure-ok', response: scram.final(challenge) }, 0);
    await wire.next('connection.tune');
    wire.cut();
  });

  (hasOpenssl ? it : it.skip)('comes in by its certificate', async () => {
    const file = (name: string) => readFileSync(certificates.file(name));
    const wire = await openAmqp091Wire(gateway.amqp.tls, {
      ...{ ca: file('authority.crt'), servername: 'localhost' },
      ...{ cert: file('carol.crt'), key: file('carol.key') },
    });
    await wire.startOk('EXTERNAL', none);
    await wire.next('connection.tune');
    wire.cut();
  });

  it('declares and binds, and what it declared is there for all others', async () => {
    const wire = await opened();
    await wire.call(exchangeDeclare('orders', 'topic'), 'exchange.declare-ok');
    await wire.declare('all orders');
    await wire.call(queueBind('', 'orders', '#'), 'queue.bind-ok');
    const other = await opened();
    expect(await other.declare('all orders', {}, { passive: true })).toMatchObject({
      ...{ queue: 'all orders', messageCount: 0, consumerCount: 0 },
    });
    await expect(other.call(exchangeDeclare('orders', 'direct'), 'exchange.declare-ok')).rejects.toThrow(
      "406 PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'orders' in vhost '/': received 'direct' but current is 'topic'",
    );
    const topic = `/persistent/${gateway.namespaceOf('acme')}/all.x20orders`;
    expect(await pulsarAdmin('GET', `${topic}/subscriptions`)).toEqual(['pulsegate.queue']);
    const unused = { queue: 'all orders', ifUnused: false, ifEmpty: false, noWait: false };
    await wire.call({ name: 'queue.delete', ...unused }, 'queue.delete-ok');
    await expect(pulsarAdmin('GET', `${topic}/partitions?checkAllowAutoCreation=false`)).rejects.toThrow(
      '404',
    );
    await Promise.all([wire.close(), other.close()]);
  });

  it('has in each vhost what was declared there', async () => {
    const wire = await opened({ vhost: 'second' });
    await wire.declare('q');
    expect(await pulsarAdmin('GET', `/persistent/${second}/q/subscriptions`)).toEqual(['pulsegate.queue']);
    const other = await opened();
    await expect(other.declare('q', {}, { passive: true })).rejects.toThrow(
      "404 NOT_FOUND - no queue 'q' in vhost '/'",
    );
    await expect(opened({ vhost: 'third' })).rejects.toThrow('530 NOT_ALLOWED - vhost third not found');
    await Promise.all([wire.close(), other.close()]);
  });

  it('meets nothing of another tenant, whatever the names are', async () => {
    const ours = await opened();
    const theirs = await opened({ user: 'bob@globex', password: 'secret' });
    await ours.call(exchangeDeclare('shared', 'fanout'), 'exchange.declare-ok');
    await theirs.call(exchangeDeclare('shared', 'direct'), 'exchange.declare-ok');
    await ours.declare('shared');
    await expect(theirs.call(queueBind('shared', 'shared'), 'queue.bind-ok')).rejects.toThrow(
      "404 NOT_FOUND - no queue 'shared' in vhost '/'",
    );
    theirs.send({ name: 'channel.close-ok' });
    await theirs.openChannel();
    await theirs.declare('shared', {}, { exclusive: true });
    await ours.declare('shared', {}, { passive: true });
    const vhost = { user: 'bob@globex', password: 'secret', vhost: 'second' };
    await expect(opened(vhost)).rejects.toThrow('530 NOT_ALLOWED - vhost second not found');
    await Promise.all([ours.close(), theirs.close()]);
  });

  it('loses its exclusive queues with its connection', async () => {
    const wire = await opened();
    await wire.declare('mine', {}, { exclusive: true });
    const other = await opened();
    await expect(other.declare('mine', {}, { passive: true })).rejects.toThrow(
      "405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'mine' in vhost '/'",
    );
    other.send({ name: 'channel.close-ok' });
    wire.cut();
    for (;;) {
      await other.openChannel();
      const gone = await other.declare('mine', {}, { passive: true }).then(
        () => false,
        (error: Error) => error.message.includes('404'),
      );
      if (gone) break;
      other.send({ name: 'channel.close-ok' });
    }
    other.cut();
  });

  it('is told when the gateway stops', async () => {
    const wire = await opened();
    const stopped = gateway.stop();
    const { replyText } = await wire.first('connection.close');
    expect(replyText).toBe("CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
    expect(await stopped).toBe('exit status 0');
  });
});
