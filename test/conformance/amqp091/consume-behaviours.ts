import { expect } from '@jest/globals';
import type { BehaviourArea } from './behaviour.js';
import { until } from './behaviour-bed.js';
import { basicConsume, basicQos } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const missing = (name: string) => `404 NOT_FOUND - no queue '${name}' in vhost '/'`;
const inUse = (name: string) => `403 ACCESS_REFUSED - queue '${name}' in vhost '/' in exclusive use`;

export const consumeBehaviours: BehaviourArea = {
  title: 'Consumers',
  behaviours: [
    {
      id: 'consume-tag-of-server',
      says: 'A consumer without a tag gets one from the server, `amq.ctag-` and more.',
      source: 'docs/consumers, spec 1.8.3.3',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const tags = [await peer.consume(name), await peer.consume(name)];
        for (const tag of tags) expect(tag).toMatch(/^amq\.ctag-[\w-]{22}$/);
        expect(tags[0]).not.toBe(tags[1]);
      },
    },
    {
      id: 'consume-tag-again',
      says: 'A tag that is in use on the channel ends the connection: 530 NOT_ALLOWED.',
      source: 'spec 1.8.3.3',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.consume(name, {}, { consumerTag: 'c' });
        await peer.ends(
          basicConsume(name, {}, { consumerTag: 'c' }),
          "530 NOT_ALLOWED - attempt to reuse consumer tag 'c'",
        );
      },
    },
    {
      id: 'consume-tag-other-channel',
      says: 'Tags are of one channel: another may use the same.',
      source: 'spec 1.8.3.3',
      run: async (bed) => {
        const peer = await bed.peer();
        const other = await peer.another(2);
        const name = bed.name('q');
        await peer.queue(name);
        for (const each of [peer, other]) await each.consume(name, {}, { consumerTag: 'c' });
      },
    },
    {
      id: 'consume-missing',
      says: 'A queue that is not there is 404 NOT_FOUND.',
      source: 'docs/consumers, spec 1.8.3.3',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(basicConsume(bed.name('q')), missing(bed.name('q')));
      },
    },
    {
      id: 'consume-no-wait',
      says: 'With no-wait there is no answer, and deliveries have the tag of the client.',
      source: 'spec 1.8.3.3',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        peer.send(basicConsume(name, {}, { consumerTag: 'quiet', noWait: true }));
        await peer.fill(name, 'a');
        expect((await peer.delivery()).consumerTag).toBe('quiet');
        expect(peer.wire.has('basic.consume-ok')).toBe(false);
      },
    },
    {
      id: 'consume-ok-first',
      says: 'consume-ok comes before the first delivery.',
      source: 'spec 1.8.3.4',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        peer.send(basicConsume(name));
        await peer.wire.next('basic.consume-ok');
        await peer.wire.next('basic.deliver');
      },
    },
    {
      id: 'consume-no-ack',
      says: 'Without acknowledgements a message is gone when it is sent; prefetch does not count.',
      source: 'docs/confirms, docs/consumer-prefetch',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.qos(1);
        await peer.consume(name, {}, { noAck: true });
        await peer.fill(name, 'a', 'b', 'c');
        expect(await peer.deliveredTexts(3)).toEqual(['a', 'b', 'c']);
        peer.wire.cut();
        const other = await bed.peer();
        await until('nothing is left', async () => (await other.ready(name)) === 0);
      },
    },
    {
      id: 'consume-exclusive',
      says: 'A queue that another consumes exclusively is 403 ACCESS_REFUSED.',
      source: 'docs/consumers, spec 1.8.3.3',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        const tag = await peer.consume(name, {}, { exclusive: true });
        await other.refuses(basicConsume(name), inUse(name));
        await peer.cancel(tag);
        await until('it is free', async () => {
          other.send(basicConsume(name));
          const came = await other.wire.firstOf('basic.consume-ok', 'channel.close');
          if (came.name === 'basic.consume-ok') return true;
          other.send({ name: 'channel.close-ok' });
          await other.wire.openChannel();
          return false;
        });
      },
    },
    {
      id: 'consume-exclusive-late',
      says: 'Who wants a queue exclusively that has consumers is refused, too.',
      source: 'docs/consumers, spec 1.8.3.3',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        await peer.consume(name);
        await other.refuses(basicConsume(name, {}, { exclusive: true }), inUse(name));
      },
    },
    {
      id: 'consume-no-local',
      says: '`no-local` means nothing.',
      source: 'docs/specification',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.consume(name, {}, { noLocal: true });
        await peer.fill(name, 'own');
        expect(await peer.deliveredTexts(1)).toEqual(['own']);
      },
    },
    {
      id: 'consume-round-robin',
      says: 'Consumers of a queue share its messages: each comes to one of them.',
      source: 'docs/consumers, docs/queues',
      run: async (bed) => {
        const [peer, one, two] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name);
        for (const each of [one, two]) {
          await each.qos(2);
          await each.consume(name);
        }
        await peer.fill(name, 'a', 'b', 'c', 'd');
        const all = [...(await one.deliveredTexts(2)), ...(await two.deliveredTexts(2))];
        expect(all.sort()).toEqual(['a', 'b', 'c', 'd']);
      },
    },
    {
      id: 'consume-priority',
      says: 'Consumers of a higher `x-priority` are given messages first, as long as they have room.',
      source: 'docs/consumer-priority',
      run: async (bed) => {
        const [peer, low, high] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name);
        await low.qos(10);
        await high.qos(10);
        await low.consume(name, { 'x-priority': -5 });
        await high.consume(name, { 'x-priority': 5 });
        await peer.fill(name, 'a', 'b', 'c');
        expect(await high.deliveredTexts(3)).toEqual(['a', 'b', 'c']);
        expect(low.wire.has('basic.deliver')).toBe(false);
      },
    },
    {
      id: 'consume-priority-full',
      says: 'When those have no more room, the next ones get the rest.',
      source: 'docs/consumer-priority',
      run: async (bed) => {
        const [peer, low, high] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name);
        await high.qos(1);
        await high.consume(name, { 'x-priority': 5 });
        await low.consume(name);
        await peer.fill(name, 'a', 'b', 'c');
        const all = [...(await high.deliveredTexts(1)), ...(await low.deliveredTexts(2))];
        expect(all.sort()).toEqual(['a', 'b', 'c']);
      },
    },
    {
      id: 'consume-priority-type',
      says: 'An `x-priority` that is no integer is 406 PRECONDITION_FAILED.',
      source: 'docs/consumer-priority',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        peer.send(basicConsume(name, { 'x-priority': 'high' }));
        const { replyCode } = await peer.first('channel.close');
        expect(replyCode).toBe(406);
      },
    },
    {
      id: 'cancel',
      says: 'After cancel-ok nothing more comes; what the client has can still be acknowledged.',
      source: 'docs/consumers, spec 1.8.3.5',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const tag = await peer.consume(name);
        await peer.fill(name, 'a');
        const { deliveryTag } = await peer.delivery();
        await peer.cancel(tag);
        await peer.fill(name, 'b');
        peer.ack(deliveryTag);
        await peer.hasNoDelivery();
        peer.wire.cut();
        expect(await (await bed.peer()).texts(name)).toEqual(['b']);
      },
    },
    {
      id: 'cancel-unknown',
      says: 'A tag that nobody has is cancelled, too.',
      source: 'spec 1.8.3.5, server',
      run: async (bed) => {
        const peer = await bed.peer();
        expect(
          await peer.call({ name: 'basic.cancel', consumerTag: 'none', noWait: false }, 'basic.cancel-ok'),
        ).toMatchObject({ consumerTag: 'none' });
      },
    },
    {
      id: 'cancel-again',
      says: 'A tag that was cancelled can be used again.',
      source: 'spec 1.8.3.5',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        for (let at = 0; at < 2; at++) {
          await peer.consume(name, {}, { consumerTag: 'c' });
          await peer.cancel('c');
        }
      },
    },
    {
      id: 'cancel-ok-of-client',
      says: 'A client may answer the `basic.cancel` that it hears of its queue’s deletion.',
      source: 'docs/consumer-cancel',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.consume(name);
        await peer.deleteQueue(name);
        const { consumerTag } = await peer.first('basic.cancel');
        peer.send({ name: 'basic.cancel-ok', consumerTag });
        await peer.served();
      },
    },
  ],
};

