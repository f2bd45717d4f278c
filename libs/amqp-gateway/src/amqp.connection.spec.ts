import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AmqpErrorCondition, encodeFrame, encodeProtocolHeader, heartbeatFrame } from '#libs/amqp-codec';
import { idleTickMs } from '#libs/transport';
import { type AmqpBed, type AmqpBedSettings, amqpBed } from './testing/amqp-bed.js';

const saslHeader = encodeProtocolHeader('sasl');
const amqpHeader = encodeProtocolHeader('amqp');
const open = encodeFrame(0, { type: 'open', containerId: 'c' });

let bed: AmqpBed | undefined;

async function start(settings?: AmqpBedSettings): Promise<AmqpBed> {
  bed = await amqpBed(settings);
  return bed;
}

afterEach(() => {
  bed?.close();
  bed = undefined;
});

describe('protocol headers', () => {
  it('are exchanged for SASL and for AMQP, and all that may be sent ahead is served [AMQP 2.4.1]', async () => {
    const client = (await start()).connect();
    client.sendHeader('sasl');
    client.sendSasl({ type: 'sasl-init', mechanism: 'ANONYMOUS' });
    client.sendBytes(amqpHeader, open);
    client.send({ type: 'begin', nextOutgoingId: 0, incomingWindow: 1, outgoingWindow: 1 }, 5);
    expect(await client.header()).toEqual(saslHeader);
    await client.next('sasl-mechanisms');
    expect((await client.next('sasl-outcome')).code).toBe(0);
    expect(await client.header()).toEqual(amqpHeader);
    await client.next('open');
    expect(await client.next('begin')).toMatchObject({ channel: 5, remoteChannel: 5 });
    await client.close();
  });

  it('of AMQP alone let in who needs no credentials', async () => {
    const client = (await start()).connect();
    client.sendBytes(amqpHeader, open);
    expect(await client.header()).toEqual(amqpHeader);
    await client.next('open');
  });

  it('of AMQP alone are answered with that of SASL where credentials are needed [AMQP 5.3.2]', async () => {
    const client = (await start({ anonymous: false })).connect();
    client.sendBytes(amqpHeader, open);
    expect(await client.header()).toEqual(saslHeader);
    expect(await client.untilClosed()).toEqual([]);
  });

  it.each([
    ['of TLS', Buffer.from('AMQP\x02\x01\x00\x00')],
    ['of 0-9-1', Buffer.from('AMQP\x00\x00\x09\x01')],
    ['of a later version', Buffer.from('AMQP\x00\x02\x00\x00')],
    ['that are none', Buffer.from('GET / HTTP/1.1\r\n')],
  ])('%s are answered with ours, and a close [AMQP 2.2]', async (_, bytes) => {
    const client = (await start()).connect();
    client.sendBytes(bytes);
    expect(await client.header()).toEqual(saslHeader);
    expect(await client.untilClosed()).toEqual([]);
  });

  it('of a later AMQP behind SASL are answered with that of AMQP', async () => {
    const client = (await start()).connect();
    await client.sasl();
    client.sendBytes(Buffer.from('AMQP\x00\x02\x00\x00'));
    expect(await client.header()).toEqual(amqpHeader);
    expect(await client.untilClosed()).toEqual([]);
  });
});

describe('what comes out of turn in SASL', () => {
  const init = { type: 'sasl-init', mechanism: 'ANONYMOUS' } as const;

  it.each<[string, (client: ReturnType<AmqpBed['connect']>) => void]>([
    [
      'a response before init',
      (client) => client.sendSasl({ type: 'sasl-response', response: Buffer.of(1) }),
    ],
    ['an outcome of the client', (client) => client.sendSasl({ type: 'sasl-outcome', code: 0 })],
    ['AMQP before init', (client) => client.sendHeader('amqp')],
    ['a frame of AMQP', (client) => client.sendBytes(open)],
    ['an empty frame', (client) => client.sendBytes(heartbeatFrame)],
    [
      'a second init',
      (client) => {
        client.sendSasl({ type: 'sasl-init', mechanism: 'PLAIN' });
        client.sendSasl(init);
      },
    ],
  ])('closes: %s', async (_, send) => {
    const { connect } = await start();
    const client = connect();
    client.sendHeader('sasl');
    await client.header();
    await client.next('sasl-mechanisms');
    send(client);
    const left = await client.untilClosed();
    expect(left.some((input) => input.type === 'frame')).toBe(false);
    expect(JSON.stringify(left)).not.toContain('"code":0');
  });
});

