import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type AmqpCompositeInput, type AmqpPerformativeName, encodeTransferHead } from '#libs/amqp-codec';
import { dataMessage } from './testing/amqp-client.js';
import {
  type BegunClient,
  type BegunSettings,
  begunClient,
  flowFrame,
  served,
} from './testing/begun-client.js';

let bed: BegunClient | undefined;

afterEach(() => bed?.close());

async function begun(settings?: BegunSettings): Promise<BegunClient> {
  bed = await begunClient(settings);
  return bed;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

describe('a session', () => {
  it('answers begin with its windows, and ends', async () => {
    const { client, answer, services } = await begun({
      options: { sessionWindowFrames: 100, linksPerSessionMax: 7 },
    });
    expect(answer).toMatchObject({ remoteChannel: 0, incomingWindow: 100, handleMax: 6 });
    expect(services.counters.sessionsOpen).toBe(1);
    client.send({ type: 'end' });
    expect((await client.first('end')).error).toBeUndefined();
    expect(services.counters.sessionsOpen).toBe(0);
    await client.begin();
  });

  it('renews its window when half of it is used', async () => {
    const { client } = await begun({ options: { sessionWindowFrames: 10 } });
    await client.attachSender('q');
    for (let i = 0; i < 5; i++) client.transfer('m');
    expect(await client.first('flow')).toMatchObject({ nextIncomingId: 5, incomingWindow: 10 });
  });

  it('sends as many frames as the client has room for, whatever its credit', async () => {
    const { client, nodes } = await begun({ begin: { incomingWindow: 3 } });
    await client.attachReceiver('q', { credit: 0 });
    client.send(flowFrame({ handle: 0, linkCredit: 100, deliveryCount: 0, incomingWindow: 3 }));
    await served(client, { incomingWindow: 3 });
    const source = nodes.sources.get('q')!;
    source.offer(...numbered(50));
    await client.take('transfer', 3);
    // One of them waits; the source was stopped, so that a client which takes nothing costs nothing.
    expect([source.given, source.credit]).toEqual([4, 0]);
    // Two frames of three are seen: the room is for one more.
    await served(client, { nextIncomingId: 2, incomingWindow: 2 });
    await client.take('transfer', 1);
    await served(client, { nextIncomingId: 4, incomingWindow: 1_000 });
    expect(await client.take('transfer', 46)).toHaveLength(46);
  });

  it('gives links turns when its window is small: none waits for ever', async () => {
    const { client, nodes } = await begun({ begin: { incomingWindow: 0 } });
    for (let handle = 0; handle < 3; handle++) {
      await client.attachReceiver(`q${handle}`, { handle, credit: 0 });
      client.send(flowFrame({ handle, linkCredit: 1_000, deliveryCount: 0, incomingWindow: 0 }));
    }
    await served(client, { incomingWindow: 0 });
    for (let handle = 0; handle < 3; handle++) nodes.sources.get(`q${handle}`)!.offer(...numbered(100));
    const counts = [0, 0, 0];
    for (let seen = 0; seen < 30; seen++) {
      await served(client, { nextIncomingId: seen, incomingWindow: 1 });
      counts[(await client.first('transfer')).handle]!++;
    }
    expect(counts).toEqual([10, 10, 10]);
  });

  it('lets links with credit go on beside one without, and beside a large message', async () => {
    const { client, nodes } = await begun({ open: { maxFrameSize: 512 } });
    await client.attachReceiver('none', { handle: 0, credit: 0 });
    await client.attachReceiver('large', { handle: 1, credit: 0 });
    await client.attachReceiver('small', { handle: 2, credit: 0 });
    nodes.sources.get('none')!.offer('m');
    nodes.sources.get('large')!.offer('x'.repeat(100_000));
    nodes.sources.get('small')!.offer(...numbered(5));
    client.send(flowFrame({ handle: 1, linkCredit: 10, deliveryCount: 0, incomingWindow: 10 }));
    client.send(flowFrame({ handle: 2, linkCredit: 10, deliveryCount: 0, incomingWindow: 0 }));
    await client.take('transfer', 10);
    client.send(flowFrame({ nextIncomingId: 10, incomingWindow: 10 }));
    const handles = (await client.take('transfer', 10)).map(({ handle }) => handle);
    expect(handles.filter((handle) => handle === 2).length).toBeGreaterThanOrEqual(1);
    client.send(flowFrame({ nextIncomingId: 20, incomingWindow: 1_000 }));
    await client.take('transfer', 4);
  });

  it('closes its links when it ends: what was not settled comes again', async () => {
    const { client, nodes, services } = await begun();
    await client.attachReceiver('q', { handle: 0 });
    await client.attachSender('t', { handle: 1 });
    expect(services.counters).toMatchObject({ senderLinksOpen: 1, receiverLinksOpen: 1 });
    client.send({ type: 'end' });
    await client.first('end');
    expect([nodes.sources.get('q')!.closed, nodes.targets.get('t')!.isClosed]).toEqual([false, true]);
    expect(services.counters).toMatchObject({ senderLinksOpen: 0, receiverLinksOpen: 0 });
  });

  it('closes its links when the connection is gone', async () => {
    const { client, nodes, services } = await begun();
    await client.attachReceiver('q', { handle: 0 });
    nodes.hold('held');
    client.send({
      ...{ type: 'attach', name: 'late', handle: 1, role: true, source: { type: 'source', address: 'held' } },
    });
    await served(client);
    client.link.end();
    await client.untilClosed();
    expect(nodes.sources.get('q')!.closed).toBe(false);
    nodes.letGo('held');
    await new Promise(setImmediate);
    expect(nodes.sources.get('held')!.closed).toBe(false);
    expect(services.counters).toMatchObject({ sessionsOpen: 0, senderLinksOpen: 0 });
  });

  it('is drained when all that the client sent is answered', async () => {
    const { client, nodes } = await begun();
    nodes.onTarget = (target) => {
      target.isPrompt = false;
    };
    await client.attachSender('q');
    client.transfer('m');
    await served(client);
    const draining = client.memory.drain();
    nodes.targets.get('q')!.taken[0]!.done(undefined);
    await client.first('disposition');
    expect((await client.first('close')).error?.condition).toBe('amqp:connection:forced');
    client.link.end();
    await draining;
  });
});

const transfer = (fields: Partial<AmqpCompositeInput<'transfer'>> = {}): AmqpCompositeInput<'transfer'> => ({
  ...{ type: 'transfer', handle: 0, deliveryId: 0, deliveryTag: Buffer.from('a'), messageFormat: 0 },
  ...fields,
});

describe('what a client may not do', () => {
  const frames: readonly [string, string, readonly AmqpCompositeInput<AmqpPerformativeName>[]][] = [
    ['a transfer of no link', 'amqp:session:unattached-handle', [transfer({ handle: 9 })]],
    ['a flow of no link', 'amqp:session:unattached-handle', [flowFrame({ handle: 9 })]],
    ['a detach of no link', 'amqp:session:unattached-handle', [{ type: 'detach', handle: 9 }]],
    [
      'an attach of a handle in use',
      'amqp:session:handle-in-use',
      [{ type: 'attach', name: 'other', handle: 0, role: true, source: { type: 'source', address: 'q' } }],
    ],
    ['a flow of what was never sent', 'amqp:invalid-field', [flowFrame({ nextIncomingId: 5 })]],
    ['a delivery without an id', 'amqp:invalid-field', [transfer({ deliveryId: undefined })]],
    [
      'a delivery-id that goes back',
      'amqp:invalid-field',
      [transfer({ deliveryId: 7 }), transfer({ deliveryId: 7, deliveryTag: Buffer.from('b') })],
    ],
    [
      'a range that ends before it begins',
      'amqp:invalid-field',
      [{ type: 'disposition', role: true, first: 5, last: 4 }],
    ],
    [
      "an outcome that is no receiver's",
      'amqp:not-implemented',
      [{ type: 'disposition', role: true, first: 0, state: { type: 'declared', txnId: Buffer.from('x') } }],
    ],
  ];

  it.each(frames)('%s ends the session with %s', async (_, condition, sent) => {
    const { client, services } = await begun();
    await client.attachSender('q');
    for (const frame of sent) client.send(frame, 0, frame.type === 'transfer' ? dataMessage('m') : undefined);
    expect((await client.first('end')).error?.condition).toBe(condition);
    // What was on its way is dropped, and the client's end makes the channel free.
    client.transfer('dropped');
    client.send({ type: 'end' });
    await client.begin();
    expect(services.counters.sessionsOpen).toBe(1);
  });

  const links: readonly [string, string, readonly (readonly [AmqpCompositeInput<'transfer'>, Buffer])[]][] = [
    [
      'a delivery beyond the credit',
      'amqp:link:transfer-limit-exceeded',
      [
        [transfer(), dataMessage('m')],
        [transfer({ deliveryId: 1, deliveryTag: Buffer.from('b') }), dataMessage('m')],
        [transfer({ deliveryId: 2, deliveryTag: Buffer.from('c') }), dataMessage('m')],
      ],
    ],
    [
      'a message that is too large',
      'amqp:link:message-size-exceeded',
      [
        [transfer({ more: true }), Buffer.alloc(60_000)],
        [transfer({ deliveryId: undefined, deliveryTag: undefined }), Buffer.alloc(60_000)],
      ],
    ],
    [
      'a delivery tag in use',
      'amqp:not-allowed',
      [
        [transfer(), dataMessage('m')],
        [transfer({ deliveryId: 1 }), dataMessage('m')],
      ],
    ],
    [
      'a delivery without a tag',
      'amqp:invalid-field',
      [[transfer({ deliveryTag: undefined }), dataMessage('m')]],
    ],
    [
      'a delivery tag that is too long',
      'amqp:invalid-field',
      [[transfer({ deliveryTag: Buffer.alloc(33) }), dataMessage('m')]],
    ],
    [
      'a delivery in the middle of another',
      'amqp:not-allowed',
      [
        [transfer({ more: true }), dataMessage('m')],
        [transfer({ deliveryId: 1, deliveryTag: Buffer.from('b') }), dataMessage('m')],
      ],
    ],
    [
      'settling second where first was agreed',
      'amqp:invalid-field',
      [[transfer({ rcvSettleMode: 1 }), dataMessage('m')]],
    ],
  ];

  it.each(links)('%s detaches the link with %s', async (_, condition, sent) => {
    const { client, nodes } = await begun({ options: { linkCreditMessages: 2 } });
    nodes.onTarget = (target) => {
      target.isPrompt = false;
    };
    await client.attachSender('q');
    await client.attachReceiver('other', { handle: 1 });
    for (const [frame, payload] of sent) client.send(frame, 0, payload);
    expect(await client.first('detach')).toMatchObject({ handle: 0, closed: true, error: { condition } });
    // The other links of the session go on.
    nodes.sources.get('other')!.offer('m');
    expect((await client.first('transfer')).handle).toBe(1);
    expect(nodes.targets.get('q')!.isClosed).toBe(true);
  });

  it('messages of a format that nobody knows are rejected, and the link goes on', async () => {
    const { client } = await begun();
    await client.attachSender('q');
    client.transfer('m', { messageFormat: 77 });
    client.transfer('n');
    const said = await client.take('disposition', 2);
    expect(new Map(said.map(({ first, state }) => [first, state?.type]))).toEqual(
      new Map([
        [0, 'rejected'],
        [1, 'accepted'],
      ]),
    );
  });

  it('frames beyond the session window end it', async () => {
    const { client } = await begun({ options: { sessionWindowFrames: 4 } });
    await client.attachSender('q');
    const frames = Array.from({ length: 5 }, (_, i) =>
      i === 0 ? transfer({ more: true }) : ({ type: 'transfer', handle: 0, more: true } as const),
    );
    // In one go: it has no time to say that there is more room.
    client.sendBytes(...frames.map((frame) => encodeTransferHead(0, frame, 0)));
    expect((await client.first('end')).error?.condition).toBe('amqp:session:window-violation');
  });

  it('a handle beyond handle-max closes the connection', async () => {
    const { client } = await begun({ options: { linksPerSessionMax: 2 } });
    client.send({
      type: 'attach',
      name: 'x',
      handle: 2,
      role: true,
      source: { type: 'source', address: 'q' },
    });
    expect(await client.closeCondition()).toBe('amqp:connection:framing-error');
  });

  it('a link more than the client itself takes ends the session', async () => {
    const { client } = await begun({ begin: { handleMax: 0 } });
    await client.attachSender('q', { handle: 3 });
    client.send({
      type: 'attach',
      name: 'x',
      handle: 4,
      role: true,
      source: { type: 'source', address: 'q' },
    });
    expect((await client.first('end')).error?.condition).toBe('amqp:resource-limit-exceeded');
  });

  it('an attach that does not fit the frames that the client takes closes the connection', async () => {
    const { client } = await begun({ open: { maxFrameSize: 512 } });
    const name = 'x'.repeat(600);
    client.send({ type: 'attach', name, handle: 0, role: true, source: { type: 'source', address: 'q' } });
    expect(await client.closeCondition()).toBe('amqp:frame-size-too-small');
  });

  it('a link name that is too long ends the session', async () => {
    const { client } = await begun();
    const name = 'x'.repeat(1_025);
    client.send({ type: 'attach', name, handle: 0, role: true, source: { type: 'source', address: 'q' } });
    expect((await client.first('end')).error?.condition).toBe('amqp:invalid-field');
  });

  it('a terminus of an unknown kind is refused', async () => {
    const { client } = await begun();
    const unknown = {
      type: 'described',
      descriptor: { type: 'ulong', value: 99n },
      encoded: Buffer.from([0x45]),
    } as const;
    client.send({
      type: 'attach',
      name: 'x',
      handle: 0,
      role: false,
      source: { type: 'source' },
      target: unknown,
    });
    expect((await client.first('detach')).error?.condition).toBe('amqp:not-implemented');
  });
});
