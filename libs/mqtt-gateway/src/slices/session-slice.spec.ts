import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import type { MqttWill } from '../session/session-directory.js';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import { deliveryOf } from '../testing/session-bed.js';
import { partition, requestOf, SliceBed } from '../testing/slice-bed.js';

describe('a slice of sessions', () => {
  const will = (fields: Partial<MqttWill> = {}): MqttWill => ({
    ...{ topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: false, properties: {} },
    ...{ messageExpiryIntervalSeconds: undefined, willDelayIntervalSeconds: 0, ...fields },
  });
  const wills = ({ published }: SliceBed) => published.map(({ payload }) => payload.toString());

  it('forgets a session when its time is over, counted from the end of its connection, and after a crash from then', async () => {
    const bed = new SliceBed();
    const connection = await bed.open('a', { sessionExpirySeconds: 10 });
    connection.opened!.close({ normal: true });
    await bed.settled();
    bed.clock.advance(9_000);
    await bed.failOver();
    expect(bed.slice.table.sessions.size).toBe(1);
    bed.clock.advance(3_000);
    expect(bed.slice.table.sessions.size).toBe(0);
    await bed.settled();
    await bed.failOver();
    expect([bed.slice.table.sessions.size, bed.log.records(true)]).toEqual([0, []]);
  });

  it('publishes a will after its delay, unless the client is back before; over a crash too', async () => {
    const bed = new SliceBed();
    const delayed = { will: will({ willDelayIntervalSeconds: 10 }) };
    (await bed.open('a', delayed)).opened!.close({ normal: false });
    bed.clock.advance(5_000);
    (await bed.open('a', delayed)).opened!.close({ normal: false });
    await bed.settled();
    bed.clock.advance(6_000);
    expect(wills(bed)).toEqual([]);
    await bed.failOver();
    bed.clock.advance(6_000);
    expect(wills(bed)).toEqual(['gone']);
    await bed.settled();
    await bed.failOver();
    bed.clock.advance(60_000);
    expect(wills(bed)).toEqual(['gone']);
  });

  it.each([
    ['a DISCONNECT 0x00', { normal: true }, 0, 0],
    ['the end of the connection', { normal: false }, 0, 1],
    ['the end of the session before the delay', { normal: false, sessionExpirySeconds: 0 }, 10, 1],
    ['a stop of the gateway, from which the client comes back', { normal: false, shutdown: true }, 0, 0],
  ])('knows what to do with a will at %s', async (_what, how, willDelayIntervalSeconds, expected) => {
    const bed = new SliceBed();
    const connection = await bed.open('a', { will: will({ willDelayIntervalSeconds }) });
    connection.opened!.close(how);
    await bed.settled();
    expect(wills(bed)).toHaveLength(expected);
  });

  it('gives a client id to who asked last, and the former connection hears of it before', async () => {
    const bed = new SliceBed();
    const [first, second] = [await bed.open('a'), await bed.open('a')];
    expect([first.isTakenOver, second.opened!.sessionPresent]).toEqual([true, true]);
    const instance = 'other';
    const transient = { clientId: 'a', connectionId: 'far', nodeId: 7, instance, will: undefined };
    const author = { user: 'u', groups: [], anonymous: false, source: 'password' } as const;
    expect(await bed.slice.claim({ ...transient, author, cleanStart: false })).toBe('session');
    expect(second.isTakenOver).toBe(false);
    expect(await bed.slice.claim({ ...transient, author, cleanStart: true })).toBe('granted');
    expect([second.isTakenOver, bed.slice.table.sessions.size, bed.kicked]).toEqual([true, 0, []]);
    await bed.open('a');
    expect(bed.kicked).toEqual(['far']);
    const other = { ...transient, connectionId: 'farther' };
    expect(bed.slice.adopt([other])).toEqual([other]);
  });

  it('publishes the will of a connection whose gateway is gone, when it stays away', async () => {
    const bed = new SliceBed();
    const author = { user: 'u', groups: [], anonymous: false, source: 'password' } as const;
    const claim = { clientId: 'a', connectionId: 'far', nodeId: 7, instance: 'killed', cleanStart: true };
    await bed.slice.claim({ ...claim, author, will: will() });
    bed.clock.advance(4_000);
    expect(wills(bed)).toEqual([]);
    await bed.failOver();
    bed.clock.advance(8_000);
    await bed.settled();
    expect(wills(bed)).toEqual(['gone']);
  });

  it('keeps one will of a connection that claims its client id again, as the answer was lost', async () => {
    const bed = new SliceBed();
    const author = { user: 'u', groups: [], anonymous: false, source: 'password' } as const;
    const claim = { clientId: 'a', connectionId: 'far', nodeId: 7, instance: 'x', cleanStart: true, author };
    await bed.slice.claim({ ...claim, will: will() });
    expect(await bed.slice.claim({ ...claim, will: will() })).toBe('granted');
    expect([bed.slice.table.wills.size, bed.kicked]).toEqual([1, []]);
    await bed.slice.released('a', 'far', false);
    await bed.settled();
    expect([wills(bed), bed.slice.table.wills.size, bed.log.records(true)]).toEqual([['gone'], 0, []]);
  });

  it('keeps for a sleeper what its limits allow, drops the newest and counts', async () => {
    const bed = new SliceBed({ sessionQueueMessagesMax: 3 });
    const connection = await bed.open('a');
    await bed.subscribe(connection, 't/#');
    connection.opened!.close({ normal: true });
    for (const payload of ['1', '2', '3', '4', '5']) bed.message(payload, 1);
    bed.message('never kept', 0);
    await bed.settled();
    expect(bed.dropped.messages).toBe(2);
    const again = await bed.open('a');
    expect(again.sink.takePublishes().map(({ payload }) => payload.toString())).toEqual(['1', '2', '3']);
  });

  it('does not give a new subscription what this gateway published before', async () => {
    const bed = new SliceBed();
    await bed.subscribe(await bed.open('reads already'), 't/#');
    bed.slice.dispatch.unread.note(partition, { ledgerId: 1, entryId: 0 });
    const connection = await bed.open('a');
    await bed.subscribe(connection, 't/#');
    bed.message('before', 1);
    bed.message('after', 1);
    await bed.settled();
    expect(connection.sink.takePublishes().map(({ payload }) => payload.toString())).toEqual(['after']);
  });

  it('releases what a client holds of a retained message, or a group, before its packet id is another message', async () => {
    const bed = new SliceBed();
    const first = await bed.open('a');
    await bed.subscribe(first, 't/#');
    first.opened!.session.deliver(deliveryOf('retained', 2));
    await bed.settled();
    const [retained] = first.sink.takePublishes();
    await bed.failOver();
    const second = await bed.open('a');
    bed.message('queued', 2);
    await bed.settled();
    const [pubrel, queued] = second.sink.take();
    expect(pubrel).toMatchObject({ type: 'pubrel', packetId: retained!.packetId });
    expect(queued).toMatchObject({ type: 'publish', dup: false });
    expect(queued).not.toMatchObject({ packetId: retained!.packetId });
    second.opened!.session.onPubcomp(retained!.packetId);
    bed.clock.advance(1_000);
    await bed.settled();
    await bed.failOver();
    const types = (await bed.open('a')).sink.take().map(({ type }) => type);
    expect(types).toEqual(['publish']);
  });

  it('tells that a QoS 2 message is not stored when a new owner would not take its packet id for stored either', async () => {
    const bed = new SliceBed();
    const { store } = (await bed.open('a')).opened!.session;
    bed.broker.refusal = new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'no');
    const intents = await new Promise((resolve) => {
      store.receive(1, requestOf('p'), (error) => {
        const left = bed.log.records(true).filter(({ key }) => key.startsWith('in/'));
        resolve([error?.reasonName, left.length, store.holds(1)]);
      });
    });
    expect(intents).toEqual(['quota-exceeded', 0, false]);
  });

  it('stores what is on its way when nobody wants the partition any more [MQTT-3.10.4-3]', async () => {
    const bed = new SliceBed();
    const connection = await bed.open('a');
    await bed.subscribe(connection, 't/#');
    bed.message('1', 1);
    expect(connection.sink.takePublishes()).toHaveLength(1);
    await new Promise<void>((resolve) => {
      connection.opened!.session.store.unsubscribe('t/#', () => resolve());
    });
    await bed.failOver();
    const [again] = (await bed.open('a')).sink.takePublishes();
    expect(again).toMatchObject({ dup: true });
  });

  it('goes on with what can be read after a crash, and takes new subscriptions, though a partition can not be', async () => {
    const bed = new SliceBed();
    await bed.subscribe(await bed.open('a'), 't/#');
    await bed.settled();
    bed.feeds.broken = ['persistent://acme/n/broken'];
    await bed.failOver();
    const [first, second] = [await bed.open('a'), await bed.open('b')];
    await bed.subscribe(second, 't/+');
    bed.message('1', 1);
    await bed.settled();
    expect(first.sink.takePublishes()).toHaveLength(1);
    expect(second.sink.takePublishes()).toHaveLength(1);
    await expect(bed.subscribe(second, 'u')).resolves.toBeUndefined();
  });

  it('keeps no message whose record would be too large for the log, which would cost the slice', async () => {
    const bed = new SliceBed();
    const sleeper = await bed.open('b');
    await bed.subscribe(sleeper, 't/#');
    sleeper.opened!.close({ normal: true });
    const userProperties = Array.from({ length: 100 }, () => ['k', '\u0001'.repeat(10_000)] as const);
    bed.message('large', 1, { properties: { userProperties } });
    bed.message('small', 1);
    await bed.settled();
    expect(bed.dropped.messages).toBe(1);
    const { sink } = await bed.open('b');
    expect(sink.takePublishes().map(({ payload }) => payload.toString())).toEqual(['small']);
  });

  it('gives a client no more that leaves one message unanswered for ever, before it answers that', async () => {
    const bed = new SliceBed();
    const connection = await bed.open('a');
    await bed.subscribe(connection, 't/#');
    const { opened, sink } = connection;
    const packetIds: number[] = [];
    const take = () => void packetIds.push(...sink.takePublishes().map(({ packetId }) => packetId));
    for (let at = 0; at < 10_500; at++) {
      bed.message(`${at}`, 1);
      take();
      if (packetIds.length > 1) opened!.session.onPuback(packetIds.pop()!);
    }
    expect(bed.slice.table.sessionOf('a')!.doneBeyond!.size).toBe(10_000);
    expect(bed.slice.table.sessionOf('a')!.waiting).toHaveLength(499);
    opened!.session.onPuback(packetIds.pop()!);
    take();
    expect(packetIds.length).toBeGreaterThan(0);
    for (let at = 0; packetIds.length > 0 && at < 1_000; at++) {
      opened!.session.onPuback(packetIds.shift()!);
      take();
    }
    expect([...bed.slice.table.sessionOf('a')!.pending()]).toEqual([]);
  });

  it('is in use while it knows who has a client id, though no session is in it', async () => {
    const bed = new SliceBed();
    const author = { user: 'u', groups: [], anonymous: false, source: 'password' } as const;
    const claim = { clientId: 'a', connectionId: 'far', nodeId: 7, instance: 'other', will: undefined };
    await bed.slice.claim({ ...claim, author, cleanStart: true });
    expect(bed.slice.count).toBe(1);
    await bed.slice.released('a', 'far', true);
    expect(bed.slice.count).toBe(0);
  });

  it('makes room by what has expired', async () => {
    const bed = new SliceBed({ sessionQueueMessagesMax: 2 });
    const connection = await bed.open('a');
    await bed.subscribe(connection, 't/#');
    connection.opened!.close({ normal: true });
    const expiresAtMs = bed.clock.now() + 1_000;
    for (const payload of ['1', '2']) bed.message(payload, 1, { expiresAtMs });
    bed.clock.advance(2_000);
    bed.message('3', 1);
    await bed.settled();
    const again = await bed.open('a');
    expect(again.sink.takePublishes().map(({ payload }) => payload.toString())).toEqual(['3']);
  });

  it('gives what it knows to its next owner when it goes in order: nothing is given twice', async () => {
    const bed = new SliceBed();
    const connection = await bed.open('a', { will: will() });
    await bed.subscribe(connection, 't/#');
    for (const payload of ['1', '2', '3']) bed.message(payload, 1);
    const [first] = connection.sink.takePublishes();
    connection.opened!.session.onPuback(first!.packetId);
    await bed.slice.settle();
    expect(connection.losses.map(({ reasonName }) => reasonName)).toEqual(['server-shutting-down']);
    await bed.failOver();
    const again = await bed.open('a');
    const given = again.sink.takePublishes().map(({ payload, dup }) => `${payload} ${dup}`);
    expect(given).toEqual(['2 true', '3 true']);
    bed.clock.advance(60_000);
    expect(wills(bed)).toEqual([]);
  });

  it('goes in order when the wills that it publishes are stored: its next owner does not publish them again', async () => {
    const bed = new SliceBed();
    bed.receipts = [];
    const connection = await bed.open('a', { will: will() });
    connection.opened!.close({ normal: false });
    let isSettled = false;
    const settled = bed.slice.settle().then(() => (isSettled = true));
    await bed.settled();
    expect([isSettled, bed.receipts.length]).toEqual([false, 1]);
    for (const stored of bed.receipts.splice(0)) stored(undefined);
    await settled;
    await bed.failOver();
    bed.clock.advance(60_000);
    expect(wills(bed)).toEqual(['gone']);
  });

  it('tells the connections of its sessions when it is lost, and answers nobody', async () => {
    const bed = new SliceBed();
    const connection = await bed.open('a');
    bed.log.hold();
    const answers: unknown[] = [];
    const { store } = connection.opened!.session;
    store.unsubscribe('x', (error) => answers.push(error?.reasonName));
    store.receive(1, requestOf('p'), (error) => answers.push(error?.reasonName));
    const late = bed.open('b');
    await bed.settled();
    bed.slice.close();
    await expect(late).rejects.toMatchObject({ reasonName: 'server-unavailable' });
    expect(connection.losses.map(({ reasonName }) => reasonName)).toEqual(['server-shutting-down']);
    expect(answers).toEqual(['server-unavailable', 'server-unavailable']);
    connection.opened!.close({ normal: true });
  });
});
