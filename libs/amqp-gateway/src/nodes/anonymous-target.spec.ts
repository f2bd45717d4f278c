import { describe, expect, it } from '@jest/globals';
import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import { singleEntry } from '#libs/pulsar';
import { AmqpError } from '../amqp.errors.js';
import type { MessageTarget } from '../node.js';
import { FakePulsarTransactions } from '../testing/fake-transactions.js';
import { publishBytes, publishTo } from '../testing/nodes-bed.js';
import { AnonymousTarget } from './anonymous-target.js';

interface Opening {
  readonly address: string;
  readonly capabilities: readonly string[];
  readonly sent: string[];
  isAllowed: boolean;
  isClosed: boolean;
  open(): void;
  fail(error: unknown): void;
}

/** @param isPrompt every address is opened at once, else by hand */
function bedOf(isPrompt: boolean, transactions = new FakePulsarTransactions().scope) {
  const openings: Opening[] = [];
  let nowMs = 0;
  const terminus: AmqpComposite<'target'> = {
    ...{ type: 'target', durable: 0, expiryPolicy: 'never', timeout: 0, dynamic: false },
  };
  const target = new AnonymousTarget({
    ...{ terminus, messageBytesMax: 1_000, transactions, now: () => nowMs },
    open: (address, capabilities) =>
      new Promise((resolve, reject) => {
        const addressed: MessageTarget = {
          ...{ terminus, messageBytesMax: 1_000 },
          publish: ({ parts, transactionId }, done) => {
            const value = Buffer.concat(parts).subarray(-1);
            if (transactionId !== undefined) {
              return transactions.post(
                transactionId,
                { topic: address, entry: singleEntry({ value }) },
                done,
              );
            }
            opening.sent.push(value.toString());
            done(undefined);
            return undefined;
          },
          close: () => {
            opening.isClosed = true;
          },
        };
        const opening: Opening = {
          ...{ address, capabilities, sent: [], isAllowed: true, isClosed: false },
          open: () => resolve({ target: addressed, isAllowed: () => opening.isAllowed }),
          fail: reject,
        };
        openings.push(opening);
        if (isPrompt) opening.open();
      }),
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { target, openings, pass };
}

describe('the anonymous terminus', () => {
  it('keeps the order of what is sent to one address while that is opened, and holds credit back', async () => {
    const { target, openings } = bedOf(false);
    const outcomes = [
      publishTo(target, '1', { to: 'a' }),
      publishTo(target, '2', { to: 'b' }),
      publishTo(target, '3', { to: 'a' }),
    ];
    const pressure = target.publish({ parts: [], bytes: 0, transactionId: undefined }, () => {});
    expect(pressure).toBeUndefined();
    expect(openings.map(({ address }) => address)).toEqual(['a', 'b']);
    openings[0]?.open();
    openings[1]?.fail(new AmqpError(AmqpErrorCondition.NOT_FOUND, 'no b'));
    expect(await Promise.all(outcomes)).toEqual(['accepted', 'amqp:not-found', 'accepted']);
    expect(await publishTo(target, '4', { to: 'a' })).toBe('accepted');
    expect(openings[0]?.sent).toEqual(['1', '3', '4']);
  });

  it('keeps a transaction open for what came before its discharge', async () => {
    const pulsar = new FakePulsarTransactions();
    const { scope } = pulsar;
    const { target, openings } = bedOf(false, scope);
    const told: string[] = [];
    const tell = (what: string) => (error: AmqpError | undefined) =>
      void told.push(`${what} ${error?.condition ?? 'done'}`);
    const [stored, refused, lost] = [1, 2, 3].map(() => scope.declare()) as [Buffer, Buffer, Buffer];
    target.publish({ ...messageTo('a'), transactionId: stored }, tell('post'));
    // As a link does with what is refused.
    target.publish({ ...messageTo('b'), transactionId: refused }, (error) => scope.refused(refused, error!));
    target.publish({ ...messageTo('c'), transactionId: lost }, () => {});
    for (const [at, id] of [stored, refused, lost].entries()) scope.discharge(id, false, tell(`${at}`));
    scope.discharge(stored, false, tell('again'));
    await new Promise(setImmediate);
    expect([told, pulsar.asked]).toEqual([['again amqp:transaction:unknown-id'], []]);
    openings[0]?.open();
    openings[1]?.fail(new AmqpError(AmqpErrorCondition.NOT_FOUND, 'no b'));
    await new Promise(setImmediate);
    expect(told.slice(1).sort()).toEqual(['0 done', '1 amqp:transaction:rollback', 'post done']);
    expect(pulsar.asked).toEqual(['producer a', 'send a x alone']);
    scope.close();
    openings[2]?.open();
    await new Promise(setImmediate);
    expect(told.at(-1)).toBe('2 amqp:transaction:unknown-id');
    expect(pulsar.asked).toHaveLength(2);
  });

  it('says that there is room again when nothing is being opened', async () => {
    const { target, openings } = bedOf(false);
    const message = messageTo('a');
    const pressure = target.publish(message, () => {});
    let relieved = 0;
    pressure?.onRelief(() => relieved++);
    const cancel = pressure?.onRelief(() => expect(true).toBe(false));
    cancel?.();
    expect(relieved).toBe(0);
    openings[0]?.open();
    await new Promise(setImmediate);
    expect(relieved).toBe(1);
    pressure?.onRelief(() => relieved++);
    expect(relieved).toBe(2);
  });

  it('copies what waits, and takes no more than a bound', async () => {
    const { target, openings } = bedOf(false);
    const large = messageTo('a', 1_000_000);
    const outcomes: (string | undefined)[] = [];
    for (let count = 0; count < 6; count++) {
      target.publish(large, (error) => outcomes.push(error?.condition));
    }
    expect(outcomes).toEqual(['amqp:resource-limit-exceeded', 'amqp:resource-limit-exceeded']);
    large.parts[0]?.fill(0);
    openings[0]?.open();
    await new Promise(setImmediate);
    expect(openings[0]?.sent).toEqual(['x', 'x', 'x', 'x']);
    // And has the room back.
    target.publish(messageTo('c', 4_000_000), (error) => outcomes.push(error?.condition));
    expect(outcomes).toHaveLength(6);
  });

  it('asks anew about a refused address, but not for each message', async () => {
    const { target, openings, pass } = bedOf(false);
    const first = publishTo(target, '1', { to: 'a' });
    openings[0]?.fail(new Error('broken'));
    expect(await first).toBe('amqp:internal-error');
    expect(await publishTo(target, '2', { to: 'a' })).toBe('amqp:internal-error');
    expect(openings).toHaveLength(1);
    pass(1_000);
    const again = publishTo(target, '3', { to: 'a' });
    openings[1]?.open();
    expect(await again).toBe('accepted');
  });

  it('forgets what was not used for longest, and what is no longer allowed', async () => {
    const { target, openings } = bedOf(true);
    for (let count = 0; count < 100; count++) await publishTo(target, 'x', { to: `t${count}` });
    await publishTo(target, 'y', { to: 't0' });
    await publishTo(target, 'x', { to: 'one more' });
    expect(openings.filter(({ isClosed }) => isClosed).map(({ address }) => address)).toEqual(['t1']);
    openings[0]!.isAllowed = false;
    target.recheck();
    expect(openings[0]?.isClosed).toBe(true);
    await publishTo(target, 'z', { to: 't0' });
    expect(openings.at(-1)).toMatchObject({ address: 't0', sent: ['z'] });
    target.close();
    expect(openings.every(({ isClosed }) => isClosed)).toBe(true);
  });

  it('closes what is opened after its end, and delivers what came before', async () => {
    const { target, openings } = bedOf(false);
    const sent = publishTo(target, '1', { to: 'a' });
    target.close();
    openings[0]?.open();
    expect(await sent).toBe('accepted');
    await new Promise(setImmediate);
    expect(openings[0]).toMatchObject({ sent: ['1'], isClosed: true });
  });

  it("knows queues and topics by Qpid JMS's annotation", async () => {
    const { target, openings } = bedOf(true);
    for (const jmsType of [0, 1, 2, undefined])
      await publishTo(target, 'x', { to: 'a', ...(jmsType !== undefined && { jmsType }) });
    expect(openings.map(({ capabilities }) => capabilities)).toEqual([['queue'], ['topic'], []]);
  });

  it('rejects what says no address, and what is no message', async () => {
    const { target, openings } = bedOf(true);
    expect(await publishTo(target, 'x')).toBe('amqp:precondition-failed');
    expect(await publishBytes(target, Buffer.from('none'))).toBe('amqp:decode-error');
    expect(await publishBytes(target, Buffer.alloc(0))).toBe('amqp:precondition-failed');
    expect(openings).toEqual([]);
  });
});

function messageTo(to: string, bytes = 1) {
  let message: Buffer = Buffer.alloc(0);
  const catcher = { publish: ({ parts }: { parts: readonly Buffer[] }) => void (message = parts[0]!) };
  void publishTo(catcher as unknown as MessageTarget, 'x'.repeat(bytes), { to });
  return { parts: [message], bytes: message.length, transactionId: undefined };
}