describe('SASL', () => {
  it('offers what is configured, and ANONYMOUS only where it is', async () => {
    const offered = async (anonymous: boolean) => {
      const client = (await start({ anonymous })).connect();
      client.sendHeader('sasl');
      await client.header();
      return (await client.next('sasl-mechanisms')).saslServerMechanisms;
    };
    expect(await offered(true)).toEqual(['PLAIN', 'ANONYMOUS']);
    expect(await offered(false)).toEqual(['PLAIN']);
  });

  it('refuses all that is wrong in the same way, and closes', async () => {
    const { connect, services } = await start({ anonymous: false });
    for (const [mechanism, response] of [
      ['PLAIN', '\0alice\0wrong'],
      ['PLAIN', '\0bob\0secret'],
      ['PLAIN', 'alice'],
      ['PLAIN', '\0globex/alice\0secret'],
      ['ANONYMOUS', ''],
      ['EXTERNAL', ''],
      ['CRAM-MD5', ''],
    ]) {
      const client = connect();
      const outcome = await client.sasl(mechanism, Buffer.from(response!));
      expect(outcome).toMatchObject({ code: 1, additionalData: undefined });
      expect(await client.untilClosed()).toEqual([]);
    }
    expect(services.metrics.protocol('amqp').authFailures).toBe(7);
  });

  it('asks who begins without an initial response', async () => {
    const client = (await start({ anonymous: false })).connect();
    client.sendHeader('sasl');
    await client.header();
    await client.next('sasl-mechanisms');
    client.sendSasl({ type: 'sasl-init', mechanism: 'PLAIN' });
    expect((await client.next('sasl-challenge')).challenge).toHaveLength(0);
    client.sendSasl({ type: 'sasl-response', response: Buffer.from('\0alice\0secret') });
    expect((await client.next('sasl-outcome')).code).toBe(0);
  });
});

describe('open', () => {
  it('is told what is served, and nothing else', async () => {
    const client = (
      await start({ options: { sessionsMax: 3, frameBytesMax: 4_096, idleTimeoutMs: 10_000 } })
    ).connect();
    expect(await client.open()).toMatchObject({
      containerId: 'pulsegate',
      maxFrameSize: 4_096,
      channelMax: 2,
      idleTimeOut: 5_000,
      properties: new Map([
        ['product', { type: 'string', value: 'Pulsegate' }],
        ['version', { type: 'string', value: 'test' }],
      ]),
    });
  });

  it.each<[string, string, object]>([
    ['a frame size that is too small', AmqpErrorCondition.INVALID_FIELD, { maxFrameSize: 511 }],
    ['a container-id that is too long', AmqpErrorCondition.INVALID_FIELD, { containerId: 'x'.repeat(257) }],
    ['an idle time-out that is too short', AmqpErrorCondition.NOT_ALLOWED, { idleTimeOut: 999 }],
    ["another tenant's host name", AmqpErrorCondition.NOT_ALLOWED, { hostname: 'Globex.Example.' }],
    ["another tenant's virtual host", AmqpErrorCondition.NOT_ALLOWED, { hostname: 'vhost:globex' }],
    ['a virtual host that is not there', AmqpErrorCondition.NOT_ALLOWED, { hostname: 'vhost:nobody' }],
  ])('is refused with %s, behind an open of ours [AMQP 2.4.1]', async (_, condition, fields) => {
    const client = (await start()).connect();
    const { properties } = await client.open(fields);
    expect(properties?.get('amqp:connection-establishment-failed')).toEqual({ type: 'boolean', value: true });
    expect(await client.closeCondition()).toBe(condition);
  });

  it.each(['acme.example', 'vhost:acme', 'localhost', '', undefined])(
    'takes the host name %s',
    async (hostname) => {
      const client = (await start()).connect();
      await client.open({ hostname });
      await client.begin();
    },
  );

  it('is refused while the tenant is not served', async () => {
    const services = { tenantRefusal: () => ({ retriable: true, message: 'not yet' }) };
    const client = (await start({ services })).connect();
    await client.open();
    expect(await client.closeCondition()).toBe(AmqpErrorCondition.CONNECTION_FORCED);
  });

  it.each([
    ['begin', encodeFrame(0, { type: 'begin', nextOutgoingId: 0, incomingWindow: 1, outgoingWindow: 1 })],
    ['close', encodeFrame(0, { type: 'close' })],
    ['one on another channel', encodeFrame(1, { type: 'open', containerId: 'c' })],
  ])('must come before %s', async (_, frame) => {
    const client = (await start()).connect();
    client.sendBytes(amqpHeader, frame);
    await client.header();
    await client.next('open');
    expect(await client.closeCondition()).toBe(AmqpErrorCondition.FRAMING_ERROR);
  });

  it('must come in the time to authenticate', async () => {
    const client = (await start()).connect({ authenticationTimeoutMs: 20 });
    await client.sasl();
    expect(await client.untilClosed()).toEqual([]);
    expect(await client.memory.client.closed).toBe('authentication-timeout');
  });
});