export const prefetchBehaviours: BehaviourArea = {
  title: 'Prefetch',
  behaviours: [
    {
      id: 'prefetch',
      says: 'A consumer has at most its prefetch unacknowledged; an acknowledgement makes room for the next.',
      source: 'docs/consumer-prefetch',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a', 'b', 'c');
        await peer.qos(2);
        await peer.consume(name);
        const [first] = await peer.deliveries(2);
        await peer.hasNoDelivery();
        peer.ack(first!.deliveryTag);
        expect(await peer.deliveredTexts(1)).toEqual(['c']);
      },
    },
    {
      id: 'prefetch-later-consumers',
      says: 'Without global it holds for each consumer that begins later on the channel, not for those before.',
      source: 'docs/consumer-prefetch',
      run: async (bed) => {
        const peer = await bed.peer();
        const [before, after] = [bed.name('before'), bed.name('after')];
        for (const name of [before, after]) {
          await peer.queue(name);
          await peer.fill(name, 'a', 'b', 'c');
        }
        await peer.consume(before, {}, { consumerTag: 'before' });
        await peer.qos(1);
        await peer.consume(after, {}, { consumerTag: 'after' });
        const tags = (await peer.deliveries(4)).map(({ consumerTag }) => consumerTag);
        expect(tags.sort()).toEqual(['after', 'before', 'before', 'before']);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'prefetch-global',
      says: 'With global it holds for all consumers of the channel together, those before too.',
      source: 'docs/consumer-prefetch',
      run: async (bed) => {
        const peer = await bed.peer();
        const names = [bed.name('one'), bed.name('two')];
        await peer.qos(2, true);
        for (const name of names) {
          await peer.queue(name);
          await peer.fill(name, 'a', 'b');
          await peer.consume(name);
        }
        const [first] = await peer.deliveries(2);
        await peer.hasNoDelivery();
        peer.ack(first!.deliveryTag);
        await peer.deliveries(1);
      },
    },
    {
      id: 'prefetch-both',
      says: 'Both may hold at once: of a consumer and of its channel.',
      source: 'docs/consumer-prefetch',
      run: async (bed) => {
        const peer = await bed.peer();
        const names = [bed.name('one'), bed.name('two')];
        await peer.qos(1, false);
        await peer.qos(5, true);
        for (const name of names) {
          await peer.queue(name);
          await peer.fill(name, 'a', 'b');
          await peer.consume(name);
        }
        expect(await peer.deliveredTexts(2)).toEqual(['a', 'a']);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'prefetch-none',
      says: 'A prefetch of 0 is no limit.',
      source: 'docs/consumer-prefetch',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        for (let at = 0; at < 300; at++) peer.publish('', name, String(at));
        await peer.qos(0);
        await peer.consume(name);
        expect((await peer.deliveries(300)).at(-1)!.deliveryTag).toBe(300);
      },
    },
    {
      id: 'prefetch-size',
      says: 'A `prefetch-size` is not served: 540 NOT_IMPLEMENTED.',
      source: 'docs/specification, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.ends(
          { ...basicQos(1), prefetchSize: 100 },
          '540 NOT_IMPLEMENTED - prefetch_size!=0 (100)',
        );
      },
    },
    {
      id: 'prefetch-get',
      says: '`basic.get` does not count for prefetch.',
      source: 'docs/consumer-prefetch',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a', 'b');
        await peer.qos(1, true);
        await peer.get(name, false);
        await peer.consume(name);
        expect(await peer.deliveredTexts(1)).toEqual(['b']);
      },
    },
  ],
};
