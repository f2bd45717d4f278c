import { AmqpErrorCondition } from '#libs/amqp-codec';
import { PublishBudget, type PulsarClient } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { Log, Metrics } from '#libs/telemetry';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type { AmqpOptions } from '../amqp.options.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { MessageTarget, TargetRequest, Transactions, TransactionScope } from '../node.js';
import { ConnectionTransactions } from './connection-transactions.js';
import { CoordinatorTarget } from './coordinator-target.js';
import { LocalTransaction } from './local-transaction.js';
import { notImplemented } from './no-transactions.js';
import { transactionsPerTenantMax } from './transaction-limits.js';
import type { HeldBytes } from './transaction-outbox.js';
import { TransactionalProducers } from './transactional-producers.js';

const endings = ['committed', 'rolled-back', 'timed-out', 'failed'] as const;

/** AMQP transactions on Pulsar's, of all connections of a process. */
export class AmqpTransactions implements Transactions {
  private readonly producers: TransactionalProducers;
  private readonly held: HeldBytes = { bytes: 0 };
  private readonly openByTenant = new Map<string, number>();
  private readonly ended = { committed: 0, 'rolled-back': 0, 'timed-out': 0, failed: 0 };

  /** What streams to Pulsar before its discharge, over all connections. */
  private readonly budget: PublishBudget;

  constructor(
    private readonly pulsar: Pick<PulsarClient, 'transactions' | 'createProducer'>,
    private readonly options: Pick<
      AmqpOptions,
      'transactionTimeoutMsMax' | 'publishBytesInFlightMax' | 'publishBytesInFlightMaxPerProcess'
    >,
    private readonly log: Log,
  ) {
    this.producers = new TransactionalProducers(pulsar, options.transactionTimeoutMsMax);
    this.budget = new PublishBudget(options.publishBytesInFlightMaxPerProcess);
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_amqp_transactions_open',
      help: 'AMQP transactions that are declared and not ended.',
      read: () => [...this.openByTenant.values()].reduce((sum, open) => sum + open, 0),
    });
    metrics.gauge({
      name: 'pulsegate_amqp_transaction_held_bytes',
      help: 'Bytes of messages that wait here for their transaction’s discharge, or for Pulsar’s receipt.',
      read: () => this.held.bytes,
    });
    metrics.counter({
      name: 'pulsegate_amqp_transactions_total',
      help: 'AMQP transactions by how they ended.',
      labelNames: ['outcome'],
      read: () => endings.map((outcome) => ({ labels: { outcome }, value: this.ended[outcome] })),
    });
  }

  openScope({ principal }: AmqpIdentity): TransactionScope {
    const { tenant } = principal;
    let budget: PublishBudget | undefined;
    return new ConnectionTransactions(() => {
      budget ??= new PublishBudget(this.options.publishBytesInFlightMax, this.budget);
      return this.begin(tenant, budget);
    });
  }

  async openCoordinator({ identity, transactions }: TargetRequest): Promise<MessageTarget> {
    if (identity.principal.tenant.amqp?.transactions !== true) throw notImplemented();
    try {
      await this.pulsar.transactions.ready();
    } catch (error) {
      throw asAmqpError(error);
    }
    return new CoordinatorTarget(transactions);
  }

  /** Closes the Pulsar producers; connections have closed their scopes before. */
  close(): Promise<void> {
    return this.producers.close();
  }

  private begin(tenant: Tenant, budget: PublishBudget): LocalTransaction {
    const { producers, held, log, pulsar } = this;
    const open = this.openByTenant.get(tenant.name) ?? 0;
    if (open >= transactionsPerTenantMax) {
      throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, `${open} transactions are open`);
    }
    this.openByTenant.set(tenant.name, open + 1);
    return new LocalTransaction({
      ...{ tenant, producers, held, budget, log },
      pulsar: pulsar.transactions,
      timeoutMs: this.options.transactionTimeoutMsMax,
      onEnded: (how) => {
        this.ended[how]++;
        const left = (this.openByTenant.get(tenant.name) ?? 1) - 1;
        if (left > 0) this.openByTenant.set(tenant.name, left);
        else this.openByTenant.delete(tenant.name);
      },
    });
  }
}
