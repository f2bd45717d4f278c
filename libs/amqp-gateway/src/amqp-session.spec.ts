import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type AmqpCompositeInput,
  AmqpErrorCondition,
  type AmqpPerformativeName,
  encodeTransferHead,
} from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import type { AmqpOptions } from './amqp.options.js';
import { type AmqpBed, amqpBed } from './testing/amqp-bed.js';
import { type AmqpClient, dataMessage } from './testing/amqp-client.js';
import { FakeNodes } from './testing/fake-nodes.js';

let bed: AmqpBed | undefined;

afterEach(() => bed?.close());

async function begun(
  options: Partial<AmqpOptions> = {},
  begin: Parameters<AmqpClient['begin']>[1] = {},
  open: Parameters<AmqpClient['open']>[0] = {},
) {
  const nodes = new FakeNodes();
  bed = await amqpBed({ options, services: { nodes } });
  const client = bed.connect();
  await client.open(open);
  const answer = await client.begin(0, begin);
  return { nodes, client, answer, services: bed.services };
}

const flow = (fields: Partial<AmqpCompositeInput<'flow'>> = {}): AmqpCompositeInput<'flow'> => ({
  ...{ type: 'flow', nextIncomingId: 0, incomingWindow: 10_000, nextOutgoingId: 0, outgoingWindow: 10 },
  ...fields,
});

/** The server has seen all that the client sent: it answers a flow with echo. */
async function served(client: AmqpClient, fields: Partial<AmqpCompositeInput<'flow'>> = {}): Promise<void> {
  client.send(flow({ echo: true, ...fields }));
  await client.first('flow', ({ handle }) => handle === undefined);
}

