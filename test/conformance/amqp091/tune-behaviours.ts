import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { encodeFrame, encodeMethod, FrameType } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import { type BehaviourBed, until } from './behaviour-bed.js';
import { basicPublish, queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { ended } from './peer.js';

/** Opened up to connection.tune. */
async function tuning(bed: BehaviourBed) {
  const wire = await bed.wire();
  await wire.startOk('PLAIN', Buffer.from('\0guest\0guest'));
  return { wire, tune: await wire.next('connection.tune') };
}

async function tuneRefused(bed: BehaviourBed, answer: object, says: string): Promise<void> {
  const { wire, tune } = await tuning(bed);
  const { channelMax, frameMax, heartbeat } = tune;
  wire.send({ name: 'connection.tune-ok', channelMax, frameMax, heartbeat, ...answer }, 0);
  await ended(wire, says);
}

/** Lengths of all frames that come from now on, with their eight octets. */
function frameLengthsOf(wire: { link: { onData: ((bytes: Buffer) => void) | undefined } }): number[] {
  const lengths: number[] = [];
  const onData = wire.link.onData!;
  let rest = Buffer.alloc(0);
  wire.link.onData = (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 7 && rest.length >= rest.readUInt32BE(3) + 8) {
      const length = rest.readUInt32BE(3) + 8;
      lengths.push(length);
      rest = rest.subarray(length);
    }
    onData(bytes);
  };
  return lengths;
}

