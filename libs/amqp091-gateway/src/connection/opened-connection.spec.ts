import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeFrame, FrameType } from '#libs/amqp091-codec';
import { idleTickMs } from '#libs/transport';
import { type Amqp091Bed, type Amqp091BedSettings, amqp091Bed } from '../testing/amqp091-bed.js';
import { recordingParts } from '../testing/recording-part.js';
import { tenantOf } from '../testing/topology-fixture.js';

let bed: Amqp091Bed | undefined;
const ticksPerSecond = 1_000 / idleTickMs;

async function start(settings?: Amqp091BedSettings): Promise<Amqp091Bed> {
  bed = await amqp091Bed(settings);
  return bed;
}

function pass({ services }: Amqp091Bed, seconds: number): void {
  for (let tick = 0; tick < seconds * ticksPerSecond; tick++) services.idleWheel.turn();
}

/** What was sent has been read by the other side. */
const settled = async () => {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
};

afterEach(async () => {
  await bed?.close();
  bed = undefined;
});

describe('heartbeats', () => {
  it('come at half of the interval where nothing else is sent', async () => {
    const { connect } = await start();
    const client = await connect().open({ heartbeat: 10 });
    pass(bed!, 4);
    await settled();
    expect(client.heartbeats).toBe(0);
    pass(bed!, 1);
    await settled();
    expect(client.heartbeats).toBe(1);
    await client.openChannel();
    pass(bed!, 4);
    await settled();
    expect(client.heartbeats).toBe(1);
    expect(client.isClosed).toBe(false);
  });

  it('that the client leaves out for two intervals end the connection, without a word', async () => {
    const { connect, services } = await start();
    const client = await connect().open({ heartbeat: 10 });
    pass(bed!, 15);
    client.sendHeartbeat();
    await settled();
    pass(bed!, 19);
    expect(client.isClosed).toBe(false);
    pass(bed!, 2);
    expect(await client.memory.client.closed).toBe('heartbeat-timeout');
    expect(client.has('connection.close')).toBe(false);
    expect(services.metrics.protocol('amqp').idleTimeouts).toBe(1);
  });

  it('are nobody’s business where the client says 0', async () => {
    const { connect, services } = await start();
    const client = await connect().open({ heartbeat: 0 });
    pass(bed!, 1_000);
    await settled();
    expect([client.heartbeats, client.isClosed, services.idleWheel.size]).toEqual([0, false, 0]);
  });

  it('are not missed of a client that is not read', async () => {
    const parts = recordingParts('tx.select');
    const { connect } = await start({ parts: [parts] });
    const client = await connect().open({ heartbeat: 10 });
    await client.openChannel();
    client.send({ name: 'tx.select' });
    await settled();
    const release = parts.made[0]!.channel.connection.hold('it is too much');
    pass(bed!, 60);
    await settled();
    expect(client.isClosed).toBe(false);
    release();
    await settled();
    pass(bed!, 21);
    expect(await client.memory.client.closed).toBe('heartbeat-timeout');
  });
});

describe('a client that is held', () => {
  it('hears that it is blocked when that lasts, and when it may go on', async () => {
    const parts = recordingParts('tx.select');
    const { connect, services } = await start({ parts: [parts] });
    const client = await connect().open({ heartbeat: 0 });
    await client.openChannel();
    client.send({ name: 'tx.select' });
    await settled();
    const release = parts.made[0]!.channel.connection.hold('Pulsar is slow');
    client.send({ name: 'tx.select' });
    pass(bed!, 1);
    expect((await client.next('connection.blocked')).reason).toBe('Pulsar is slow');
    expect(parts.made[0]!.told).toEqual(['tx.select']);
    release();
    await client.next('connection.unblocked');
    await settled();
    expect(parts.made[0]!.told).toEqual(['tx.select', 'tx.select']);
    expect(services.counters.connectionsBlocked).toBe(1);
    expect(services.idleWheel.size).toBe(0);
  });
});