describe('an open connection', () => {
  async function opened(settings?: AmqpBedSettings) {
    const bed = await start(settings);
    const client = bed.connect();
    await client.open();
    return { client, ...bed };
  }

  it.each<[string, string, (client: ReturnType<AmqpBed['connect']>) => void]>([
    ['a second open', AmqpErrorCondition.ILLEGAL_STATE, (client) => client.sendOpen()],
    ['end without a session', AmqpErrorCondition.ILLEGAL_STATE, (client) => client.send({ type: 'end' }, 3)],
    [
      'an answer to no begin',
      AmqpErrorCondition.ILLEGAL_STATE,
      (client) =>
        client.send({
          type: 'begin',
          remoteChannel: 0,
          nextOutgoingId: 0,
          incomingWindow: 1,
          outgoingWindow: 1,
        }),
    ],
    [
      'a channel beyond channel-max',
      AmqpErrorCondition.FRAMING_ERROR,
      (client) => client.send({ type: 'begin', nextOutgoingId: 0, incomingWindow: 1, outgoingWindow: 1 }, 64),
    ],
    ['a frame of size 0', AmqpErrorCondition.FRAMING_ERROR, (client) => client.sendBytes([0, 0, 0, 0])],
    ['a frame of size 4', AmqpErrorCondition.FRAMING_ERROR, (client) => client.sendBytes([0, 0, 0, 4])],
    [
      '900 MB announced',
      AmqpErrorCondition.FRAMING_ERROR,
      (client) => client.sendBytes([0x35, 0xa4, 0xe9, 0, 2, 0, 0, 0]),
    ],
    [
      'a frame of SASL',
      AmqpErrorCondition.FRAMING_ERROR,
      (client) => client.sendSasl({ type: 'sasl-init', mechanism: 'PLAIN' }),
    ],
    [
      'an unknown performative',
      AmqpErrorCondition.NOT_IMPLEMENTED,
      (client) => client.sendBytes([0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x7f, 0x45]),
    ],
    [
      'bytes that are no value',
      AmqpErrorCondition.DECODE_ERROR,
      (client) => client.sendBytes([0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x11, 0xff]),
    ],
    [
      'an array that lies about its length',
      AmqpErrorCondition.DECODE_ERROR,
      (client) =>
        client.sendBytes([
          0, 0, 0, 24, 2, 0, 0, 0, 0, 0x53, 0x11, 0xf0, 0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0x40, 0, 0, 0,
        ]),
    ],
    [
      'a mandatory field that is missing',
      AmqpErrorCondition.INVALID_FIELD,
      (client) => client.sendBytes([0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x11, 0x45]),
    ],
  ])('is closed with the condition: %s', async (_, condition, send) => {
    const { client, services } = await opened();
    send(client);
    expect(await client.closeCondition()).toBe(condition);
    expect(services.idleWheel.size).toBe(0);
    expect(services.watch.size).toBe(0);
  });

  it('serves what came in the same bytes before a fault', async () => {
    const { client } = await opened();
    const begin = { type: 'begin', nextOutgoingId: 0, incomingWindow: 1, outgoingWindow: 1 } as const;
    client.sendBytes(encodeFrame(0, begin), Buffer.from([0, 0, 0, 0]));
    await client.next('begin');
    expect(await client.closeCondition()).toBe(AmqpErrorCondition.FRAMING_ERROR);
  });

  it('has at most so many sessions, whose channels may be used again', async () => {
    const { client, services } = await opened({ options: { sessionsMax: 2 } });
    for (let round = 0; round < 3; round++) {
      await client.begin(0);
      await client.begin(1);
      expect(services.counters.sessionsOpen).toBe(2);
      client.send({ type: 'end' }, 1);
      client.send({ type: 'end' }, 0);
      await client.first('end');
      await client.first('end');
    }
    expect(services.counters.sessionsOpen).toBe(0);
  });

  it('answers close, and forgets the sessions', async () => {
    const { client, services } = await opened();
    await client.begin();
    await client.close();
    expect(await client.memory.client.closed).toBe('client-closed');
    expect(services.counters.sessionsOpen).toBe(0);
    expect(services.metrics.tenant('amqp', 'acme').connectionsOpen).toBe(0);
  });

  it('is told to go when the gateway stops', async () => {
    const { client } = await opened();
    await client.begin();
    void client.memory.drain();
    expect(await client.closeCondition()).toBe(AmqpErrorCondition.CONNECTION_FORCED);
  });

  it('ends with its user', async () => {
    const { connect, authenticator } = await start();
    const client = connect();
    await client.open({ user: 'alice', password: 'secret' });
    authenticator.users.replace('configuration', []);
    expect(await client.closeCondition()).toBe(AmqpErrorCondition.UNAUTHORIZED_ACCESS);
  });
});

