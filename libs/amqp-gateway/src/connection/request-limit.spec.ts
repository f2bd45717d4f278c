import { describe, expect, it } from '@jest/globals';
import { amqpBed, testTenants } from '../testing/amqp-bed.js';

describe('a limit of requests', () => {
  it('counts frames: the client is not read until they are paid back', async () => {
    const { connect, services, close } = await amqpBed();
    const [acme, ...others] = testTenants;
    const requests = { perSecond: 10, burst: 3 };
    services.limits.replace([{ ...acme!, limits: { requests } }, ...others], {});
    const client = connect();
    await client.open();
    for (let channel = 0; channel < 6; channel++) {
      client.send({ type: 'begin', nextOutgoingId: 0, incomingWindow: 1, outgoingWindow: 1 }, channel);
    }
    // What is lent is paid for by the wait that follows.
    await client.take('begin', 4);
    expect(client.has('begin')).toBe(false);
    const waitedFrom = performance.now();
    await client.take('begin', 2);
    expect(performance.now() - waitedFrom).toBeGreaterThan(100);
    expect(services.metrics.tenant('amqp', 'acme').throttles).toBeGreaterThan(0);
    await client.close();
    close();
  });
});
