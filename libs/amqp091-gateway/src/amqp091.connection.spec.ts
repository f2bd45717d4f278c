import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type Amqp091Method,
  decodeFieldTable,
  encodeFieldTable,
  encodeFrame,
  encodeMethod,
  encodeProtocolHeader,
  fieldOf,
  fieldText,
  FrameType,
  textField,
} from '#libs/amqp091-codec';
import { ChannelParts } from './channels/channel-parts.js';
import { queueDeclare } from './testing/client-methods.js';
import { type Amqp091Bed, type Amqp091BedSettings, amqp091Bed } from './testing/amqp091-bed.js';

let bed: Amqp091Bed | undefined;

async function start(settings?: Amqp091BedSettings): Promise<Amqp091Bed> {
  bed = await amqp091Bed(settings);
  return bed;
}

const none = Buffer.alloc(0);
afterEach(async () => {
  await bed?.close();
  bed = undefined;
});

describe('the way to an open connection', () => {
  it('is that of RabbitMQ, and tells only what works', async () => {
    const { connect, services } = await start();
    const client = connect();
    const { serverProperties, mechanisms, locales, versionMajor, versionMinor } = await client.startOk(
      'PLAIN',
      Buffer.from('\0alice\0secret'),
    );
    expect([versionMajor, versionMinor, `${mechanisms}`, `${locales}`]).toEqual([
      ...[0, 9, 'PLAIN AMQPLAIN ANONYMOUS', 'en_US'],
    ]);
    const properties = decodeFieldTable(serverProperties);
    expect(fieldText(fieldOf(properties, 'product'))).toBe('Pulsegate');
    const capabilities = fieldOf(properties, 'capabilities');
    expect(capabilities?.tag === 'F' && capabilities.value.map(([name]) => name)).toEqual([
      ...['exchange_exchange_bindings', 'publisher_confirms', 'connection.blocked'],
      'authentication_failure_close',
    ]);
    expect(await client.next('connection.tune')).toMatchObject({
      ...{ channelMax: 2_047, frameMax: 131_072, heartbeat: 60 },
    });
    client.send({ name: 'connection.tune-ok', channelMax: 10, frameMax: 8_192, heartbeat: 0 }, 0);
    client.send({ name: 'connection.open', virtualHost: '' }, 0);
    await client.next('connection.open-ok');
    expect(services.metrics.tenant('amqp091', 'acme').connectionsOpen).toBe(1);
    await client.close();
    await client.link.closed;
    expect(services.metrics.tenant('amqp091', 'acme').connectionsOpen).toBe(0);
    expect([services.watch.size, services.idleWheel.size]).toEqual([0, 0]);
  });

  it.each([
    ['PLAIN', Buffer.from('\0alice\0secret')],
    [
      'AMQPLAIN',
      encodeFieldTable([
        ['LOGIN', textField('alice')],
        ['PASSWORD', textField('secret')],
      ]),
    ],
    ['PLAIN', Buffer.from('\0guest\0guest')],
    ['ANONYMOUS', none],
  ])('lets a client in by %s', async (mechanism, response) => {
    const { connect, services } = await start();
    const client = connect();
    await client.startOk(mechanism, response);
    await client.next('connection.tune');
    expect(services.metrics.protocol('amqp').authSuccesses).toBe(1);
  });

  it.each([
    ['a wrong password', 'PLAIN', Buffer.from('\0alice\0no')],
    ['no password', 'AMQPLAIN', encodeFieldTable([['LOGIN', textField('alice')]])],
    ['what is no table', 'AMQPLAIN', Buffer.from('LOGIN')],
    ['a mechanism that is not offered', 'EXTERNAL', none],
    ['nobody, where nobody may come', 'PLAIN', Buffer.from('\0guest\0guest')],
  ])(
    'ends with %s: 403 where the client wants to know, else without a word',
    async (_, mechanism, response) => {
      const { connect, services } = await start({ anonymous: false });
      const told = connect();
      await told.startOk(mechanism, response);
      expect(await told.next('connection.close')).toMatchObject({
        replyCode: 403,
        replyText: `ACCESS_REFUSED - Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
      });
      const silent = connect();
      await silent.startOk(mechanism, response, []);
      expect(await silent.memory.client.closed).toBe('authentication-failed');
      expect(silent.has('connection.close')).toBe(false);
      expect(services.metrics.protocol('amqp').authFailures).toBe(2);
    },
  );

  it('ends at a vhost that is not there', async () => {
    const client = (await start()).connect();
    await expect(client.open({ vhost: 'other' })).rejects.toThrow('530 NOT_ALLOWED - vhost other not found');
  });

  it.each([
    [
      { frameMax: 1_000 },
      '530 NOT_ALLOWED - negotiated frame_max = 1000 is lower than the minimum allowed value (4096)',
    ],
    [
      { frameMax: 0 },
      '530 NOT_ALLOWED - negotiated frame_max = 0 is higher than the maximum allowed value (131072)',
    ],
    [
      { channelMax: 3_000 },
      '530 NOT_ALLOWED - negotiated channel_max = 3000 is higher than the maximum allowed value (2047)',
    ],
  ])('ends at tune-ok with %j', async (settings, refusal) => {
    const client = (await start()).connect();
    await expect(client.open(settings)).rejects.toThrow(refusal);
  });

  it.each<[string, Amqp091Method, number]>([
    ['tune-ok first', { name: 'connection.tune-ok', channelMax: 1, frameMax: 8_192, heartbeat: 0 }, 0],
    ['open first', { name: 'connection.open', virtualHost: '/' }, 0],
    ['a channel first', { name: 'channel.open' }, 1],
  ])('ends without a word at %s', async (_, method, channel) => {
    const client = (await start()).connect();
    client.sendHeader();
    await client.next('connection.start');
    client.send(method, channel);
    await client.memory.client.closed;
    expect(client.has('connection.close')).toBe(false);
  });

  it('tells a tenant that is not served when to come again', async () => {
    const tenantRefusal = () => ({ retriable: true, message: 'the namespace is being verified' });
    const client = (await start({ services: { tenantRefusal } })).connect();
    await expect(client.open()).rejects.toThrow('320 CONNECTION_FORCED - the namespace is being verified');
  });
});

describe('channels', () => {
  it('are opened, used and closed, each for itself', async () => {
    const { connect, services } = await start();
    const client = await connect().open();
    await client.openChannel(1);
    await client.openChannel(7);
    expect(services.counters.channelsOpen).toBe(2);
    expect(await client.call(queueDeclare('q'), 'queue.declare-ok', 7)).toMatchObject({
      queue: 'q',
      channel: 7,
    });
    const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
    await client.call({ name: 'channel.close', ...close }, 'channel.close-ok', 7);
    await client.openChannel(7);
    await client.close();
    expect(services.counters.channelsOpen).toBe(0);
  });

  it('end with their exceptions, and pass over what comes until close-ok', async () => {
    const client = await (await start()).connect().open();
    await client.openChannel();
    client.send({ ...queueDeclare('absent'), passive: true } as Amqp091Method);
    client.send(queueDeclare('late'));
    expect(await client.next('channel.close')).toMatchObject({
      ...{
        replyCode: 404,
        replyText: "NOT_FOUND - no queue 'absent' in vhost '/'",
        classId: 50,
        methodId: 10,
      },
    });
    client.send(queueDeclare('later'));
    client.send({ name: 'channel.close-ok' });
    await client.openChannel();
    expect(client.has('queue.declare-ok')).toBe(false);
    expect((await client.call(queueDeclare('q'), 'queue.declare-ok')).queue).toBe('q');
  });

  it('know the queue that they declared last, and nobody else does', async () => {
    const client = await (await start()).connect().open();
    await client.openChannel();
    await client.openChannel(2);
    const { queue } = await client.call(queueDeclare(''), 'queue.declare-ok');
    expect(queue).toMatch(/^amq\.gen-/);
    const bind: Amqp091Method = {
      ...{ name: 'queue.bind', queue: '', exchange: 'amq.direct', routingKey: '', noWait: false },
      arguments: none,
    };
    await client.call(bind, 'queue.bind-ok');
    client.send(bind, 2);
    expect(await client.next('channel.close')).toMatchObject({
      replyText: 'NOT_FOUND - no previously declared queue',
    });
  });

  it.each<[string, Amqp091Method, string]>([
    ['a second channel.open', { name: 'channel.open' }, "504 CHANNEL_ERROR - second 'channel.open' seen"],
    ['flow', { name: 'channel.flow', active: false }, '540 NOT_IMPLEMENTED - active=false'],
    [
      'close-ok',
      { name: 'channel.close-ok' },
      '503 COMMAND_INVALID - channel.close-ok that nothing asked for',
    ],
  ])('end the connection at %s', async (_, method, refusal) => {
    const client = await (await start()).connect().open();
    await client.openChannel();
    await expect(client.call(method, 'channel.flow-ok')).rejects.toThrow(refusal);
    await client.memory.client.closed;
  });

  it('end the connection at what nobody serves', async () => {
    const client = await (await start({ services: { parts: new ChannelParts([]) } })).connect().open();
    await client.openChannel();
    const work = client.call({ name: 'tx.select' }, 'tx.select-ok');
    await expect(work).rejects.toThrow('540 NOT_IMPLEMENTED - tx.select is not served');
  });

  it('end the connection when they were not opened', async () => {
    const client = await (await start()).connect().open();
    await expect(client.call(queueDeclare('q'), 'queue.declare-ok')).rejects.toThrow(
      "504 CHANNEL_ERROR - expected 'channel.open'",
    );
  });

  it('are bounded over all connections', async () => {
    const { connect } = await start({ options: { channelsMaxPerProcess: 2 } });
    const [one, other] = [await connect().open(), await connect().open()];
    await one.openChannel(1);
    await one.openChannel(2);
    await expect(other.openChannel()).rejects.toThrow('530 NOT_ALLOWED - number of channels opened on node');
    await one.close();
    await (await connect().open()).openChannel();
  });

  it('go no higher than was agreed', async () => {
    const client = await (await start()).connect().open({ channelMax: 2 });
    await expect(client.openChannel(3)).rejects.toThrow('504 CHANNEL_ERROR - frame on channel 3, at most 2');
  });
});

describe('exchanges and queues', () => {
  it('are declared, bound, unbound and deleted', async () => {
    const { connect, queues } = await start();
    const client = await connect().open();
    await client.openChannel();
    const declare: Amqp091Method = {
      ...{ name: 'exchange.declare', exchange: 'e', type: 'topic', passive: false, durable: true },
      ...{ autoDelete: false, internal: false, noWait: false, arguments: none },
    };
    await client.call(declare, 'exchange.declare-ok');
    await client.call({ ...declare, passive: true }, 'exchange.declare-ok');
    const toExchange = {
      ...{ destination: 'e', source: 'amq.topic', routingKey: '#', noWait: false, arguments: none },
    };
    await client.call({ name: 'exchange.bind', ...toExchange }, 'exchange.bind-ok');
    await client.call({ name: 'exchange.unbind', ...toExchange }, 'exchange.unbind-ok');
    await client.call(queueDeclare('q'), 'queue.declare-ok');
    expect(queues.prepared).toEqual(['q']);
    const toQueue = { queue: 'q', exchange: 'e', routingKey: 'a.*', arguments: none };
    await client.call({ name: 'queue.bind', ...toQueue, noWait: false }, 'queue.bind-ok');
    client.send({ name: 'exchange.delete', exchange: 'e', ifUnused: true, noWait: false });
    expect((await client.next('channel.close')).replyText).toBe(
      "PRECONDITION_FAILED - exchange 'e' in vhost '/' in use",
    );
    client.send({ name: 'channel.close-ok' });
    await client.openChannel();
    await client.call({ name: 'queue.unbind', ...toQueue }, 'queue.unbind-ok');
    const ifs = { ifUnused: true, noWait: false };
    await client.call({ name: 'exchange.delete', exchange: 'e', ...ifs }, 'exchange.delete-ok');
    await client.call({ name: 'queue.delete', queue: 'q', ifEmpty: true, ...ifs }, 'queue.delete-ok');
  });

  it('have names without line ends, whatever the client says', async () => {
    const client = await (await start()).connect().open();
    await client.openChannel();
    expect((await client.call(queueDeclare('a\r\nb'), 'queue.declare-ok')).queue).toBe('ab');
  });

  it('are not answered where the client does not want it', async () => {
    const client = await (await start()).connect().open();
    await client.openChannel();
    client.send({ ...queueDeclare('q'), noWait: true } as Amqp091Method);
    const declared = await client.call(
      { ...queueDeclare('q'), passive: true } as Amqp091Method,
      'queue.declare-ok',
    );
    expect(declared.queue).toBe('q');
    expect(client.has('queue.declare-ok')).toBe(false);
  });
});

describe('bytes that are not the protocol', () => {
  it.each([
    [
      'a frame of unknown type',
      Buffer.from([9, 0, 0, 0, 0, 0, 0, 0xce]),
      '501 FRAME_ERROR - frame of unknown type 9',
    ],
    [
      'a frame without its end',
      Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]),
      '501 FRAME_ERROR - frame that ends with 0, not 206',
    ],
    [
      'a second header',
      encodeProtocolHeader(),
      '501 FRAME_ERROR - a protocol header (amqp-0-9-1) where a frame should be',
    ],
    [
      'content on channel 0',
      encodeFrame({ type: FrameType.BODY, channel: 0, payload: none }),
      '504 CHANNEL_ERROR',
    ],
    [
      'a body out of turn',
      encodeFrame({ type: FrameType.BODY, channel: 1, payload: none }),
      '505 UNEXPECTED_FRAME',
    ],
    ['a method of the server', encodeMethod(1, { name: 'channel.open-ok' }), '503 COMMAND_INVALID'],
    [
      'half a table',
      encodeFrame({ type: FrameType.METHOD, channel: 1, payload: Buffer.from([0, 50, 0, 10, 0]) }),
      '502 SYNTAX_ERROR',
    ],
    [
      'a class that there is not',
      encodeFrame({ type: FrameType.METHOD, channel: 1, payload: Buffer.from([0, 99, 0, 10]) }),
      '540 NOT_IMPLEMENTED',
    ],
  ])('end the connection: %s', async (_, bytes, refusal) => {
    const client = await (await start()).connect().open();
    await client.openChannel();
    client.sendBytes(bytes);
    const { replyCode, replyText } = await client.next('connection.close');
    expect(`${replyCode} ${replyText}`).toContain(refusal);
    await client.memory.client.closed;
  });
});
