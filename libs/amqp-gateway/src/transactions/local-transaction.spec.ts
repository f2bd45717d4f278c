import { Buffer } from 'node:buffer';
import { describe, expect, it, jest } from '@jest/globals';
import { type Delivery, PulsarError } from '#libs/pulsar';
import type { AmqpError } from '../amqp.errors.js';
import type { EnlistedOutcome, TransactionScope } from '../node.js';
import { FakePulsarTransactions } from '../testing/fake-transactions.js';
import { heldBytesMax, heldBytesPerProcessMax, transactionsPerConnectionMax } from './transaction-limits.js';

const discharged = (scope: TransactionScope, id: Buffer, fail = false): Promise<AmqpError | undefined> =>
  new Promise((resolve) => scope.discharge(id, fail, resolve));

/** What was told of it. */
function told() {
  const answers: (string | undefined)[] = [];
  return { answers, done: (error: AmqpError | undefined) => void answers.push(error?.condition ?? 'ok') };
}

function outcome(
  pulsar: FakePulsarTransactions,
  consumer: string | undefined,
): EnlistedOutcome & { told: string[] } {
  const delivery = {} as Delivery;
  const acknowledgement =
    consumer === undefined
      ? undefined
      : { consumer: pulsar.consumer(consumer), delivery, batchIndex: undefined };
  const answers: string[] = [];
  return { acknowledgement, told: answers, onEnd: (error) => void answers.push(error?.condition ?? 'ok') };
}

