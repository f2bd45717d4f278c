import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import type { Wall } from '../wall.js';
import { type AmqpSide, delivered, refusal, type Source, taken } from './amqp-side.js';

const received = (what: string, sourceOf: (name: string) => Source): Wall<AmqpSide> => ({
  operation: 'attach',
  tries: `${what} of one name, and one link name, to receive from and to send to`,
  run: async (one, other, name) => {
    const source = sourceOf(name);
    const receivers = await Promise.all([one.receives(source), other.receives(source)]);
    const [address = ''] = (source.address as string).split('::');
    await one.sends(address);
    await other.sends(address);
    for (const [at, wire] of receivers.entries()) {
      expect(await taken(wire)).toBe([one, other][at]!.said);
      await wire.close();
      expect(wire.has('transfer')).toBe(false);
    }
  },
});

/** Names that could lead out of a namespace. */
function foreignAddresses({ settings: { namespace, tenant } }: AmqpSide, name: string): string[] {
  return [
    ...[`persistent://${namespace}/${name}`, `/queues/persistent://${namespace}/${name}`],
    ...[`/topics/persistent://${namespace}/${name}`, `non-persistent://${namespace}/${name}`],
    ...[`persistent://${namespace}/${name}::link`, `persistent://${tenant}/${name}`],
  ];
}

export const linkWalls: readonly Wall<AmqpSide>[] = [
  received('a topic', (address) => ({ address })),
  received('a queue', (name) => ({ address: `/queues/${name}` })),
  received('a subscription', (name) => ({ address: `${name}::sub` })),
  received('a durable subscription', (address) => ({ address, durable: 2, expiryPolicy: 'never' })),
  {
    operation: 'attach',
    tries: 'the other’s queue by full Pulsar names, to send to and to receive from',
    run: async (one, other, name) => {
      await one.sends(`/queues/${name}`);
      for (const [at, address] of foreignAddresses(one, name).entries()) {
        const wire = await other.connect();
        await wire.attachSender(address, { handle: 0 });
        expect([address, await refusal(wire)]).toEqual([address, expect.stringMatching(/^amqp:/)]);
        await wire.attachReceiver(address, { handle: 1 });
        expect([at, await refusal(wire)]).toEqual([at, expect.stringMatching(/^amqp:/)]);
      }
      expect(await taken(await one.receives({ address: `/queues/${name}` }))).toBe(one.said);
    },
  },
  {
    operation: 'attach',
    tries: 'the other’s queue by paths, escapes and twins of its name',
    run: async (one, other, name) => {
      const queue = `${name}\u00e9`;
      await one.sends(`/queues/${queue}`);
      const twins = [
        ...[`${one.settings.tenant}%2F${queue}`, `..%2Fn%2F${queue}`, `%2E%2E%2F${queue}`, `%2F${queue}`],
        ...[`${name}e\u0301`, `${queue}\u200b`],
      ];
      for (const twin of twins) {
        const wire = await other.connect();
        // A queue of its own, or a name that there cannot be.
        const { source } = await wire.attachReceiver(`/queues/${twin}`, { credit: 10 });
        if (source === undefined) continue;
        await other.sends(`/queues/${twin}`);
        expect([twin, await taken(wire)]).toEqual([twin, other.said]);
      }
      const mine = await one.receives({ address: `/queues/${queue}` });
      expect(await taken(mine)).toBe(one.said);
      mine.flow(0, 10, { deliveryCount: 1, drain: true });
      await mine.first('flow', ({ drain }) => drain === true);
      expect(mine.has('transfer')).toBe(false);
    },
  },
  {
    operation: 'attach',
    tries: 'the other’s temporary queue, whose address it was told',
    run: async (one, other) => {
      const owner = await one.connect();
      const { source } = await owner.attachReceiver('', {
        source: { type: 'source', dynamic: true, expiryPolicy: 'link-detach' },
      });
      const { address } = source as { address: string };
      const wire = await other.connect('far');
      await wire.attachSender(address, { handle: 0 });
      expect(await refusal(wire)).toBe('amqp:not-found');
      await wire.attachReceiver(address, { handle: 1 });
      expect(await refusal(wire)).toBe('amqp:unauthorized-access');
      await one.sends(address);
      expect(await taken(owner)).toBe(one.said);
    },
  },
  {
    operation: 'attach',
    tries: 'to resume a link of one name and container, with deliveries of the other',
    run: async (one, other, name) => {
      const lasting = { expiryPolicy: 'connection-close', timeout: 60 };
      const address = `/queues/${name}`;
      await one.sends(address);
      const mine = await one.receives({ address, ...lasting });
      const { deliveryTag } = await mine.first('transfer');
      mine.cut();
      const theirs = await other.connect();
      const tag = Buffer.from(deliveryTag!);
      await theirs.attachReceiver(address, {
        ...{ name: 'link', source: { type: 'source', address, ...lasting } },
        unsettled: [[tag, { type: 'accepted' }]],
      });
      await other.sends(address);
      expect(await taken(theirs)).toBe(other.said);
      // What one had is still unsettled: its own link gets it again.
      const again = await one.connect();
      await again.attachReceiver(address, {
        ...{ name: 'link', source: { type: 'source', address, ...lasting } },
        unsettled: [[tag, undefined]],
      });
      expect(await taken(again)).toBe(one.said);
    },
  },
  {
    operation: 'detach',
    tries: 'a durable subscription of one name, ended by one',
    run: async (one, other, name) => {
      const source = { address: name, durable: 2, expiryPolicy: 'never' } as const;
      const mine = await one.receives(source);
      const theirs = await other.receives(source);
      await mine.close();
      theirs.send({ type: 'detach', handle: 0, closed: true });
      await theirs.first('detach');
      await one.sends(name);
      expect(await taken(await one.receives(source))).toBe(one.said);
    },
  },
  {
    operation: 'flow',
    tries: 'credit of one handle, and drain, of a queue that both have',
    run: async (one, other, name) => {
      const address = `/queues/${name}`;
      const mine = await one.receives({ address }, 0);
      const theirs = await other.receives({ address }, 0);
      await one.sends(address);
      await other.sends(address);
      theirs.flow(0, 10, { drain: true });
      expect((await delivered(theirs)).text).toBe(other.said);
      await theirs.first('flow', ({ drain }) => drain === true);
      expect([mine.has('transfer'), theirs.has('transfer')]).toEqual([false, false]);
      mine.flow(0, 1);
      expect(await taken(mine)).toBe(one.said);
    },
  },
];
