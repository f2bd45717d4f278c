import { Buffer } from 'node:buffer';
import {
  type OutgoingEntry,
  type Producer,
  PulsarError,
  type SendDone,
  singleEntry,
  type TopicConsumer,
  type Transaction,
  type TransactionalAck,
} from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { EnlistedPost, TransactionScope } from '../node.js';
import { AmqpTransactions } from '../transactions/amqp-transactions.js';

/** Pulsar as far as transactions see it: what was asked of it, in order, and faults and pauses on demand. */
export class FakePulsarTransactions {
  readonly asked: string[] = [];
  /** By the first word of what is asked. */
  readonly faults = new Map<string, PulsarError>();
  /** While true, sends get no receipt. */
  holding = false;
  private readonly held: (() => void)[] = [];
  private begun = 0;
  /** What came for a transaction, or was still without an answer, behind its end. */
  readonly late: string[] = [];
  private readonly ended = new Set<number>();
  /** Sends without an answer, by transaction. */
  private readonly unanswered = new Map<number, number>();
  readonly front: AmqpTransactions;
  readonly scope: TransactionScope;

  constructor(timeoutMs = 10_000) {
    const pulsar = {
      transactions: { ready: () => this.ask('ready'), begin: () => this.begin() },
      createProducer: ({ topic }: { topic: string }) => this.producer(topic),
    } as unknown as ConstructorParameters<typeof AmqpTransactions>[0];
    const limits = {
      publishBytesInFlightMax: 1024 * 1024,
      publishBytesInFlightMaxPerProcess: 8 * 1024 * 1024,
    };
    this.front = new AmqpTransactions(pulsar, { transactionTimeoutMsMax: timeoutMs, ...limits }, silentLog);
    this.scope = this.front.openScope(this.identity);
  }

  readonly identity = {
    principal: { tenant: { name: 'acme', amqp: { transactions: true } } },
  } as unknown as AmqpIdentity;

  consumer(name: string): TopicConsumer {
    return {
      topic: name,
      subscription: 's',
      ackInTransaction: (acks: readonly TransactionalAck[]) => this.ask(`ack ${name} ${acks.length}`),
      ackedInTransaction: () => this.asked.push(`acked ${name}`),
    } as unknown as TopicConsumer;
  }

  post(topic: string, text: string): EnlistedPost {
    return { topic, entry: singleEntry({ value: Buffer.from(text) }) };
  }

  /** Receipts for what was held. */
  confirm(): void {
    this.holding = false;
    for (const done of this.held.splice(0)) done();
  }

  private async ask(what: string): Promise<void> {
    this.asked.push(what);
    const fault = this.faults.get(what.split(' ')[0] as string);
    if (fault) throw fault;
  }

  private count(transaction: number | undefined, sends: number): void {
    if (transaction !== undefined)
      this.unanswered.set(transaction, (this.unanswered.get(transaction) ?? 0) + sends);
  }

  private async begin(): Promise<Transaction> {
    await this.ask('begin');
    const transaction = {
      id: { txnidLeast: ++this.begun, txnidMost: 0 },
      state: 'open',
      addPartitions: (topics: Iterable<string>) => this.ask(`partitions ${[...topics].join(' ')}`),
      addSubscriptions: (all: Iterable<{ topic: string }>) =>
        this.ask(`subscriptions ${[...all].map(({ topic }) => topic).join(' ')}`),
      commit: () => end('commit'),
      abort: () => end('abort'),
    };
    const end = (how: string) => {
      const { txnidLeast } = transaction.id;
      if ((this.unanswered.get(txnidLeast) ?? 0) > 0) this.late.push(`${how} before its receipts`);
      this.ended.add(txnidLeast);
      transaction.state = 'ended';
      return this.ask(how);
    };
    return transaction as unknown as Transaction;
  }

  private async producer(topic: string): Promise<Producer> {
    await this.ask(`producer ${topic}`);
    return {
      onClosed() {},
      close: async () => {},
      send: (entry: OutgoingEntry, done: SendDone) => {
        const { txnidLeast } = entry.metadata;
        const text = String(
          entry.buffer.subarray(entry.payloadStart, Math.min(entry.payloadEnd, entry.payloadStart + 20)),
        );
        this.asked.push(`send ${topic} ${text} ${txnidLeast === undefined ? 'alone' : 'inside'}`);
        const receipt = { ledgerId: 1, entryId: 1, sequenceId: 0, highestSequenceId: 0 };
        if (txnidLeast !== undefined && this.ended.has(txnidLeast)) this.late.push(`send ${topic}`);
        this.count(txnidLeast, 1);
        const answer = () => {
          this.count(txnidLeast, -1);
          done(this.faults.get('send'), receipt);
        };
        if (this.holding) this.held.push(answer);
        else queueMicrotask(answer);
      },
    } as unknown as Producer;
  }
}