describe('a limit of requests', () => {
  it('counts methods: the client is held until they are paid back', async () => {
    const limits = { requests: { perSecond: 10, burst: 3 } };
    const { connect, services } = await start({ tenant: { ...tenantOf(), limits } });
    const client = await connect().open({ heartbeat: 0 });
    for (let number = 1; number <= 6; number++) client.send({ name: 'channel.open' }, number);
    // What is lent is paid for by the wait that follows.
    for (let number = 1; number <= 4; number++) await client.next('channel.open-ok');
    await settled();
    expect([services.counters.channelsOpen, client.has('channel.open-ok')]).toEqual([4, false]);
    pass(bed!, 1);
    expect((await client.next('connection.blocked')).reason).toBe('more is asked than may be');
    for (let number = 5; number <= 6; number++) await client.first('channel.open-ok');
    expect(services.metrics.tenant('amqp091', 'acme').throttles).toBeGreaterThan(0);
  });
});

describe('a new secret', () => {
  const update = (secret: string) =>
    ({ name: 'connection.update-secret', newSecret: Buffer.from(secret), reason: 'it expires' }) as const;

  it('that proves the same user is taken, and the connection goes on', async () => {
    const { connect, services } = await start();
    const client = await connect().open({ user: 'alice', password: 'secret' });
    await client.openChannel();
    await client.call(update('secret'), 'connection.update-secret-ok', 0);
    expect(services.watch.size).toBe(1);
    await client.openChannel(2);
  });

  it('that does not ends the connection', async () => {
    const { connect } = await start();
    const client = await connect().open({ user: 'alice', password: 'secret' });
    await expect(client.call(update('guess'), 'connection.update-secret-ok', 0)).rejects.toThrow(
      '530 NOT_ALLOWED - New secret was refused by one of the backends',
    );
  });

  it('is none for who came without one', async () => {
    const { connect } = await start();
    const client = await connect().open();
    await expect(client.call(update('secret'), 'connection.update-secret-ok', 0)).rejects.toThrow('530');
  });
});

describe('the end', () => {
  it('of the user is that of its connections', async () => {
    const { connect, authenticator } = await start();
    const client = await connect().open({ user: 'alice', password: 'secret' });
    authenticator.users.replace('configuration', []);
    expect((await client.next('connection.close')).replyText).toBe(
      'CONNECTION_FORCED - the user was removed or changed',
    );
  });

  it('comes when all that was sent is answered, at a drain', async () => {
    const parts = recordingParts('tx.select', 'tx.commit');
    const { connect } = await start({ parts: [parts] });
    const client = await connect().open();
    await client.openChannel();
    client.send({ name: 'tx.select' });
    await settled();
    const [part] = parts.made;
    const commit = Promise.withResolvers<void>();
    part!.onNext = () => commit.promise;
    client.send({ name: 'tx.commit' });
    await settled();
    const drained = client.memory.drain();
    await settled();
    expect(part!.told).toEqual(['tx.select', 'tx.commit']);
    part!.channel.send({ name: 'tx.commit-ok' });
    commit.resolve();
    await client.next('tx.commit-ok');
    expect((await client.next('connection.close')).replyCode).toBe(320);
    await drained;
    expect(part!.told).toEqual(['tx.select', 'tx.commit', 'drain', 'closed']);
  });

  it('of exclusive queues is that of their connection', async () => {
    const { connect } = await start();
    const client = await connect().open();
    await client.openChannel();
    const mine = { queue: 'mine', passive: false, durable: false, exclusive: true, autoDelete: false };
    const declare = { name: 'queue.declare', ...mine, noWait: false, arguments: Buffer.alloc(0) } as const;
    await client.call(declare, 'queue.declare-ok');
    const other = await connect().open();
    await other.openChannel();
    await expect(other.call(declare, 'queue.declare-ok')).rejects.toThrow('405 RESOURCE_LOCKED');
    other.send({ name: 'channel.close-ok' });
    client.memory.client.end();
    await client.memory.client.closed;
    await settled();
    await other.openChannel();
    await expect(other.call({ ...declare, passive: true }, 'queue.declare-ok')).rejects.toThrow('404');
  });

  it('of a method of channel 0 on another channel is the connection', async () => {
    const client = await (await start()).connect().open();
    const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
    await expect(
      client.call({ name: 'connection.close', ...close }, 'connection.close-ok', 1),
    ).rejects.toThrow('503 COMMAND_INVALID');
  });

  it('of a content that no method announced on a channel that is not open is the connection', async () => {
    const client = await (await start()).connect().open();
    client.sendBytes(encodeFrame({ type: FrameType.HEADER, channel: 3, payload: Buffer.alloc(14) }));
    expect((await client.next('connection.close')).replyCode).toBe(505);
  });
});
