import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import type { Exchange } from '../exchanges/exchange.js';
import { published } from '../testing/mapping-bed.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { CatchUps } from './catch-ups.js';
import { type LateMessage, LateMessages } from './late-messages.js';
import { Publication } from './message-publisher.js';

/** What becomes of messages, by their bodies. */
class Bed {
  readonly log: string[] = [];
  /** Bodies of messages that come to a queue. */
  readonly routable = new Set<string>();
  readonly questions: PromiseWithResolvers<void>[] = [];
  readonly late = new LateMessages({
    caughtUp: () => {
      const question = Promise.withResolvers<void>();
      this.questions.push(question);
      return question.promise;
    },
    route: (each) => {
      const isRouted = this.routable.has(bodyOf(each));
      if (isRouted) this.log.push(`${bodyOf(each)} is routed`);
      return isRouted;
    },
    nowhere: (each) => {
      if (bodyOf(each) === 'bad') throw new Error('refused');
      this.log.push(`${bodyOf(each)} comes to nothing`);
    },
    failed: (each, error) => this.log.push(`${bodyOf(each)} failed: ${(error as Error).message}`),
  });

  add(body: string | Buffer): void {
    const message = published({}, { body: [Buffer.isBuffer(body) ? body : Buffer.from(body)] });
    const publication = new Publication(() => {});
    this.late.add({ exchange: {} as Exchange, message, mandatory: false, publication });
  }

  async answer(): Promise<void> {
    this.questions.at(-1)!.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const bodyOf = ({ message }: LateMessage) => Buffer.concat(message.body).toString();

describe('messages that came to no queue', () => {
  it('wait for a question that is asked after they came, and are done in their order', async () => {
    const bed = new Bed();
    expect(bed.late.isWaiting).toBe(false);
    for (const body of ['a', 'b', 'c']) bed.add(body);
    expect([bed.late.isWaiting, bed.questions.length]).toEqual([true, 1]);
    await bed.answer();
    bed.routable.add('c');
    await bed.answer();
    expect(bed.log).toEqual(['a comes to nothing', 'b comes to nothing', 'c is routed']);
    expect([bed.late.isWaiting, bed.late.settled, bed.questions.length]).toEqual([false, undefined, 2]);
  });

  it('are asked for again where they came after the question', async () => {
    const bed = new Bed();
    bed.add('a');
    bed.routable.add('b').add('d');
    for (const body of ['b', 'c', 'd']) bed.add(body);
    await bed.answer();
    // `d` would be before `c`, of which nothing is known yet.
    expect(bed.log).toEqual(['a comes to nothing', 'b is routed']);
    expect(bed.questions).toHaveLength(2);
    await bed.answer();
    expect(bed.log.slice(2)).toEqual(['c comes to nothing', 'd is routed']);
  });

  it('fail where nobody can be asked, but for those that have a queue', async () => {
    const bed = new Bed();
    for (const body of ['a', 'b']) bed.add(body);
    bed.routable.add('b');
    bed.questions[0]!.reject(new Error('away'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(bed.log).toEqual(['a failed: away', 'b is routed']);
    bed.add('bad');
    bed.add('c');
    await bed.answer();
    await bed.answer();
    expect(bed.log.slice(2)).toEqual(['bad failed: refused', 'c comes to nothing']);
  });

  it('are copies', async () => {
    const bed = new Bed();
    const bytes = Buffer.from('a');
    bed.add(bytes);
    bytes.fill('z');
    await bed.answer();
    expect(bed.log).toEqual(['a comes to nothing']);
  });
});

describe('questions about a vhost', () => {
  it('are one for all that came before it was asked', async () => {
    const asked: PromiseWithResolvers<void>[] = [];
    const topology = {
      caughtUp: () => {
        asked.push(Promise.withResolvers<void>());
        return asked.at(-1)!.promise;
      },
    } as unknown as VhostTopology;
    const catchUps = new CatchUps();
    const first = catchUps.caughtUp(topology);
    const later = [catchUps.caughtUp(topology), catchUps.caughtUp(topology)];
    expect([asked.length, later[0] === later[1]]).toEqual([1, true]);
    asked[0]!.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await Promise.resolve();
    expect(asked).toHaveLength(2);
    asked[1]!.resolve();
    await Promise.all(later);
    await new Promise((resolve) => setImmediate(resolve));
    const fresh = catchUps.caughtUp(topology);
    expect(asked).toHaveLength(3);
    asked[2]!.resolve();
    await fresh;
  });
});
