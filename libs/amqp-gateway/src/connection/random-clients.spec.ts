// Clients that send any frames in any order before they have a link: the gateway fails at nothing and forgets nothing.
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AmqpCompositeInput,
  encodeFrame,
  encodeProtocolHeader,
  encodeSaslFrame,
} from '#libs/amqp-codec';
import { amqpBed } from '../testing/amqp-bed.js';

const bytes = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some)) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      encodeProtocolHeader('amqp'),
      encodeProtocolHeader('sasl'),
      encodeSaslFrame({ type: 'sasl-init', mechanism: 'ANONYMOUS' }),
      encodeSaslFrame({
        type: 'sasl-init',
        mechanism: 'PLAIN',
        initialResponse: Buffer.from('\0alice\0secret'),
      }),
      encodeSaslFrame({ type: 'sasl-init', mechanism: 'PLAIN' }),
      encodeSaslFrame({ type: 'sasl-response', response: Buffer.from('\0alice\0no') }),
      encodeFrame(0, { type: 'open', containerId: '', idleTimeOut: 1_000 }),
      encodeFrame(0, { type: 'open', containerId: 'c', hostname: 'globex.example' }),
      Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]),
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.constantFrom<AmqpCompositeInput<'begin' | 'end' | 'close'>>(
          { type: 'begin', nextOutgoingId: 0, incomingWindow: 1, outgoingWindow: 1 },
          { type: 'end' },
          { type: 'close' },
        ),
        fc.constantFrom(0, 1, 2, 63, 64),
      )
      .map(([performative, channel]) => encodeFrame(channel, performative)),
  },
);

/** As most begin, so that most get somewhere. */
const beginnings = fc.constantFrom(
  Buffer.alloc(0),
  Buffer.concat([encodeProtocolHeader('amqp'), encodeFrame(0, { type: 'open', containerId: 'c' })]),
  Buffer.concat([
    ...[encodeProtocolHeader('sasl'), encodeSaslFrame({ type: 'sasl-init', mechanism: 'ANONYMOUS' })],
    ...[encodeProtocolHeader('amqp'), encodeFrame(0, { type: 'open', containerId: 'c' })],
  ]),
);

describe('clients that say anything', () => {
  it('cost nothing when they are gone, and break nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        beginnings,
        fc.array(bytes, { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        async (beginning, said, drains, atOnce) => {
          const { connect, services, close } = await amqpBed();
          const client = connect();
          client.sendBytes(beginning);
          if (atOnce) client.sendBytes(...said);
          else for (const each of said) client.sendBytes(each);
          if (drains) void client.memory.drain();
          else client.memory.client.end();
          await client.memory.client.closed;
          for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
          expect(client.memory.counters.failures).toBe(0);
          expect(services.counters.sessionsOpen).toBe(0);
          expect(services.idleWheel.size).toBe(0);
          expect(services.watch.size).toBe(0);
          expect(services.metrics.tenant('amqp', 'acme').connectionsOpen).toBe(0);
          close();
        },
      ),
      { numRuns: 200 },
    );
  }, 30_000);
});
