import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import {
  type AmqpCompositeInput,
  type AmqpOutcome,
  amqpString,
  describedComposite,
  encodeValueSection,
} from '#libs/amqp-codec';
import type { AmqpError } from '../amqp.errors.js';
import type { MessageTarget, TargetRequest } from '../node.js';
import { FakePulsarTransactions } from '../testing/fake-transactions.js';
import { PulsarError } from '#libs/pulsar';

type Answer = [condition: string | undefined, outcome: AmqpOutcome | undefined];

const said = (composite: AmqpCompositeInput<'declare' | 'discharge' | 'accepted'>): Buffer =>
  encodeValueSection(describedComposite(composite));

function tell(target: MessageTarget, ...parts: Buffer[]): Promise<Answer> {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  return new Promise((resolve) => {
    target.publish({ parts, bytes, transactionId: undefined }, (error: AmqpError | undefined, outcome) =>
      resolve([error?.condition, outcome]),
    );
  });
}

async function coordinator(pulsar = new FakePulsarTransactions()) {
  const request = { identity: pulsar.identity, transactions: pulsar.scope } as TargetRequest;
  return { pulsar, target: await pulsar.front.openCoordinator(request) };
}

async function declared(target: MessageTarget): Promise<Buffer> {
  const [, outcome] = await tell(target, said({ type: 'declare' }));
  if (outcome?.type !== 'declared') throw new Error('not declared');
  return outcome.txnId;
}

describe('a coordinator', () => {
  it('declares, and discharges once; a message may come in parts', async () => {
    const { target } = await coordinator();
    const txnId = await declared(target);
    expect(txnId).toHaveLength(8);
    const discharge = said({ type: 'discharge', txnId });
    expect(await tell(target, discharge.subarray(0, 5), discharge.subarray(5))).toEqual([
      undefined,
      undefined,
    ]);
    expect((await tell(target, discharge))[0]).toBe('amqp:transaction:unknown-id');
    expect(target.terminus.capabilities).toContain('amqp:local-transactions');
  });

  it('rolls back what was declared on a link that ends', async () => {
    const { target, pulsar } = await coordinator();
    const [first, second] = [await declared(target), await declared(target)];
    await tell(target, said({ type: 'discharge', txnId: first, fail: true }));
    target.close();
    const errors: (string | undefined)[] = [];
    pulsar.scope.post(second, pulsar.post('a', '1'), (error) => errors.push(error?.condition));
    expect(errors).toEqual(['amqp:transaction:unknown-id']);
  });

  it.each<[string, Buffer, string]>([
    ['a distributed one', said({ type: 'declare', globalId: amqpString('x') }), 'amqp:not-implemented'],
    ['something else', said({ type: 'accepted' }), 'amqp:decode-error'],
    ['a text', encodeValueSection(amqpString('declare')), 'amqp:decode-error'],
    ['no message', Buffer.alloc(0), 'amqp:decode-error'],
    ['noise', Buffer.from('00ff53', 'hex'), 'amqp:decode-error'],
    ['a discharge of nothing', Buffer.from('005377005332c0020140', 'hex'), 'amqp:invalid-field'],
  ])('refuses %s', async (_, bytes, condition) => {
    const { target } = await coordinator();
    expect((await tell(target, bytes))[0]).toBe(condition);
  });

  it('refuses to be part of a transaction', async () => {
    const { target } = await coordinator();
    const parts = [said({ type: 'declare' })];
    const answer = await new Promise((resolve) => {
      target.publish({ parts, bytes: 1, transactionId: Buffer.alloc(8) }, resolve);
    });
    expect(answer).toMatchObject({ condition: 'amqp:not-allowed' });
  });

  it('is not there where the tenant has no transactions, or the cluster', async () => {
    const pulsar = new FakePulsarTransactions();
    pulsar.faults.set('ready', new PulsarError('TransactionsUnavailable', 'none'));
    await expect(coordinator(pulsar)).rejects.toMatchObject({ condition: 'amqp:not-implemented' });
    const identity = { principal: { tenant: { name: 'acme' } } };
    const request = { identity, transactions: pulsar.scope } as unknown as TargetRequest;
    await expect(pulsar.front.openCoordinator(request)).rejects.toMatchObject({
      condition: 'amqp:not-implemented',
    });
  });
});
