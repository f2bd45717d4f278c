import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Amqp091Error, type Amqp091Method, encodeFrame, encodeMethod, FrameType } from '#libs/amqp091-codec';
import {
  type Amqp091Bed,
  type Amqp091BedSettings,
  amqp091Bed,
  type BedClient,
} from '../testing/amqp091-bed.js';
import { type RecordingPart, recordingParts } from '../testing/recording-part.js';
import { ChannelParts } from './channel-parts.js';
import { ContentBudget } from './content-budget.js';

let bed: Amqp091Bed | undefined;

const settled = async () => {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const publish = {
  name: 'basic.publish',
  exchange: '',
  routingKey: 'q',
  mandatory: false,
  immediate: false,
} as const;
const commit: Amqp091Method = { name: 'tx.commit' };

/** One channel whose transactions and messages are the test's. */
async function start(settings: Amqp091BedSettings = {}) {
  const parts = recordingParts('basic.publish', 'tx.select', 'tx.commit');
  bed = await amqp091Bed({ ...settings, parts: [parts] });
  const client = await bed.connect().open();
  await client.openChannel();
  client.send({ name: 'tx.select' });
  await settled();
  return { bed, client, part: parts.made[0]!, parts };
}

/** The part waits from its next command on, until it is told otherwise. */
function holdUp(part: RecordingPart): { resolve(): void; reject(error: unknown): void } {
  const waiting = Promise.withResolvers<void>();
  part.onNext = () => {
    part.onNext = () => {};
    return waiting.promise;
  };
  return waiting;
}

async function closed(client: BedClient): Promise<string> {
  const { replyCode, replyText, classId, methodId } = await client.first('channel.close');
  return `${replyCode} ${replyText} (${classId}.${methodId})`;
}

afterEach(async () => {
  await bed?.close();
  bed = undefined;
});

describe('the methods of a channel', () => {
  it('are served one after the other, while those of others are', async () => {
    const { client, part, parts } = await start();
    const first = holdUp(part);
    client.send(commit);
    client.sendContent(publish, 'one');
    const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
    client.send({ name: 'channel.close', ...close });
    await client.openChannel(2);
    client.send({ name: 'tx.select' }, 2);
    await settled();
    expect(part.told).toEqual(['tx.select', 'tx.commit']);
    expect(parts.made[1]!.told).toEqual(['tx.select']);
    first.resolve();
    await client.first('channel.close-ok');
    expect(part.told).toEqual(['tx.select', 'tx.commit', 'basic.publish', 'closed']);
    expect(`${part.commands[2]!.content!.body[0]}`).toBe('one');
  });

  it('are not read on when too much of them waits', async () => {
    const { client, part } = await start({ options: { waitingBytesMax: 65_536 } });
    const first = holdUp(part);
    client.send(commit);
    await settled();
    const count = 100;
    for (let at = 0; at < count; at++) {
      client.sendContent(publish, Buffer.alloc(4_096));
      await settled();
    }
    const connection = part.channel.connection as unknown as { holds: { isHeld: boolean } };
    expect(connection.holds.isHeld).toBe(true);
    first.resolve();
    await settled();
    while (part.commands.length < count + 2) await settled();
    expect(connection.holds.isHeld).toBe(false);
    expect(client.isClosed).toBe(false);
  });

  it('that fail close it with their own error, and what waits is forgotten', async () => {
    const {
      bed: { services },
      client,
      part,
    } = await start();
    const first = holdUp(part);
    client.send(commit);
    client.sendContent(publish, 'late');
    await settled();
    first.reject(new Amqp091Error('precondition-failed', 'no'));
    expect(await closed(client)).toBe('406 PRECONDITION_FAILED - no (90.20)');
    await settled();
    expect(part.told).toEqual(['tx.select', 'tx.commit', 'closed']);
    expect([services.counters.channelExceptions, services.counters.channelsOpen]).toEqual([1, 0]);
    expect(part.channel.isOpen).toBe(false);
    expect(part.channel.send({ name: 'tx.commit-ok' })).toBe(false);
  });

  it('that fail by a fault of ours end the connection with 541', async () => {
    const { client, part } = await start();
    part.onNext = () => {
      throw new TypeError('a bug');
    };
    await expect(client.call(commit, 'tx.commit-ok')).rejects.toThrow(
      '541 INTERNAL_ERROR - the gateway failed',
    );
    expect(part.told).toEqual(['tx.select', 'tx.commit', 'closed']);
  });

  it('may be failed later, about another method', async () => {
    const { client, part } = await start();
    part.channel.fail(new Amqp091Error('resource-locked', 'gone'), 'basic.consume');
    expect(await closed(client)).toBe('405 RESOURCE_LOCKED - gone (60.20)');
    part.channel.fail(new Amqp091Error('not-found', 'again'));
    client.send({ name: 'channel.close-ok' });
    await client.openChannel();
    expect(client.has('channel.close')).toBe(false);
  });

  it('of a client that closes at the same time are both answered', async () => {
    const { client, part } = await start();
    part.channel.fail(new Amqp091Error('not-found', 'gone'));
    await client.first('channel.close');
    const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
    client.send({ name: 'channel.close', ...close });
    await client.first('channel.close-ok');
    client.send({ name: 'channel.close-ok' });
    await client.openChannel();
  });
});

describe('the contents of a channel', () => {
  it('that are larger than messages may be close it, in their turn', async () => {
    const { client, part } = await start();
    const first = holdUp(part);
    client.send(commit);
    const header = Buffer.alloc(14);
    header.writeUInt16BE(60, 0);
    header.writeBigUInt64BE(1n << 40n, 4);
    client.sendBytes(
      encodeMethod(1, publish),
      encodeFrame({ type: FrameType.HEADER, channel: 1, payload: header }),
    );
    await settled();
    expect(client.has('channel.close')).toBe(false);
    part.channel.send({ name: 'tx.commit-ok' });
    first.resolve();
    await client.next('tx.commit-ok');
    expect(await closed(client)).toMatch(/^311 CONTENT_TOO_LARGE - .* \(60\.40\)$/);
  });

  it('that come in part are bounded over all channels, and over all connections', async () => {
    const one = new ContentBudget(100, new ContentBudget(120));
    one.take(80);
    expect(() => one.take(30)).toThrow(Amqp091Error);
    one.give(80);
    const whole = new ContentBudget(120);
    const [first, second] = [new ContentBudget(100, whole), new ContentBudget(100, whole)];
    first.take(80);
    expect(() => second.take(50)).toThrow('too many contents of all clients are not complete');
    expect([second.usedBytes, whole.usedBytes]).toEqual([0, 80]);
    first.give(80);
    second.take(50);
    expect(whole.usedBytes).toBe(50);
  });

  it('that come in part give their room back when the client is gone', async () => {
    const {
      bed: { services },
      client,
    } = await start();
    const header = Buffer.alloc(14);
    header.writeUInt16BE(60, 0);
    header.writeBigUInt64BE(1_000n, 4);
    client.sendBytes(
      encodeMethod(1, publish),
      encodeFrame({ type: FrameType.HEADER, channel: 1, payload: header }),
      encodeFrame({ type: FrameType.BODY, channel: 1, payload: Buffer.alloc(600) }),
    );
    await settled();
    expect(services.contents.usedBytes).toBeGreaterThan(600);
    client.memory.client.end();
    await client.memory.client.closed;
    expect(services.contents.usedBytes).toBe(0);
  });
});

describe('the parts of a channel', () => {
  it('hear when the client takes more again', async () => {
    const { client, part } = await start();
    client.memory.client.pauseReading();
    while (
      part.channel.sendContent(
        { name: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: '' },
        { properties: Buffer.alloc(2), body: Buffer.alloc(100_000) },
      )
    );
    expect(part.told).not.toContain('writable');
    client.memory.client.resumeReading();
    while (!part.told.includes('writable')) await settled();
  });

  it('each have methods of their own', () => {
    const one = recordingParts('tx.select');
    expect(() => new ChannelParts([one, recordingParts('tx.commit', 'tx.select')])).toThrow(
      'tx.select is served twice',
    );
    const parts = new ChannelParts([{ ...one, capabilities: ['basic.nack'] }, recordingParts('basic.nack')]);
    expect(parts.capabilities).toEqual(['basic.nack']);
    expect([parts.serves('tx.select'), parts.serves('tx.commit')]).toEqual([true, false]);
  });
});
