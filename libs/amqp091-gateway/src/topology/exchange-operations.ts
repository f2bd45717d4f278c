import { randomUUID } from 'node:crypto';
import { Amqp091Error, fieldOf, fieldText } from '#libs/amqp091-codec';
import { defaultExchangeName, type Exchange } from '../exchanges/exchange.js';
import { parseExchangeType, routingTypeOf } from '../exchanges/exchange-type.js';
import { fieldTypeNames } from '../exchanges/field-comparison.js';
import { assertSameExchange } from './equivalence.js';
import {
  checkNotReserved,
  defaultExchangeRefusal,
  notFound,
  preconditionFailed,
  resourceText,
} from './refusals.js';
import type { Removals } from './removals.js';
import { declarationKey, type ExchangeRecord, tableOf } from './topology-record.js';
import type { VhostServices } from './vhost-services.js';
import type { ExchangeDeclaration, TopologyClient } from './vhost-topology.js';

const alternateArgument = 'alternate-exchange';

/** exchange.declare and exchange.delete, in RabbitMQ's order of checks. */
export class ExchangeOperations {
  constructor(
    private readonly services: VhostServices,
    private readonly removals: Removals,
  ) {}

  async declare(declaration: ExchangeDeclaration, client: TopologyClient): Promise<Exchange> {
    const { scope, state, records } = this.services;
    const { access } = client;
    const { exchange: name, durable, autoDelete, internal } = declaration;
    const type = parseExchangeType(declaration.type);
    if (name === defaultExchangeName) throw defaultExchangeRefusal();
    access.configure('exchange', name, 'create');
    const asked = { type, durable, autoDelete, internal, arguments: tableOf(declaration.arguments) };
    if (state.exchanges.inForce(name) !== undefined) await records.caughtUp();
    const known = state.exchanges.inForce(name);
    if (known !== undefined) {
      assertSameExchange(known, asked, scope.vhost);
      return known;
    }
    checkNotReserved('exchange', name);
    this.#checkAlternate(name, asked, access);
    routingTypeOf(type, asked.arguments);
    this.#checkRoom(name);
    const record: ExchangeRecord = { kind: 'exchange', vhost: scope.vhost, name, ...asked };
    const uid = randomUUID();
    await records.put(declarationKey('exchange', uid), record);
    const agreed = await this.#agree(name, uid, asked);
    if (agreed.uid === uid) client.changed?.('exchange.create', name);
    return agreed;
  }

  /** Whoever was first in the log has declared it. */
  async #agree(
    name: string,
    uid: string,
    asked: Parameters<typeof assertSameExchange>[1],
  ): Promise<Exchange> {
    const { scope, state, records } = this.services;
    const first = state.exchanges.inForce(name);
    if (first?.uid !== uid) await records.put(declarationKey('exchange', uid), null);
    // Deleted again before it was answered.
    if (first === undefined) throw notFound('exchange', name, scope.vhost);
    if (first.uid !== uid) assertSameExchange(first, asked, scope.vhost);
    return first;
  }

  #checkAlternate(
    name: string,
    { arguments: table }: Pick<Exchange, 'arguments'>,
    access: TopologyClient['access'],
  ): void {
    const value = fieldOf(table, alternateArgument);
    if (value === undefined) return;
    if (value.tag !== 'S') {
      const what = resourceText('exchange', name, this.services.scope.vhost);
      throw preconditionFailed(
        `invalid type '${fieldTypeNames[value.tag]}' for arg '${alternateArgument}' in ${what}`,
      );
    }
    access.read('exchange', name);
    access.write('exchange', fieldText(value)!);
  }

  #checkRoom(name: string): void {
    const { counts, limits, records, scope } = this.services;
    if (counts.exchange + records.making.exchange < limits.exchangesMax) return;
    throw preconditionFailed(
      `cannot declare exchange '${name}': exchange limit in vhost '${scope.vhost}' (${limits.exchangesMax}) is reached`,
    );
  }

  async check(name: string): Promise<Exchange> {
    const { scope, state, records } = this.services;
    if (name === defaultExchangeName) throw defaultExchangeRefusal();
    if (state.exchanges.inForce(name) === undefined) await records.caughtUp();
    const found = state.exchanges.inForce(name);
    if (found === undefined) throw notFound('exchange', name, scope.vhost);
    return found;
  }

  async delete(name: string, ifUnused: boolean, client: TopologyClient): Promise<void> {
    const { scope, state, records } = this.services;
    const what = resourceText('exchange', name, scope.vhost);
    if (name === defaultExchangeName) throw defaultExchangeRefusal();
    if (name.startsWith('amq.')) {
      throw new Amqp091Error('access-refused', `deletion of system ${what} not allowed`);
    }
    client.access.configure('exchange', name, 'delete');
    await records.caughtUp();
    const exchange = state.exchanges.inForce(name);
    if (exchange === undefined) return;
    if (!ifUnused) await this.removals.remove('exchange', exchange);
    else if (!(await this.removals.removeUnused(exchange))) throw preconditionFailed(`${what} in use`);
    client.changed?.('exchange.delete', name);
  }
}
