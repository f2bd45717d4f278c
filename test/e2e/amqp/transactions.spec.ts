// Transactions of AMQP 1.0 clients, over the wire: what is sent and what is settled becomes true together.
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AmqpCompositeInput,
  amqpBinary,
  decodeBody,
  describedComposite,
  encodeValueSection,
  findSections,
} from '#libs/amqp-codec';
import { dataMessage } from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';

const setUpTimeoutMs = 120_000;
const coordinator = { type: 'coordinator', capabilities: ['amqp:local-transactions'] } as const;
const coordinatorHandle = 9;
let gateway: TestGateway;

beforeAll(async () => {
  const users = [{ name: 'alice', password: 'secret' }];
  gateway = await startGateway({
    tenants: [
      { name: 'acme', permissions: [allowAll], users, amqp: { transactions: true } },
      { name: 'globex', permissions: [allowAll], users },
    ],
    amqp: true,
  });
}, setUpTimeoutMs);

afterAll(() => gateway?.stop(), setUpTimeoutMs);

type Wire = Awaited<ReturnType<typeof openAmqpWire>>;
type Outcome = AmqpCompositeInput<'accepted' | 'released' | 'modified' | 'rejected'>;

/** A client that can do transactions. */
class TransactionalClient {
  private deliveries = 0;

  private constructor(readonly wire: Wire) {}

  static async open(user = 'acme/alice'): Promise<TransactionalClient> {
    const wire = await openAmqpWire(gateway.amqp.tcp);
    await wire.open({ user, password: 'secret' });
    await wire.begin();
    return new TransactionalClient(wire);
  }

  attachCoordinator() {
    return this.wire.attachSender(undefined, { target: coordinator, handle: coordinatorHandle });
  }

  async declare(): Promise<Buffer> {
    const { state } = await this.send(coordinatorHandle, value({ type: 'declare' }));
    if (state?.type !== 'declared') throw new Error(`not declared but ${state?.type}`);
    return state.txnId;
  }

  /** Undefined: it was done. */
  async discharge(txnId: Buffer, fail = false): Promise<string | undefined> {
    const { state } = await this.send(coordinatorHandle, value({ type: 'discharge', txnId, fail }));
    if (state?.type === 'rejected') return state.error?.condition;
    if (state?.type !== 'accepted') throw new Error(`${state?.type}`);
    return undefined;
  }

  /** What the gateway says of it. */
  send(handle: number, message: Buffer, txnId?: Buffer) {
    const deliveryId = this.deliveries++;
    const deliveryTag = Buffer.from(`t${deliveryId}`);
    const state = txnId && ({ type: 'transactional-state', txnId } as const);
    const transfer = { type: 'transfer', handle, deliveryId, deliveryTag, messageFormat: 0, state } as const;
    this.wire.send(transfer, 0, message);
    return this.wire.first('disposition', ({ role, first, last = first }) => {
      return role && first <= deliveryId && deliveryId <= last;
    });
  }

  /** The gateway's handle: what `receive` takes. */
  async receiver(address: string, handle: number, credit = 10): Promise<number> {
    return (await this.wire.attachReceiver(address, { handle, credit })).handle;
  }

  async receive(handle: number) {
    const transfer = await this.wire.first('transfer', (frame) => frame.handle === handle);
    const body = decodeBody(findSections(transfer.payload));
    const text = body.kind === 'data' ? String(Buffer.concat(body.parts)) : body.kind;
    return { deliveryId: transfer.deliveryId as number, text };
  }

  settle(deliveryId: number, txnId: Buffer, outcome: Outcome = { type: 'accepted' }, settled = true): void {
    this.wire.settle(deliveryId, { type: 'transactional-state', txnId, outcome }, { settled });
  }
}

const value = (composite: AmqpCompositeInput<'declare' | 'discharge'>) =>
  encodeValueSection(describedComposite(composite));

/** Stores messages in a queue, without a transaction. */
async function fill(queue: string, ...texts: string[]): Promise<void> {
  const client = await TransactionalClient.open();
  await client.wire.attachSender(`/queues/${queue}`);
  for (const text of texts) await client.send(0, dataMessage(text));
  await client.wire.close();
}