export const tuneBehaviours: BehaviourArea = {
  title: 'Connections: tuning, frames and heartbeats',
  behaviours: [
    {
      id: 'tune',
      says: '`connection.tune` proposes 2,047 channels, frames of 131,072 bytes and a heartbeat of 60 s.',
      source: 'docs/channels, docs/heartbeats, spec 1.4.2.5',
      run: async (bed) => {
        expect((await tuning(bed)).tune).toMatchObject({
          ...{ channelMax: 2_047, frameMax: 131_072, heartbeat: 60 },
        });
      },
    },
    {
      id: 'tune-channel-max-high',
      says: 'A higher `channel-max` than was proposed is 530 NOT_ALLOWED.',
      source: 'spec 1.4.2.6, server',
      run: (bed) =>
        tuneRefused(
          bed,
          { channelMax: 4_000 },
          '530 NOT_ALLOWED - negotiated channel_max = 4000 is higher than the maximum allowed value (2047)',
        ),
    },
    {
      id: 'tune-channel-max-none',
      says: 'No limit of channels (0) is more than was proposed.',
      source: 'server',
      run: (bed) =>
        tuneRefused(
          bed,
          { channelMax: 0 },
          '530 NOT_ALLOWED - negotiated channel_max = 0 is higher than the maximum allowed value (2047)',
        ),
    },
    {
      id: 'tune-frame-max-high',
      says: 'A larger `frame-max` than was proposed is 530 NOT_ALLOWED.',
      source: 'spec 1.4.2.6, server',
      run: (bed) =>
        tuneRefused(
          bed,
          { frameMax: 131_073 },
          '530 NOT_ALLOWED - negotiated frame_max = 131073 is higher than the maximum allowed value (131072)',
        ),
    },
    {
      id: 'tune-frame-max-low',
      says: 'A `frame-max` below 4,096 is 530 NOT_ALLOWED.',
      source: 'spec 1.4.2.6, 4.9',
      run: (bed) =>
        tuneRefused(
          bed,
          { frameMax: 4_095 },
          '530 NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value (4096)',
        ),
    },
    {
      id: 'frame-max-kept',
      says: 'No frame to a client is larger than the `frame-max` that it chose; bodies are split.',
      source: 'spec 4.2.3, 2.3.5.2',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const body = Buffer.alloc(20_000, 'x');
        await peer.store('', name, body);
        const small = await bed.peer({ frameMax: 4_096 });
        const lengths = frameLengthsOf(small.wire);
        expect((await small.get(name)).body).toEqual(body);
        expect(Math.max(...lengths)).toBe(4_096);
      },
    },
    {
      id: 'frame-too-large',
      says: 'A frame larger than `frame-max` is 501 FRAME_ERROR.',
      source: 'spec 4.2.3',
      run: async (bed) => {
        const { wire } = await bed.peer({ frameMax: 4_096 });
        wire.sendBytes(encodeFrame({ type: FrameType.BODY, channel: 1, payload: Buffer.alloc(4_097) }));
        await ended(wire, /^501 FRAME_ERROR - /);
      },
    },
    {
      id: 'frame-end',
      says: 'A frame that does not end with 0xCE is 501 FRAME_ERROR.',
      source: 'spec 4.2.3',
      run: async (bed) => {
        const { wire } = await bed.peer();
        const frame = Buffer.from(encodeMethod(1, queueDeclare('q')));
        frame[frame.length - 1] = 0xcf;
        wire.sendBytes(frame);
        await ended(wire, /^501 FRAME_ERROR - /);
      },
    },
    {
      id: 'frame-type-unknown',
      says: 'A frame of an unknown type is 501 FRAME_ERROR.',
      source: 'spec 4.2.3',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.sendBytes(Buffer.from([7, 0, 1, 0, 0, 0, 1, 0, 0xce]));
        await ended(wire, /^501 FRAME_ERROR - /);
      },
    },
    {
      id: 'method-unknown',
      says: 'A method that nobody knows ends the connection with 540 NOT_IMPLEMENTED.',
      source: 'spec 1.2, server',
      run: async (bed) => {
        const { wire } = await bed.peer();
        const payload = Buffer.from([0, 60, 0, 250]);
        wire.sendBytes(encodeFrame({ type: FrameType.METHOD, channel: 1, payload }));
        await ended(wire, /^540 NOT_IMPLEMENTED - /);
      },
    },
    {
      id: 'table-malformed',
      says: 'Arguments that cannot be decoded are 502 SYNTAX_ERROR.',
      source: 'spec 1.2',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.send({ ...queueDeclare('q'), arguments: Buffer.from([1, 0x61, 0x5a, 0]) });
        await ended(wire, /^502 SYNTAX_ERROR - /);
      },
    },
    {
      id: 'heartbeats-sent',
      says: 'Heartbeats come at half of the interval that the client chose.',
      source: 'docs/heartbeats, spec 4.2.7',
      run: async (bed) => {
        const wire = await bed.wire();
        await wire.open({ heartbeat: 2 });
        const began = performance.now();
        await until('two heartbeats', () => wire.heartbeats >= 2);
        expect(performance.now() - began).toBeLessThan(4_000);
      },
    },
    {
      id: 'heartbeats-missed',
      says: 'A client of which nothing was heard for two intervals is closed without a word.',
      source: 'docs/heartbeats',
      run: async (bed) => {
        const wire = await bed.wire();
        await wire.open({ heartbeat: 1 });
        const began = performance.now();
        await wire.link.closed;
        expect(performance.now() - began).toBeGreaterThan(1_500);
        expect(wire.has('connection.close')).toBe(false);
      },
    },
    {
      id: 'heartbeats-by-any-frame',
      says: 'All that a client sends counts as a heartbeat.',
      source: 'docs/heartbeats, spec 4.2.7',
      run: async (bed) => {
        const { wire } = await bed.peer({ heartbeat: 1 });
        for (let at = 0; at < 7; at++) {
          await new Promise((resolve) => setTimeout(resolve, 500));
          await wire.call({ name: 'channel.flow', active: true }, 'channel.flow-ok');
        }
        expect(wire.isClosed).toBe(false);
      },
    },
    {
      id: 'heartbeats-none',
      says: 'With a heartbeat of 0 there are none, and silence is no fault.',
      source: 'docs/heartbeats',
      run: async (bed) => {
        const peer = await bed.peer({ heartbeat: 0 });
        await new Promise((resolve) => setTimeout(resolve, 3_500));
        await peer.qos(1);
        expect(peer.wire.heartbeats).toBe(0);
      },
    },
    {
      id: 'blocked',
      says: 'A publisher that is not read is told by `connection.blocked`, and by `connection.unblocked` when it is over.',
      source: 'docs/connection-blocked',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.socket.pause();
        // What comes back and is not read holds the publisher up.
        const returned = basicPublish('amq.direct', bed.name('nowhere'), { mandatory: true });
        for (let at = 0; at < 200; at++) wire.sendContent(returned, Buffer.alloc(100_000));
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        wire.socket.resume();
        expect((await wire.first('connection.blocked')).reason).not.toBe('');
        await wire.first('connection.unblocked');
      },
    },
  ],
};