describe('idle times', () => {
  it('a client that is silent is closed, and one that sends empty frames is not', async () => {
    const { connect, services } = await start({ options: { idleTimeoutMs: 2_000 } });
    const [silent, alive] = [connect(), connect()];
    await silent.open();
    await alive.open();
    for (let ms = 0; ms < 4_000; ms += idleTickMs) {
      alive.sendBytes(heartbeatFrame);
      await settled();
      services.idleWheel.turn();
    }
    expect(await silent.closeCondition()).toBe(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED);
    await alive.begin();
    expect(services.metrics.protocol('amqp').idleTimeouts).toBe(1);
  });

  it('a client is sent an empty frame in each half of its idle time-out, unless there is something else', async () => {
    const { connect, services } = await start();
    const client = connect();
    await client.open({ idleTimeOut: 4_000 });
    await client.begin();
    const turn = async (ms: number) => {
      for (let at = 0; at < ms; at += idleTickMs) services.idleWheel.turn();
      await settled();
    };
    await turn(10_000);
    expect(client.heartbeats).toBe(5);
    await turn(1_750);
    await client.begin(1);
    await turn(1_750);
    expect(client.heartbeats).toBe(5);
    await turn(250);
    expect(client.heartbeats).toBe(6);
  });

  it('a client without an idle time-out is sent nothing', async () => {
    const { connect, services } = await start();
    const client = connect();
    await client.open();
    for (let at = 0; at < 50_000; at += idleTickMs) services.idleWheel.turn();
    await client.begin();
    expect(client.heartbeats).toBe(0);
  });
});

/** What was written has arrived. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