describe('transactions', () => {
  it('are refused where the tenant has none', async () => {
    const client = await TransactionalClient.open('globex/alice');
    const attach = await client.attachCoordinator();
    expect(attach.target).toBeUndefined();
    const detach = await client.wire.first('detach');
    expect(detach).toMatchObject({ closed: true, error: { condition: 'amqp:not-implemented' } });
    await client.wire.close();
  });

  it('take from one queue and put into another, all or nothing', async () => {
    await fill('in', 'one', 'two');
    const client = await TransactionalClient.open();
    const attach = await client.attachCoordinator();
    expect(attach.target).toMatchObject({ type: 'coordinator' });
    const from = await client.receiver('/queues/in', 0, 2);
    await client.wire.attachSender('/queues/out', { handle: 1 });
    const [one, two] = [await client.receive(from), await client.receive(from)];
    expect([one.text, two.text]).toEqual(['one', 'two']);

    const undone = await client.declare();
    const posted = await client.send(1, dataMessage('undone'), undone);
    const accepted = { type: 'transactional-state', txnId: undone, outcome: { type: 'accepted' } };
    expect(posted).toMatchObject({ settled: true, state: accepted });
    // Not settled: after the rollback it is still the client's.
    client.settle(one.deliveryId, undone, { type: 'accepted' }, false);
    expect(await client.discharge(undone, true)).toBeUndefined();

    const done = await client.declare();
    await client.send(1, dataMessage('done'), done);
    client.settle(one.deliveryId, done);
    expect(await client.discharge(done)).toBeUndefined();
    expect(await client.discharge(done)).toBe('amqp:transaction:unknown-id');

    const reader = await TransactionalClient.open();
    const out = await reader.receiver('/queues/out', 0);
    expect((await reader.receive(out)).text).toBe('done');
    await client.wire.close();
    // What is left of `in` is what was not accepted.
    const left = await reader.receiver('/queues/in', 1);
    expect((await reader.receive(left)).text).toBe('two');
    await fill('in', 'three');
    expect((await reader.receive(left)).text).toBe('three');
    expect(reader.wire.has('transfer')).toBe(false);
    await reader.wire.close();
  }, 30_000);

  it('give back what was settled in them when they roll back, as JMS sessions do; also when the client is lost', async () => {
    await fill('jobs', 'job');
    const client = await TransactionalClient.open();
    await client.attachCoordinator();
    const jobs = await client.receiver('/queues/jobs', 0);
    const job = await client.receive(jobs);
    const first = await client.declare();
    client.settle(job.deliveryId, first);
    expect(await client.discharge(first, true)).toBeUndefined();
    const again = await client.receive(jobs);
    expect(again.text).toBe('job');
    const second = await client.declare();
    client.settle(again.deliveryId, second);
    client.wire.cut();
    const other = await TransactionalClient.open();
    expect((await other.receive(await other.receiver('/queues/jobs', 0))).text).toBe('job');
    await other.wire.close();
  }, 30_000);

  it('cannot commit when a message of them was refused, and know only their own ids', async () => {
    const client = await TransactionalClient.open();
    await client.attachCoordinator();
    await client.wire.attachSender('/queues/kept-clean', { handle: 1 });
    const id = await client.declare();
    await client.send(1, dataMessage('good'), id);
    expect((await client.send(1, Buffer.from('no message'), id)).state?.type).toBe('rejected');
    expect(await client.discharge(id)).toBe('amqp:transaction:rollback');
    expect((await client.send(1, dataMessage('lost'), Buffer.alloc(8))).state).toMatchObject({
      type: 'rejected',
      error: { condition: 'amqp:transaction:unknown-id' },
    });
    await client.send(1, dataMessage('after'));
    expect((await client.receive(await client.receiver('/queues/kept-clean', 2))).text).toBe('after');
    // Acquiring in a transaction is not served, and not passed over.
    client.wire.flow(2, 20, { properties: new Map([['txn-id', amqpBinary(id)]]) });
    const refused = await client.wire.first('detach');
    expect(refused.error?.condition).toBe('amqp:not-implemented');
    await client.wire.close();
  }, 30_000);
});
