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
import { heldBytesPerProcessMax, transactionsPerTenantMax } from './transaction-limits.js';
import { TransactionalProducers } from './transactional-producers.js';

const endings = ['committed', 'rolled-back', 'timed-out', 'failed'] as const;

/** One tenant has this of the process's bytes. */
const tenantShare = 0.5;

/** What transactions have of one tenant; it stays as long as the process, as tenants do. */
interface TenantTransactions {
  open: number;
  readonly held: PublishBudget;
  /** What streams to Pulsar before its discharge. */
  readonly streaming: PublishBudget;
}

/** AMQP transactions on Pulsar's, of all connections of a process. */
export class AmqpTransactions implements Transactions {
  private readonly producers: TransactionalProducers;
  private readonly tenants = new Map<string, TenantTransactions>();
  private readonly held = new PublishBudget(heldBytesPerProcessMax);
  private readonly streaming: PublishBudget;
  private readonly ended = { committed: 0, 'rolled-back': 0, 'timed-out': 0, failed: 0 };

  constructor(
    private readonly pulsar: Pick<PulsarClient, 'transactions' | 'createProducer'>,
    private readonly options: Pick<
      AmqpOptions,
      'transactionTimeoutMsMax' | 'publishBytesInFlightMax' | 'publishBytesInFlightMaxPerProcess'
    >,
    private readonly log: Log,
  ) {
    this.producers = new TransactionalProducers(pulsar, options.transactionTimeoutMsMax);
    this.streaming = new PublishBudget(options.publishBytesInFlightMaxPerProcess);
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_amqp_transactions_open',
      help: 'AMQP transactions that are declared and not ended.',
      read: () => [...this.tenants.values()].reduce((sum, { open }) => sum + open, 0),
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
    let streaming: PublishBudget | undefined;
    return new ConnectionTransactions(() => {
      const known = this.known(tenant);
      streaming ??= new PublishBudget(this.options.publishBytesInFlightMax, known.streaming);
      return this.begin(tenant, known, streaming);
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

  private known({ name }: Tenant): TenantTransactions {
    let known = this.tenants.get(name);
    if (known === undefined) {
      const streamingMax = this.options.publishBytesInFlightMaxPerProcess * tenantShare;
      known = {
        open: 0,
        held: new PublishBudget(heldBytesPerProcessMax * tenantShare, this.held),
        streaming: new PublishBudget(streamingMax, this.streaming),
      };
      this.tenants.set(name, known);
    }
    return known;
  }

  private begin(tenant: Tenant, known: TenantTransactions, budget: PublishBudget): LocalTransaction {
    const { producers, log, pulsar } = this;
    const { held, open } = known;
    if (open >= transactionsPerTenantMax) {
      throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, `${open} transactions are open`);
    }
    known.open++;
    return new LocalTransaction({
      ...{ tenant, producers, held, budget, log },
      pulsar: pulsar.transactions,
      timeoutMs: this.options.transactionTimeoutMsMax,
      onEnded: (how) => {
        this.ended[how]++;
        known.open--;
      },
    });
  }
}
