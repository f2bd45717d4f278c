import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { encodeFrame, encodeMethod, FrameType, methodReference } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import { until } from './behaviour-bed.js';
import { basicPublish, queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { ended } from './peer.js';

const none = Buffer.alloc(0);
const passiveOf = (name: string) => queueDeclare(name, {}, { passive: true });

function contentHeader(classId: number, bodyBytes: number): Buffer {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(classId, 0);
  payload.writeBigUInt64BE(BigInt(bodyBytes), 4);
  return encodeFrame({ type: FrameType.HEADER, channel: 1, payload });
}

const body = (bytes: number) =>
  encodeFrame({ type: FrameType.BODY, channel: 1, payload: Buffer.alloc(bytes) });
const publish = encodeMethod(1, basicPublish('', 'q'));

export const channelBehaviours: BehaviourArea = {
  title: 'Channels',
  behaviours: [
    {
      id: 'channel-again',
      says: 'The number of a channel that was closed can be used again.',
      source: 'docs/channels, spec 1.5.2',
      run: async (bed) => {
        const { wire } = await bed.peer();
        const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
        for (let at = 0; at < 3; at++) {
          await wire.call({ name: 'channel.close', ...close }, 'channel.close-ok');
          await wire.openChannel();
        }
      },
    },
    {
      id: 'channel-open-twice',
      says: 'A channel that is open already ends the connection: 504 CHANNEL_ERROR.',
      source: 'spec 1.5.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.ends({ name: 'channel.open' }, "504 CHANNEL_ERROR - second 'channel.open' seen");
      },
    },
    {
      id: 'channel-not-open',
      says: 'A method on a channel that is not open ends the connection: 504 CHANNEL_ERROR.',
      source: 'docs/channels, spec 1.5.2.1',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.send(queueDeclare('q'), 5);
        await ended(wire, "504 CHANNEL_ERROR - expected 'channel.open'");
      },
    },
    {
      id: 'channel-max',
      says: 'More channels than were agreed on end the connection: 530 NOT_ALLOWED.',
      source: 'docs/channels',
      instead: '504 CHANNEL_ERROR, of a channel number beyond channel-max',
      run: async (bed) => {
        const { wire } = await bed.peer({ channelMax: 2 });
        await wire.openChannel(2);
        wire.send({ name: 'channel.open' }, 3);
        await ended(wire, /^504 CHANNEL_ERROR - /);
      },
    },
    {
      id: 'channel-error-alone',
      says: 'A channel error closes its channel; the others and the connection go on.',
      source: 'docs/channels, spec 1.2',
      run: async (bed) => {
        const peer = await bed.peer();
        const other = await peer.another(2);
        await peer.refuses(
          passiveOf(bed.name('q')),
          `404 NOT_FOUND - no queue '${bed.name('q')}' in vhost '/'`,
        );
        await other.queue(bed.name('other'));
      },
    },
    {
      id: 'channel-error-names-method',
      says: 'The close names class and method of what is at fault.',
      source: 'spec 1.5.2.5',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.send({ name: 'queue.purge', queue: bed.name('q'), noWait: false });
        const { classId, methodId } = methodReference('queue.purge');
        expect(await peer.first('channel.close')).toMatchObject({ classId, methodId });
      },
    },
    {
      id: 'channel-closing-discards',
      says: 'What comes after the fault is passed over until close-ok.',
      source: 'spec 1.5.2.5',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        peer.send(passiveOf(name));
        peer.send(queueDeclare(name));
        await peer.first('channel.close');
        peer.send({ name: 'channel.close-ok' });
        await peer.wire.openChannel();
        await peer.refuses(passiveOf(name), `404 NOT_FOUND - no queue '${name}' in vhost '/'`);
      },
    },
    {
      id: 'channel-order',
      says: 'Methods of a channel are served in their order.',
      source: 'spec 4.7',
      run: async (bed) => {
        const peer = await bed.peer();
        const names = [1, 2, 3, 4, 5].map((at) => bed.name(`q${at}`));
        for (const name of names) peer.send(queueDeclare(name));
        const declared = await peer.wire.take('queue.declare-ok', names.length);
        expect(declared.map(({ queue }) => queue)).toEqual(names);
      },
    },
    {
      id: 'channel-flow-on',
      says: '`channel.flow` with active is answered.',
      source: 'spec 1.5.2.3',
      run: async (bed) => (await bed.peer()).served(),
    },
    {
      id: 'channel-flow-off',
      says: '`channel.flow` without active ends the connection: 540 NOT_IMPLEMENTED.',
      source: 'docs/specification',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.ends({ name: 'channel.flow', active: false }, '540 NOT_IMPLEMENTED - active=false');
      },
    },
    {
      id: 'channel-access-request',
      says: '`access.request`, of clients of 0-9, is answered and means nothing.',
      source: 'server',
      run: async (bed) => {
        const peer = await bed.peer();
        const rights = { exclusive: false, passive: true, active: true, write: true, read: true };
        const request = { name: 'access.request', realm: '/data', ...rights } as const;
        expect(await peer.call(request, 'access.request-ok')).toMatchObject({ ticket: 1 });
      },
    },
    {
      id: 'channel-close-cancels',
      says: 'With a channel its consumers are gone.',
      source: 'docs/channels, docs/consumers',
      run: async (bed) => {
        const peer = await bed.peer();
        const other = await peer.another(2);
        const name = bed.name('q');
        await peer.queue(name);
        await other.consume(name);
        const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
        await other.call({ name: 'channel.close', ...close }, 'channel.close-ok');
        await until('there are no consumers', async () => (await peer.queue(name)).consumerCount === 0);
      },
    },
    {
      id: 'channel-close-requeues',
      says: 'What a channel has unacknowledged is given back when it is closed.',
      source: 'docs/confirms, docs/channels',
      run: async (bed) => {
        const peer = await bed.peer();
        const other = await peer.another(2);
        const name = bed.name('q');
        await peer.queue(name);
        await peer.fill(name, 'a', 'b');
        await other.consume(name);
        await other.deliveries(2);
        const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
        await other.call({ name: 'channel.close', ...close }, 'channel.close-ok');
        await peer.consume(name);
        const again = await peer.deliveries(2);
        expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true]);
        expect(again.map((each) => each.body.toString())).toEqual(['a', 'b']);
      },
    },
    {
      id: 'content-header-missing',
      says: 'A method after one that announced content, in its place, is 505 UNEXPECTED_FRAME.',
      source: 'spec 4.2.6',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.sendBytes(publish, publish);
        await ended(wire, /^505 UNEXPECTED_FRAME - expected a content header/);
      },
    },
    {
      id: 'content-header-alone',
      says: 'A content header without a method is 505 UNEXPECTED_FRAME.',
      source: 'spec 4.2.6',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.sendBytes(contentHeader(60, 0));
        await ended(wire, /^505 UNEXPECTED_FRAME - /);
      },
    },
    {
      id: 'content-too-long',
      says: 'More content than the header announced ends the connection.',
      source: 'spec 4.2.6',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.sendBytes(publish, contentHeader(60, 10), body(11));
        await ended(wire, /^50[15] /);
      },
    },
    {
      id: 'content-empty',
      says: 'A message without a body is complete with its header.',
      source: 'spec 4.2.6.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.store('', name, none);
        expect((await peer.get(name)).body).toEqual(none);
      },
    },
    {
      id: 'content-too-large',
      says: 'A message over the server’s limit, by default 16 MiB, is 406 PRECONDITION_FAILED on its channel.',
      source: 'server (max_message_size)',
      instead:
        'the tenant’s `amqp.messageBytesMax`, by default 1 MiB; 311 CONTENT_TOO_LARGE, the specification’s code, as soon as the size is announced',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.wire.sendBytes(publish, contentHeader(60, 1_000_000_000));
        await peer.isClosed(
          '311 CONTENT_TOO_LARGE - body of 1000000000 bytes, at most 1048576',
          'basic.publish',
        );
      },
    },
    {
      id: 'content-apart',
      says: 'Contents of several channels may be mixed frame by frame.',
      source: 'spec 4.2.6',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.another(2);
        const of = (channel: number, text: string) => {
          const head = Buffer.from(contentHeader(60, text.length));
          head.writeUInt16BE(channel, 1);
          const payload = Buffer.from(text);
          return [
            encodeMethod(channel, basicPublish('', name)),
            head,
            encodeFrame({ type: FrameType.BODY, channel, payload }),
          ];
        };
        const [one, two] = [of(1, 'one'), of(2, 'two')];
        for (const at of [0, 1, 2]) peer.wire.sendBytes(one[at]!, two[at]!);
        expect((await peer.texts(name)).sort()).toEqual(['one', 'two']);
      },
    },
  ],
};
