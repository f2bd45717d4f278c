import { describe, expect, it } from '@jest/globals';
import { apiVersionsApi, KafkaErrorCode, metadataApi } from '#libs/kafka-codec';
import { TenantDirectory } from '#libs/tenancy';
import { ApiTable } from './api-table.js';
import { noResponse } from './handler.js';
import { saslHandshakeHandler } from './handlers/sasl-handshake.handler.js';
import { authenticate, bed, soon, tenant } from './testing/connection-bed.js';

describe('order and number of requests in flight', () => {
  it('starts requests in their order, answers in their order', async () => {
    const test = bed({ anonymous: true });
    const ids = ['a', 'b', 'c'].map((name) => test.ask(name));
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b', 'c']);
    test.metadata.answer('c');
    test.metadata.answer('b');
    await soon();
    expect(test.client.received.length).toBe(0);
    test.metadata.answer('a');
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      expect((await test.kafka.response(metadataApi, 1)).correlationId).toBe(ids[index]);
      expect(test.metadata.contexts[index]!.principal.tenant.name).toBe('acme');
      expect(name).toBe(test.metadata.started[index]);
    }
  });

  it('skips requests without a response, in their turn', async () => {
    const test = bed({ anonymous: true });
    test.ask('a');
    test.ask('b');
    const last = test.ask('c');
    await soon();
    test.metadata.answer('c');
    test.metadata.answer('b', noResponse);
    await soon();
    expect(test.client.received.length).toBe(0);
    test.metadata.answer('a');
    await test.kafka.response(metadataApi, 1);
    expect((await test.kafka.response(metadataApi, 1)).correlationId).toBe(last);
  });

  it('does not start more requests than allowed, and none is lost', async () => {
    const test = bed({ anonymous: true, options: { requestsInFlightMax: 2 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) test.ask(name);
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b']);
    test.metadata.answer('b');
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b']);
    test.metadata.answer('a');
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b', 'c', 'd']);
    for (const name of ['c', 'd', 'e']) test.metadata.answer(name);
    for (let id = 1; id <= 5; id++)
      expect((await test.kafka.response(metadataApi, 1)).correlationId).toBe(id);
    expect(test.metrics.protocol('kafka').requestsInFlight).toBe(0);
  });

  it('does not start more bytes than allowed', async () => {
    // A byte of a request of names counts as 64: what it takes in memory once it is decoded.
    const test = bed({ anonymous: true, options: { requestBytesInFlightMax: 64 * 64 * 1024 } });
    const long = (letter: string) => letter.repeat(32_000);
    for (const letter of ['a', 'b', 'c', 'd']) test.ask(long(letter));
    await soon();
    expect(test.metadata.started.map((name) => name[0])).toEqual(['a', 'b', 'c']);
    test.metadata.answer(long('a'));
    await soon();
    expect(test.metadata.started.map((name) => name[0])).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does not start more than its tenant may have of what the process takes', async () => {
    const options = { requestBytesInFlightMaxPerProcess: 2 * 1024 * 1024 };
    const test = bed({ anonymous: true, options });
    // 1.3 MB as they count: more than half.
    const long = (letter: string) => letter.repeat(20_000);
    for (const letter of ['a', 'b', 'c']) test.ask(long(letter));
    await soon();
    expect(test.metadata.started.map((name) => name[0])).toEqual(['a']);
    test.metadata.answer(long('a'));
    await soon();
    expect(test.metadata.started.map((name) => name[0])).toEqual(['a', 'b']);
  });

  it('reads nothing for as long as a throttled answer says (KIP-219)', async () => {
    const test = bed({ anonymous: true });
    test.ask('a');
    await soon();
    test.metadata.contexts[0]!.throttle(800);
    test.metadata.answer('a');
    const answeredAt = performance.now();
    await test.kafka.response(metadataApi, 1);
    test.ask('b');
    expect(performance.now() - answeredAt).toBeLessThan(500);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(test.metadata.started).toEqual(['a']);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(test.metadata.started).toEqual(['a', 'b']);
  });

  it('drains: what is in flight is answered, then the connection ends', async () => {
    const test = bed({ anonymous: true });
    test.ask('a');
    await soon();
    const drained = test.drain();
    test.metadata.answer('a');
    expect((await test.kafka.response(metadataApi, 1)).correlationId).toBe(1);
    await drained;
    expect(await test.client.closed).toBe('draining');
  });

  it('frees what was in flight when the client goes away, and tells those who wait for it', async () => {
    const test = bed({ anonymous: true });
    test.ask('a');
    await soon();
    let closed = 0;
    const { connection } = test.metadata.contexts[0]!;
    connection.whenClosed(() => closed++);
    connection.whenClosed(() => closed++)();
    test.client.end();
    await test.client.closed;
    expect(closed).toBe(1);
    connection.whenClosed(() => closed++);
    expect(closed).toBe(2);
    test.metadata.answer('a');
    await soon();
    const counters = test.metrics.protocol('kafka');
    expect([counters.requestsInFlight, counters.connectionsOpen, counters.failures]).toEqual([0, 0, 0]);
    expect(test.metrics.tenant('kafka', 'acme').connectionsOpen).toBe(0);
  });

  it('closes the connection when serving fails for a fault of ours, with one error line', async () => {
    const test = bed({ anonymous: true });
    test.ask('a');
    test.ask('b');
    await soon();
    test.metadata.fail('a');
    expect(await test.client.closed).toBe('internal-error');
    test.metadata.fail('b');
    await soon();
    expect(test.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(test.metrics.protocol('kafka').failures).toBe(1);
    expect(test.metrics.protocol('kafka').requestsInFlight).toBe(0);
  });
});

describe('what is advertised', () => {
  const served = [
    { apiKey: 3, minVersion: 0, maxVersion: 12 },
    { apiKey: 17, minVersion: 0, maxVersion: 1 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
    { apiKey: 36, minVersion: 0, maxVersion: 2 },
  ];

  it.each([0, 1, 2, 3, 4])(
    'is what is registered (ApiVersions v%i), before authentication',
    async (version) => {
      const test = bed();
      const software = { clientSoftwareName: 'test-client', clientSoftwareVersion: '1.0' };
      test.kafka.send(apiVersionsApi, version, version >= 3 ? software : {});
      const { body } = await test.kafka.response(apiVersionsApi, version);
      expect(body).toMatchObject({ errorCode: 0, apiKeys: served });
    },
  );

  it('falls back to v0 for a client from the future (KIP-511), which may ask again', async () => {
    const test = bed();
    const header = Buffer.from([0, 18, 0, 99, 0, 0, 0, 7, 0, 1, 0x78, 0, 1, 2, 3]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(header.length);
    test.client.write(Buffer.concat([size, header]));
    const { correlationId, body } = await test.kafka.response(apiVersionsApi, 0);
    expect(correlationId).toBe(7);
    expect(body).toMatchObject({ errorCode: KafkaErrorCode.UNSUPPORTED_VERSION, apiKeys: [served[2]] });
    test.kafka.send(apiVersionsApi, 0, {});
    expect((await test.kafka.response(apiVersionsApi, 0)).body).toMatchObject({ errorCode: 0 });
  });

  it('refuses a client name that is none', async () => {
    const test = bed();
    test.kafka.send(apiVersionsApi, 3, { clientSoftwareName: '-x y', clientSoftwareVersion: '1' });
    const { body } = await test.kafka.response(apiVersionsApi, 3);
    expect(body).toMatchObject({ errorCode: KafkaErrorCode.INVALID_REQUEST });
  });

  it('cannot be what the codec does not have, nor twice', () => {
    const handler = saslHandshakeHandler;
    expect(() => new ApiTable([{ ...handler, versionMax: 2 }])).toThrow(RangeError);
    expect(() => new ApiTable([handler, handler])).toThrow(RangeError);
  });
});

describe('bad input', () => {
  const frameOf = (...bytes: number[]) => Buffer.from([0, 0, 0, bytes.length, ...bytes]);

  it.each([
    ['an ApiKey that does not exist', frameOf(0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff), 'unsupported-api'],
    ['an ApiKey that is not served', frameOf(0, 11, 0, 0, 0, 0, 0, 1, 0xff, 0xff), 'unsupported-api'],
    ['a version that is not served', frameOf(0, 3, 0, 13, 0, 0, 0, 1, 0xff, 0xff, 0), 'unsupported-version'],
    ['a header that ends early', frameOf(0, 3, 0, 1, 0, 0), 'truncated'],
    ['a body that ends early', frameOf(0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0), 'truncated'],
    [
      'a count without what it counts',
      frameOf(0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff),
      'invalid-count',
    ],
    ['an empty frame', frameOf(), 'truncated'],
    ['a frame above the maximum', Buffer.from([0x7f, 0, 0, 0]), 'malformed-frame'],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'malformed-frame'],
  ])('%s closes the connection, with one line that says why and a count', async (_what, bytes, reason) => {
    const test = bed({ anonymous: true });
    test.client.write(bytes);
    expect(await test.client.closed).toBe(reason);
    expect(test.lines).toHaveLength(1);
    expect(test.lines[0]!.fields).toMatchObject({ event: 'connection.fault', reason });
    const counters = test.metrics.protocol('kafka');
    expect(counters.failures).toBe(0);
    expect(counters.malformed + test.metrics.errors('kafka', reason).value).toBeGreaterThan(0);
  });

  it('allows large requests only after authentication', async () => {
    const large = {
      topics: [{ name: 'x'.repeat(30_000) }, { name: 'y'.repeat(30_000) }, { name: 'z'.repeat(30_000) }],
    };
    const before = bed();
    before.kafka.send(metadataApi, 1, large);
    expect(await before.client.closed).toBe('malformed-frame');
    const after = bed();
    await authenticate(after);
    after.kafka.send(metadataApi, 1, large);
    await soon();
    expect(after.metadata.started).toHaveLength(1);
  });

  it('leaves the other connections of the process alone', async () => {
    const bad = bed({ anonymous: true });
    const good = bed({ anonymous: true });
    bad.client.write(frameOf(0x7f, 0xff, 0, 0));
    await bad.client.closed;
    good.ask('a');
    good.metadata.answer('a');
    await good.kafka.response(metadataApi, 1);
  });
});

describe('a tenant that is removed', () => {
  it('has no answer of what was asked before: it may deny what was allowed', async () => {
    const tenants = new TenantDirectory([tenant]);
    const test = bed({ anonymous: true, authentication: { tenants } });
    test.ask('a');
    await soon();
    // Who listens is told later, when all that goes with it is in force.
    tenants.prepare([]).commit();
    test.metadata.answer('a');
    expect(await test.client.closed).toBe('tenant-removed');
    expect(test.client.received.length).toBe(0);
  });
});
