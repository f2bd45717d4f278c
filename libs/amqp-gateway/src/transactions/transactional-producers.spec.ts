import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Producer, PulsarError } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { producerIdleMs, producersMax } from './transaction-limits.js';
import { TransactionalProducers } from './transactional-producers.js';

const tenant = { name: 'acme' } as Tenant;

function bed() {
  const closed: string[] = [];
  const opened: string[] = [];
  const listeners = new Map<string, () => void>();
  let fault: PulsarError | undefined;
  const createProducer = async ({ topic }: { topic: string }) => {
    opened.push(topic);
    if (fault) throw fault;
    const close = async () => void closed.push(topic);
    const onClosed = (listener: () => void) => listeners.set(topic, listener);
    return { topic, close, onClosed } as unknown as Producer;
  };
  const producers = new TransactionalProducers({ createProducer } as never, 1_000);
  return {
    ...{ producers, opened, closed },
    failWith: (error: PulsarError | undefined) => void (fault = error),
    end: (topic: string) => listeners.get(topic)?.(),
  };
}

describe('producers of transactions', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['performance'] }));
  afterEach(() => void jest.useRealTimers());

  it('are shared, and opened again when one has ended by itself', async () => {
    const { producers, opened, end } = bed();
    const [first, second] = await Promise.all([producers.lend(tenant, 'a'), producers.lend(tenant, 'a')]);
    expect(first.producer).toBe(second.producer);
    end('a');
    expect((await producers.lend(tenant, 'a')).producer).not.toBe(first.producer);
    expect(opened).toEqual(['a', 'a']);
    // What the first were lent is gone; the second is still lent.
    first.giveBack();
    second.giveBack();
    await producers.close();
  });

  it('that cannot be opened are tried again by the next', async () => {
    const { producers, failWith } = bed();
    failWith(new PulsarError('TopicNotFound', 'a'));
    await expect(producers.lend(tenant, 'a')).rejects.toMatchObject({ code: 'TopicNotFound' });
    failWith(undefined);
    await producers.lend(tenant, 'a');
    await producers.close();
  });

  it('are so many and no more: one that nobody has makes room', async () => {
    const { producers, closed } = bed();
    const lent = [];
    for (let i = 0; i < producersMax; i++) lent.push(await producers.lend(tenant, `t${i}`));
    await expect(producers.lend(tenant, 'one more')).rejects.toMatchObject({ code: 'TooManyPending' });
    lent[7]?.giveBack();
    await producers.lend(tenant, 'one more');
    expect(closed).toEqual(['t7']);
    await producers.close();
    expect(closed).toHaveLength(producersMax + 1);
    await expect(producers.lend(tenant, 'a')).rejects.toMatchObject({ code: 'Closed' });
  });

  it('are closed when nobody had them for long', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    const { producers, closed } = bed();
    const idle = await producers.lend(tenant, 'idle');
    await producers.lend(tenant, 'lent');
    idle.giveBack();
    now.mockReturnValue(producerIdleMs + 1);
    await jest.advanceTimersByTimeAsync(producerIdleMs);
    expect(closed).toEqual(['idle']);
    await producers.close();
    now.mockRestore();
  });
});