describe('a transaction', () => {
  it('that commits: nothing goes to Pulsar before, then all of it in one', async () => {
    const pulsar = new FakePulsarTransactions();
    const id = pulsar.scope.declare();
    const { answers, done } = told();
    pulsar.scope.post(id, pulsar.post('a', '1'), done);
    pulsar.scope.post(id, pulsar.post('b', '2'), done);
    const [acked, other] = [outcome(pulsar, 'q'), outcome(pulsar, undefined)];
    pulsar.scope.enlist(id, acked);
    pulsar.scope.enlist(id, other);
    expect([answers, pulsar.asked, acked.told]).toEqual([['ok', 'ok'], [], []]);
    expect(await discharged(pulsar.scope, id)).toBeUndefined();
    expect(pulsar.asked[0]).toBe('begin');
    expect([...pulsar.asked].sort()).toEqual([
      'ack q 1',
      'acked q',
      'begin',
      'commit',
      'partitions a b',
      'producer a',
      'producer b',
      'send a 1 inside',
      'send b 2 inside',
      'subscriptions q',
    ]);
    expect(pulsar.asked.indexOf('commit')).toBe(pulsar.asked.length - 2);
    expect([acked.told, other.told]).toEqual([['ok'], ['ok']]);
  });

  it('that rolls back does nothing, and leaves deliveries to the client', async () => {
    const pulsar = new FakePulsarTransactions();
    const id = pulsar.scope.declare();
    const { done } = told();
    pulsar.scope.post(id, pulsar.post('a', '1'), done);
    const acked = outcome(pulsar, 'q');
    pulsar.scope.enlist(id, acked);
    expect(await discharged(pulsar.scope, id, true)).toBeUndefined();
    expect([pulsar.asked, acked.told]).toEqual([[], ['amqp:transaction:rollback']]);
  });

  it('of one message is that message, and needs no transaction of Pulsar', async () => {
    const pulsar = new FakePulsarTransactions();
    const id = pulsar.scope.declare();
    pulsar.scope.post(id, pulsar.post('a', '1'), told().done);
    expect(await discharged(pulsar.scope, id)).toBeUndefined();
    expect(pulsar.asked).toEqual(['producer a', 'send a 1 alone']);
  });

  it('of nothing asks nothing', async () => {
    const pulsar = new FakePulsarTransactions();
    expect(await discharged(pulsar.scope, pulsar.scope.declare())).toBeUndefined();
    expect(pulsar.asked).toEqual([]);
  });

  it('that is too large to be held streams, in order, and tells with the receipt', async () => {
    const pulsar = new FakePulsarTransactions();
    pulsar.holding = true;
    const id = pulsar.scope.declare();
    const { answers, done } = told();
    const half = 'x'.repeat(heldBytesMax / 2);
    for (const first of '123') pulsar.scope.post(id, pulsar.post('a', first + half.slice(1)), done);
    await pulsarHas(pulsar, 'send', 3);
    expect(answers).toEqual(['ok', 'ok']);
    expect(pulsar.asked.filter((what) => what.startsWith('send')).map((what) => what[7])).toEqual([
      '1',
      '2',
      '3',
    ]);
    const ended = discharged(pulsar.scope, id);
    pulsar.confirm();
    expect(await ended).toBeUndefined();
    expect([answers, pulsar.asked.at(-1)]).toEqual([['ok', 'ok', 'ok'], 'commit']);
  });

  it('ends only when what was sent in it has its receipt', async () => {
    const pulsar = new FakePulsarTransactions();
    pulsar.holding = true;
    const id = pulsar.scope.declare();
    for (let i = 0; i < 2; i++)
      pulsar.scope.post(id, pulsar.post('a', 'x'.repeat(heldBytesMax)), told().done);
    await pulsarHas(pulsar, 'send', 2);
    const ended = discharged(pulsar.scope, id, true);
    await new Promise(setImmediate);
    expect(pulsar.asked).not.toContain('abort');
    pulsar.confirm();
    await ended;
    expect(pulsar.asked.at(-1)).toBe('abort');
  });

  it.each(['begin', 'partitions', 'producer', 'send', 'subscriptions', 'ack', 'commit'])(
    'is rolled back as a whole when %s fails',
    async (step) => {
      const pulsar = new FakePulsarTransactions();
      pulsar.faults.set(step, new PulsarError('TransactionConflict', 'no'));
      const id = pulsar.scope.declare();
      for (const topic of ['a', 'b']) pulsar.scope.post(id, pulsar.post(topic, '1'), told().done);
      const acked = outcome(pulsar, 'q');
      pulsar.scope.enlist(id, acked);
      const fault = await discharged(pulsar.scope, id);
      expect(fault?.condition).toBe('amqp:transaction:rollback');
      expect(acked.told).toEqual(['amqp:transaction:rollback']);
      const ended = pulsar.asked.filter((what) => what === 'abort' || what.startsWith('acked'));
      expect(ended).toEqual(step === 'begin' || step === 'commit' ? [] : ['abort']);
    },
  );

  it('says so when nobody knows whether it was committed', async () => {
    const pulsar = new FakePulsarTransactions();
    pulsar.faults.set('commit', new PulsarError('TransactionOutcomeUnknown', 'gone'));
    const id = pulsar.scope.declare();
    for (const topic of ['a', 'b']) pulsar.scope.post(id, pulsar.post(topic, '1'), told().done);
    expect(await discharged(pulsar.scope, id)).toMatchObject({ condition: 'amqp:internal-error' });
    const alone = pulsar.scope.declare();
    pulsar.faults.set('send', new PulsarError('Timeout', 'no receipt'));
    pulsar.scope.post(alone, pulsar.post('a', '1'), told().done);
    expect(await discharged(pulsar.scope, alone)).toMatchObject({ condition: 'amqp:internal-error' });
  });

  it('cannot commit after a message of it was refused', async () => {
    const pulsar = new FakePulsarTransactions();
    const id = pulsar.scope.declare();
    pulsar.scope.post(id, pulsar.post('a', '1'), told().done);
    pulsar.scope.refused(id, { condition: 'amqp:decode-error', message: 'no' } as AmqpError);
    const { answers, done } = told();
    pulsar.scope.post(id, pulsar.post('a', '2'), done);
    expect(answers).toEqual(['amqp:transaction:rollback']);
    expect(await discharged(pulsar.scope, id)).toMatchObject({ condition: 'amqp:transaction:rollback' });
    expect(pulsar.asked).toEqual([]);
  });

  it('may take its time from the first message or outcome on, and is as good as rolled back afterwards', async () => {
    jest.useFakeTimers();
    try {
      const pulsar = new FakePulsarTransactions(10_000);
      const id = pulsar.scope.declare();
      // An application that waits for its first message has not begun.
      jest.advanceTimersByTime(60_000);
      const acked = outcome(pulsar, 'q');
      pulsar.scope.enlist(id, acked);
      jest.advanceTimersByTime(9_999);
      expect(acked.told).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(acked.told).toEqual(['amqp:transaction:timeout']);
      const { answers, done } = told();
      pulsar.scope.post(id, pulsar.post('a', '1'), done);
      expect(answers).toEqual(['amqp:transaction:timeout']);
      expect(await discharged(pulsar.scope, id)).toMatchObject({ condition: 'amqp:transaction:timeout' });
      expect(await discharged(pulsar.scope, id)).toMatchObject({ condition: 'amqp:transaction:unknown-id' });
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('the transactions of a connection', () => {
  it.each([0, 7, 8, 32])('know no id of %s zeros', async (bytes) => {
    const id = Buffer.alloc(bytes);
    const { scope, ...pulsar } = new FakePulsarTransactions();
    scope.declare();
    const { answers, done } = told();
    scope.post(id, { topic: 'a', entry: {} as never }, done);
    const enlisted = outcome(pulsar as FakePulsarTransactions, undefined);
    scope.enlist(id, enlisted);
    scope.refused(id, {} as AmqpError);
    expect([...answers, ...enlisted.told]).toEqual([
      'amqp:transaction:unknown-id',
      'amqp:transaction:unknown-id',
    ]);
    expect(await discharged(scope, id)).toMatchObject({ condition: 'amqp:transaction:unknown-id' });
  });

  it('have different ids, and are so many and no more', async () => {
    const { scope } = new FakePulsarTransactions();
    const ids = Array.from({ length: transactionsPerConnectionMax }, () => scope.declare());
    expect(new Set(ids.map((id) => id.toString('hex'))).size).toBe(transactionsPerConnectionMax);
    expect(() => scope.declare()).toThrow(
      expect.objectContaining({ condition: 'amqp:resource-limit-exceeded' }),
    );
    await discharged(scope, ids[0] as Buffer);
    expect(scope.declare()).toHaveLength(8);
  });

  it('are rolled back when it ends', async () => {
    const pulsar = new FakePulsarTransactions();
    const id = pulsar.scope.declare();
    const enlisted = outcome(pulsar, 'q');
    pulsar.scope.enlist(id, enlisted);
    pulsar.scope.close();
    expect(enlisted.told).toEqual(['amqp:transaction:rollback']);
    expect(() => pulsar.scope.declare()).toThrow(
      expect.objectContaining({ condition: 'amqp:illegal-state' }),
    );
  });
});

async function pulsarHas(pulsar: FakePulsarTransactions, what: string, times: number): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) {
    if (pulsar.asked.filter((each) => each.startsWith(what)).length >= times) return;
    await new Promise(setImmediate);
  }
  throw new Error(`${what} was not asked ${times} times: ${pulsar.asked.join(', ')}`);
}

describe('the transactions of a tenant', () => {
  it('hold so much together; what comes then streams, and holding goes on when there is room', async () => {
    const pulsar = new FakePulsarTransactions();
    const text = 'x'.repeat(heldBytesMax);
    const scopes = Array.from({ length: 5 }, () => pulsar.front.openScope(pulsar.identity));
    const rounds = Array.from({ length: 15 }, () => scopes.map((scope) => [scope, scope.declare()] as const));
    const held = rounds.flat();
    for (const [scope, id] of held) scope.post(id, pulsar.post('a', text), told().done);
    await pulsarHas(pulsar, 'send', held.length - heldBytesPerProcessMax / 2 / heldBytesMax);
    for (const scope of scopes) scope.close();
    await pulsarHas(pulsar, 'abort', 1);
    await new Promise(setImmediate);
    pulsar.asked.length = 0;
    const id = pulsar.scope.declare();
    pulsar.scope.post(id, pulsar.post('a', text), told().done);
    await new Promise(setImmediate);
    expect(pulsar.asked).toEqual([]);
  });
});
