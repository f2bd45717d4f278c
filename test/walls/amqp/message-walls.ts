import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import {
  type AmqpCompositeInput,
  describedComposite,
  encodeProperties,
  encodeValueSection,
} from '#libs/amqp-codec';
import { type AmqpClient, dataMessage } from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import type { Wall } from '../wall.js';
import { type AmqpSide, delivered, refusal, taken } from './amqp-side.js';

const coordinator = { type: 'coordinator', capabilities: ['amqp:local-transactions'] } as const;
const coordinatorHandle = 9;

/** Sends to the coordinator, and gives what it says. */
async function asked(
  wire: AmqpClient,
  composite: AmqpCompositeInput<'declare' | 'discharge'>,
  deliveryId: number,
) {
  const deliveryTag = Buffer.from(`c${deliveryId}`);
  wire.send(
    { type: 'transfer', handle: coordinatorHandle, deliveryId, deliveryTag, messageFormat: 0 },
    0,
    encodeValueSection(describedComposite(composite)),
  );
  return (await wire.first('disposition', ({ first }) => first === deliveryId)).state;
}

/** With a coordinator, a transaction, and a sender to the address on handle 0. */
async function declared(side: AmqpSide, address: string): Promise<{ wire: AmqpClient; txnId: Buffer }> {
  const wire = await side.connect();
  await wire.attachSender(address, { handle: 0 });
  const { target } = await wire.attachSender(undefined, { target: coordinator, handle: coordinatorHandle });
  if (target === undefined) throw new Error(await refusal(wire));
  const state = await asked(wire, { type: 'declare' }, 0);
  if (state?.type !== 'declared') throw new Error(`not declared but ${state?.type}`);
  return { wire, txnId: Buffer.from(state.txnId) };
}

function post(wire: AmqpClient, text: string, deliveryId: number, txnId: Buffer) {
  const state = { type: 'transactional-state', txnId } as const;
  const deliveryTag = Buffer.from(`t${deliveryId}`);
  const transfer = { type: 'transfer', handle: 0, deliveryId, deliveryTag, messageFormat: 0 } as const;
  wire.send({ ...transfer, state }, 0, dataMessage(text));
}

/** Ids of transactions are those of a connection: both have the same. */
const transacted = (operation: 'declare' | 'discharge', fail: boolean, tries: string): Wall<AmqpSide> => ({
  operation,
  tries,
  run: async (one, other, name) => {
    const address = `/queues/${name}`;
    const sides = [one, other];
    const both = [await declared(one, address), await declared(other, address)] as const;
    const [mine, theirs] = both;
    expect(theirs.txnId.equals(mine.txnId)).toBe(true);
    for (const [at, { wire, txnId }] of both.entries()) {
      post(wire, sides[at]!.said, 1, txnId);
      await wire.first('disposition', ({ first }) => first === 1);
    }
    const { txnId } = theirs;
    expect((await asked(theirs.wire, { type: 'discharge', txnId, fail }, 2))?.type).toBe('accepted');
    expect((await asked(theirs.wire, { type: 'discharge', txnId, fail: true }, 3))?.type).toBe('rejected');
    const receivers = [await one.receives({ address }), await other.receives({ address })];
    for (const receiver of receivers) {
      receiver.flow(0, 10, { drain: true });
      await receiver.first('flow', ({ drain }) => drain === true);
    }
    expect(receivers.map((receiver) => receiver.has('transfer'))).toEqual([false, !fail]);
    expect((await asked(mine.wire, { type: 'discharge', txnId, fail: false }, 2))?.type).toBe('accepted');
    expect(await taken(await one.receives({ address }))).toBe(one.said);
  },
});

const transactionWalls: readonly Wall<AmqpSide>[] = [
  transacted(
    'declare',
    false,
    'transactions of one id, and messages in both to queues of one name, of which one commits',
  ),
  transacted('discharge', true, 'the transaction of the id that both have, rolled back by one'),
];

export const messageWalls: readonly Wall<AmqpSide>[] = [
  {
    operation: 'transfer',
    tries: 'to the other’s queue by the anonymous terminus, with full Pulsar names',
    run: async (one, other, name) => {
      await one.sends(`/queues/${name}`);
      const { namespace } = one.settings;
      const wire = await other.connect('far');
      await wire.attachSender(undefined);
      const addresses = [`persistent://${namespace}/${name}`, `/queues/persistent://${namespace}/${name}`];
      for (const [deliveryId, to] of addresses.entries()) {
        wire.send(
          { type: 'transfer', handle: 0, deliveryId, deliveryTag: Buffer.of(deliveryId), messageFormat: 0 },
          0,
          Buffer.concat([encodeProperties({ type: 'properties', to }), dataMessage('over the wall')]),
        );
        const { state } = await wire.first('disposition', ({ first }) => first === deliveryId);
        expect([to, state?.type]).toEqual([to, 'rejected']);
      }
      const receiver = await one.receives({ address: `/queues/${name}` });
      expect(await taken(receiver)).toBe(one.said);
      receiver.flow(0, 10, { deliveryCount: 1, drain: true });
      await receiver.first('flow', ({ drain }) => drain === true);
      expect(receiver.has('transfer')).toBe(false);
    },
  },
  {
    operation: 'disposition',
    tries: 'the delivery id that both have, accepted by one',
    run: async (one, other, name) => {
      const address = `/queues/${name}`;
      await one.sends(address);
      await other.sends(address);
      const mine = await one.receives({ address });
      const theirs = await other.receives({ address });
      expect([(await delivered(mine)).text, await taken(theirs)]).toEqual([one.said, other.said]);
      await theirs.close();
      mine.cut();
      expect(await taken(await one.receives({ address }))).toBe(one.said);
    },
  },
  {
    operation: 'disposition',
    tries: 'rejected by both: dead letters of queues of one name',
    run: async (one, other, name) => {
      const address = `/queues/${name}`;
      for (const side of [one, other]) {
        await side.sends(address);
        const wire = await side.receives({ address });
        wire.settle((await delivered(wire)).deliveryId, { type: 'rejected' });
      }
      for (const side of [one, other]) {
        const wire = await side.receives({ address: `${address}-pulsegate.queue-DLQ` });
        expect(await taken(wire)).toBe(side.said);
        wire.flow(0, 10, { deliveryCount: 1, drain: true });
        await wire.first('flow', ({ drain }) => drain === true);
        expect(wire.has('transfer')).toBe(false);
      }
    },
  },
  ...transactionWalls,
];
