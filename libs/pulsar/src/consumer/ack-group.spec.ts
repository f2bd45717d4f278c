import { describe, expect, it } from '@jest/globals';
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

const options = { consumerId: 1, groupMs: 0, groupMax: 10, batchIndexAck: true };

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
