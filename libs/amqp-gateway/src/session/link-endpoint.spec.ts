import { afterEach, describe, expect, it } from '@jest/globals';
import { type AmqpCompositeInput, AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { FakeSource } from '../testing/fake-nodes.js';
import {
  type BegunClient,
  type BegunSettings,
  begunClient,
  flowFrame,
  served,
} from '../testing/begun-client.js';

let bed: BegunClient | undefined;

afterEach(() => bed?.close());

async function begun(settings?: BegunSettings): Promise<BegunClient> {
  bed = await begunClient(settings);
  return bed;
}

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
    client.send(flowFrame({ handle: 0, linkCredit: 5, deliveryCount: 0 }));
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

  it('of a name waits until the link that had it is closed: its subscription may take one consumer only', async () => {
    const { client, nodes } = await begun();
    await client.attachReceiver('q', { handle: 0, name: 'mine' });
    const former = nodes.sources.get('q')!;
    const closing = Promise.withResolvers<void>();
    former.closing = closing.promise;
    client.send({ type: 'detach', handle: 0 });
    client.send({
      ...{ type: 'attach', name: 'mine', handle: 0, role: true, source: { type: 'source', address: 'q' } },
    });
    await served(client);
    expect([former.closed, nodes.sources.get('q')]).toEqual([false, former]);
    closing.resolve();
    await client.first('attach');
    expect(nodes.sources.get('q')).not.toBe(former);
    expect((await client.first('detach')).error).toBeUndefined();
  });

  it('of a durable subscriber takes it from a connection that is not known to be lost', async () => {
    const first = await begun();
    const source = { type: 'source', address: 'q', durable: 1, expiryPolicy: 'never' } as const;
    await first.client.attachReceiver('q', { source });
    const former = first.nodes.sources.get('q')!;
    const again = first.connect();
    await again.open();
    await again.begin();
    await again.attachReceiver('other', {
      source: { ...source, capabilities: ['shared'] },
      name: 'from-q-0',
    });
    expect(former.closed).toBeUndefined();
    await again.attachReceiver('q', { handle: 1, source, name: 'from-q-0' });
    expect((await first.client.first('detach')).error?.condition).toBe('amqp:link:stolen');
    // Another container's is another one.
    const stranger = first.connect();
    await stranger.open({ containerId: 'stranger' });
    await stranger.begin();
    await stranger.attachReceiver('q', { source, name: 'from-q-0' });
    expect(first.nodes.sources.get('q')!.closed).toBeUndefined();
  });

  it('of more bytes than the client takes closes the connection, and what was opened for it', async () => {
    const { client, nodes, services } = await begun({ open: { maxFrameSize: 512 } });
    const address = 'q'.repeat(500);
    const source = { type: 'source', address } as const;
    client.send({ type: 'attach', name: 'long', handle: 0, role: true, source });
    expect(await client.closeCondition()).toBe('amqp:frame-size-too-small');
    expect(nodes.sources.get(address)!.closed).toBe(false);
    expect(services.counters).toMatchObject({ sessionsOpen: 0, senderLinksOpen: 0 });
  });

  it('of a name that its client has detached already waits for that: the terminus is ended as it was said', async () => {
    const { client, nodes } = await begun();
    nodes.hold('held');
    const source = { type: 'source', address: 'held' } as const;
    client.send({ type: 'attach', name: 'mine', handle: 0, role: true, source });
    client.send({ type: 'detach', handle: 0, closed: true });
    let former: FakeSource | undefined;
    nodes.onSource = (made) => {
      former ??= made;
    };
    client.send({ type: 'attach', name: 'mine', handle: 0, role: true, source });
    await served(client);
    nodes.letGo('held');
    expect(await client.first('detach')).toMatchObject({ closed: true, error: undefined });
    expect(former!.closed).toBe(true);
    expect(await client.take('attach', 2)).toMatchObject([{ source: { address: 'held' } }, { name: 'mine' }]);
    expect(nodes.sources.get('held')!.closed).toBeUndefined();
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
