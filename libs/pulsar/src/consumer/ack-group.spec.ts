import { describe, expect, it, jest } from '@jest/globals';
import type { Connection } from '../connection.js';
import { AckGroup } from './ack-group.js';
import type { Delivery } from './delivery.js';

const delivery = { position: () => ({ ledgerId: 1, entryId: 2 }), isAcked: true } as unknown as Delivery;

/** Takes commands and answers when it is told to. */
function silentConnection() {
  const answers: (() => void)[] = [];
  let requests = 0;
  const connection = {
    nextRequestId: () => ++requests,
    answerTo: () => new Promise<void>((resolve) => answers.push(resolve)),
    send: () => true,
  } as unknown as Connection;
  return { connection, answers };
}

const options = { consumerId: 1, groupMs: 0, groupMax: 10, batchIndexAck: true, resend: false };

describe('acknowledgements on their way', () => {
  it('share the answer of their command', async () => {
    const { connection, answers } = silentConnection();
    const acks = new AckGroup(options, () => connection);
    const ended: (Error | undefined)[] = [];
    acks.add(delivery, (error) => ended.push(error));
    acks.add(delivery, (error) => ended.push(error));
    const drained = acks.drained();
    expect(answers.length).toBe(1);
    answers[0]!();
    await drained;
    expect(ended).toEqual([undefined, undefined]);
  });

  it('end with their consumer: a broker that closes it may not answer any more', async () => {
    const { connection } = silentConnection();
    let attached: Connection | undefined = connection;
    const acks = new AckGroup(options, () => attached);
    const ended: unknown[] = [];
    acks.add(delivery, (error) => ended.push(error));
    acks.flush();
    acks.add(delivery, (error) => ended.push(error));
    attached = undefined;
    acks.lost();
    await acks.drained();
    expect(ended).toEqual(Array(2).fill(expect.objectContaining({ code: 'Disconnected' })));
  });
});

describe('acknowledgements that are sent again', () => {
  const resending = { ...options, resend: true };

  function cutOff() {
    const [former, next] = [silentConnection(), silentConnection()];
    let attached: Connection | undefined = former.connection;
    const acks = new AckGroup(resending, () => attached);
    const ended: unknown[] = [];
    acks.add(delivery, (error) => ended.push(error));
    acks.flush();
    attached = undefined;
    acks.lost();
    acks.add({ ...delivery, position: () => ({ ledgerId: 1, entryId: 3 }) } as never, (error) =>
      ended.push(error),
    );
    const attach = () => {
      attached = next.connection;
    };
    return { acks, ended, former, next, attach };
  }

  it('have the answer of where the consumer is next', async () => {
    const { acks, ended, next, attach } = cutOff();
    await acks.drained();
    expect(ended).toEqual([]);
    attach();
    jest.useFakeTimers();
    try {
      acks.reattached();
      next.answers[0]!();
      await acks.drained();
      // What others were given while it was cut off has come to them before.
      expect([next.answers.length, ...ended]).toEqual([1]);
      jest.runAllTimers();
      expect(ended).toEqual([undefined, undefined]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('fail when the consumer ends before it is anywhere', async () => {
    const { acks, ended } = cutOff();
    await acks.ended();
    expect(ended).toEqual(Array(2).fill(expect.objectContaining({ code: 'Disconnected' })));
  });

  it('go in commands of no more than may be in one', async () => {
    const { connection, answers } = silentConnection();
    let attached: Connection | undefined;
    const acks = new AckGroup({ ...resending, groupMax: 2 }, () => attached);
    for (let entryId = 0; entryId < 5; entryId++) {
      acks.add({ ...delivery, position: () => ({ ledgerId: 1, entryId }) } as never, undefined);
    }
    attached = connection;
    acks.flush();
    expect(answers.length).toBe(3);
  });
});
