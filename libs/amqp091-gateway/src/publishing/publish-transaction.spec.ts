import { describe, expect, it } from '@jest/globals';
import { Amqp091Error } from '#libs/amqp091-codec';
import { PublishTransaction } from './publish-transaction.js';

function work(name: string, log: string[], fails = false) {
  return {
    commit: async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      if (fails) throw new Error('not stored');
      log.push(`${name} is done`);
    },
    rollback: () => void log.push(`${name} is rolled back`),
  };
}

describe('a transaction', () => {
  it('acknowledges when all that was published is stored', async () => {
    const log: string[] = [];
    const transaction = new PublishTransaction();
    transaction.enlist(work('ack', log));
    transaction.publish(work('one', log));
    transaction.publish(work('two', log));
    await transaction.commit();
    expect(log).toEqual([
      ...['one begins', 'two begins', 'one is done', 'two is done'],
      ...['ack begins', 'ack is done'],
    ]);
    await transaction.commit();
    expect(log).toHaveLength(6);
  });

  it('acknowledges nothing when something is not stored', async () => {
    const log: string[] = [];
    const transaction = new PublishTransaction();
    transaction.publish(work('one', log, true));
    transaction.enlist(work('ack', log));
    await expect(transaction.commit()).rejects.toThrow('not stored');
    expect(log).toEqual(['one begins', 'ack is rolled back']);
  });

  it('is forgotten by a rollback, and with its channel only what was published', () => {
    const log: string[] = [];
    const transaction = new PublishTransaction();
    transaction.enlist(work('ack', log));
    transaction.publish(work('one', log));
    transaction.rollback();
    expect(log).toEqual(['one is rolled back', 'ack is rolled back']);
    transaction.enlist(work('ack', log));
    transaction.publish(work('two', log));
    transaction.close();
    expect(log.slice(2)).toEqual(['two is rolled back']);
  });

  it('has so much in it and no more', () => {
    const transaction = new PublishTransaction();
    for (let at = 0; at < 65_536; at++) transaction.enlist(work('ack', []));
    expect(() => transaction.enlist(work('ack', []))).toThrow(Amqp091Error);
    expect(() => transaction.publish(work('one', []))).toThrow(Amqp091Error);
  });
});