const numbered = (count: number, prefix = 'm') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('a session', () => {
  it('answers begin with its windows, and ends', async () => {
    const { client, answer, services } = await begun({ sessionWindowFrames: 100, linksPerSessionMax: 7 });
    expect(answer).toMatchObject({ remoteChannel: 0, incomingWindow: 100, handleMax: 6 });
    expect(services.counters.sessionsOpen).toBe(1);
    client.send({ type: 'end' });
    expect((await client.first('end')).error).toBeUndefined();
    expect(services.counters.sessionsOpen).toBe(0);
    await client.begin();
  });

  it('renews its window when half of it is used', async () => {
    const { client } = await begun({ sessionWindowFrames: 10 });
    await client.attachSender('q');
    for (let i = 0; i < 5; i++) client.transfer('m');
    expect(await client.first('flow')).toMatchObject({ nextIncomingId: 5, incomingWindow: 10 });
  });

  it('sends as many frames as the client has room for, whatever its credit', async () => {
    const { client, nodes } = await begun({}, { incomingWindow: 3 });
    await client.attachReceiver('q', { credit: 0 });
    client.send(flow({ handle: 0, linkCredit: 100, deliveryCount: 0, incomingWindow: 3 }));
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
    const { client, nodes } = await begun({}, { incomingWindow: 0 });
    for (let handle = 0; handle < 3; handle++) {
      await client.attachReceiver(`q${handle}`, { handle, credit: 0 });
      client.send(flow({ handle, linkCredit: 1_000, deliveryCount: 0, incomingWindow: 0 }));
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
    const { client, nodes } = await begun({}, {}, { maxFrameSize: 512 });
    await client.attachReceiver('none', { handle: 0, credit: 0 });
    await client.attachReceiver('large', { handle: 1, credit: 0 });
    await client.attachReceiver('small', { handle: 2, credit: 0 });
    nodes.sources.get('none')!.offer('m');
    nodes.sources.get('large')!.offer('x'.repeat(100_000));
    nodes.sources.get('small')!.offer(...numbered(5));
    client.send(flow({ handle: 1, linkCredit: 10, deliveryCount: 0, incomingWindow: 10 }));
    client.send(flow({ handle: 2, linkCredit: 10, deliveryCount: 0, incomingWindow: 0 }));
    await client.take('transfer', 10);
    client.send(flow({ nextIncomingId: 10, incomingWindow: 10 }));
    const handles = (await client.take('transfer', 10)).map(({ handle }) => handle);
    expect(handles.filter((handle) => handle === 2).length).toBeGreaterThanOrEqual(1);
    client.send(flow({ nextIncomingId: 20, incomingWindow: 1_000 }));
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

describe('attach', () => {
  it('is answered with what was agreed', async () => {
    const { client } = await begun();
    const sender = await client.attachSender('q', { sndSettleMode: 1, rcvSettleMode: 1 });
    expect(sender).toMatchObject({
      ...{ name: 'to-q-0', role: true, sndSettleMode: 1, rcvSettleMode: 1, maxMessageSize: 100_000n },
      ...{ source: { type: 'source' }, target: { address: 'q' } },
    });
    const receiver = await client.attachReceiver('q', { handle: 1 });
    expect(receiver).toMatchObject({
      ...{ name: 'from-q-1', role: false, initialDeliveryCount: 0, source: { address: 'q' } },
    });
  });

  it.each([true, false])(
    'of what is not there is answered without it, and detached (role %p)',
    async (role) => {
      const { client, services } = await begun();
      const terminus = role
        ? { source: { type: 'source', address: 'missing' }, target: { type: 'target' } }
        : { source: { type: 'source' }, target: { type: 'target', address: 'missing' } };
      client.send({
        type: 'attach',
        name: 'x',
        handle: 5,
        role,
        ...terminus,
      } as AmqpCompositeInput<'attach'>);
      const answer = await client.next('attach');
      expect([answer.source?.type, answer.target?.type]).toEqual(
        role ? [undefined, 'target'] : ['source', undefined],
      );
      expect(await client.next('detach')).toMatchObject({
        closed: true,
        error: { condition: 'amqp:not-found' },
      });
      client.send({ type: 'detach', handle: 5, closed: true });
      // Both handles are free again.
      await client.attachSender('there', { handle: 5 });
      expect(services.counters).toMatchObject({ receiverLinksOpen: 1, senderLinksOpen: 0 });
    },
  );

  it('does not hold up other links while a node is looked for; credit and detach wait for it', async () => {
    const { client, nodes } = await begun();
    nodes.hold('held');
    const source = { type: 'source', address: 'held' } as const;
    client.send({ type: 'attach', name: 'a', handle: 0, role: true, source });
    client.send(flow({ handle: 0, linkCredit: 5, deliveryCount: 0 }));
    client.send({ type: 'attach', name: 'b', handle: 1, role: true, source });
    client.send({ type: 'detach', handle: 1, closed: true });
    await client.attachSender('free', { handle: 2 });
    nodes.onSource = (made) => made.offer('m');
    nodes.letGo('held');
    expect((await client.first('transfer')).handle).toBe(0);
    expect(await client.take('attach', 2)).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    expect(await client.first('detach')).toMatchObject({ handle: 1, closed: true });
  });

  it('of a handle may follow its detach at once, while the link before is still closing', async () => {
    const { client, nodes } = await begun();
    const closing = Promise.withResolvers<void>();
    nodes.onSource = (source) => {
      source.closing = closing.promise;
    };
    const first = await client.attachReceiver('q', { handle: 3 });
    client.send({ type: 'detach', handle: 3, closed: true });
    const second = await client.attachReceiver('r', { handle: 3 });
    expect(second.handle).not.toBe(first.handle);
    expect(client.has('detach')).toBe(false);
    closing.resolve();
    expect((await client.first('detach')).handle).toBe(first.handle);
  });

  it('of a name that is attached takes it from the other link', async () => {
    const { client, nodes } = await begun();
    await client.attachReceiver('q', { handle: 0, name: 'mine' });
    const former = nodes.sources.get('q')!;
    await client.begin(1);
    client.send(
      { type: 'attach', name: 'mine', handle: 0, role: true, source: { type: 'source', address: 'q' } },
      1,
    );
    expect(await client.first('detach')).toMatchObject({
      channel: 0,
      error: { condition: 'amqp:link:stolen' },
    });
    expect(await client.first('attach')).toMatchObject({ channel: 1, name: 'mine' });
    expect(former.closed).toBe(false);
    // The same name the other way is another link.
    await client.attachSender('q', { handle: 1, name: 'mine' });
    expect(client.has('detach')).toBe(false);
  });

  it.each([
    ['keeps the terminus', false],
    ['ends it', true],
  ])('detach %s when the client says so', async (_, closed) => {
    const { client, nodes } = await begun();
    await client.attachReceiver('q');
    client.send({ type: 'detach', handle: 0, closed });
    expect(await client.first('detach')).toMatchObject({ closed, error: undefined });
    expect(nodes.sources.get('q')!.closed).toBe(closed);
  });

  it('tells in its detach why a terminus could not be ended', async () => {
    const { client, nodes } = await begun();
    await client.attachReceiver('q');
    nodes.sources.get('q')!.closing = Promise.reject(
      new AmqpError(AmqpErrorCondition.RESOURCE_LOCKED, 'in use'),
    );
    client.send({ type: 'detach', handle: 0, closed: true });
    expect((await client.first('detach')).error?.condition).toBe('amqp:resource-locked');
  });
});

const transfer = (fields: Partial<AmqpCompositeInput<'transfer'>> = {}): AmqpCompositeInput<'transfer'> => ({
  ...{ type: 'transfer', handle: 0, deliveryId: 0, deliveryTag: Buffer.from('a'), messageFormat: 0 },
  ...fields,
});

describe('what a client may not do', () => {
  const frames: readonly [string, string, readonly AmqpCompositeInput<AmqpPerformativeName>[]][] = [
    ['a transfer of no link', 'amqp:session:unattached-handle', [transfer({ handle: 9 })]],
    ['a flow of no link', 'amqp:session:unattached-handle', [flow({ handle: 9 })]],
    ['a detach of no link', 'amqp:session:unattached-handle', [{ type: 'detach', handle: 9 }]],
    [
      'an attach of a handle in use',
      'amqp:session:handle-in-use',
      [{ type: 'attach', name: 'other', handle: 0, role: true, source: { type: 'source', address: 'q' } }],
    ],
    ['a flow of what was never sent', 'amqp:invalid-field', [flow({ nextIncomingId: 5 })]],
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
    const { client, nodes } = await begun({ linkCreditMessages: 2 });
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
    const { client } = await begun({ sessionWindowFrames: 4 });
    await client.attachSender('q');
    const frames = Array.from({ length: 5 }, (_, i) =>
      i === 0 ? transfer({ more: true }) : ({ type: 'transfer', handle: 0, more: true } as const),
    );
    // In one go: it has no time to say that there is more room.
    client.sendBytes(...frames.map((frame) => encodeTransferHead(0, frame, 0)));
    expect((await client.first('end')).error?.condition).toBe('amqp:session:window-violation');
  });

  it('a handle beyond handle-max closes the connection', async () => {
    const { client } = await begun({ linksPerSessionMax: 2 });
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
    const { client } = await begun({}, { handleMax: 0 });
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
    const { client } = await begun({}, {}, { maxFrameSize: 512 });
    const name = 'x'.repeat(600);
    client.send({ type: 'attach', name, handle: 0, role: true, source: { type: 'source', address: 'q' } });
    expect(await client.closeCondition()).toBe('amqp:frame-size-too-small');
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
