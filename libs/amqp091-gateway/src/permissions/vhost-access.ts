import {
  type Action,
  type Authorizer,
  denyingRule,
  type Principal,
  type Resource,
  type ResourceType,
  type Verdict,
} from '#libs/auth';
import { Amqp091Error } from '#libs/amqp091-codec';
import { defaultExchangeName, type Exchange } from '../exchanges/exchange.js';
import { resourceText } from '../topology/refusals.js';
import { type Amqp091Scope, ownVhost } from '../topology/scope.js';
import type { ResourceKind, TopologyAccess } from '../topology/vhost-topology.js';
import { asDenial } from './denial.js';
import { type RabbitAction, type RabbitPermissions, rabbitPermissionsOf } from './rabbit-permissions.js';

export interface VhostAccessServices {
  readonly authorizer: Authorizer;
  readonly principal: Principal;
  readonly scope: Amqp091Scope;
  /** What the client calls itself. */
  readonly clientId?: string;
  /** The Pulsar topic of a queue, inside the namespace: who may write the one may write the other. */
  readonly topicOf: (queue: string) => string;
}

/** RabbitMQ's name of the default exchange where permissions are concerned. */
const defaultExchangeResource = 'amq.default';

const rabbitActions = {
  create: 'configure',
  delete: 'configure',
  produce: 'write',
  consume: 'read',
} as const;
type AmqpAction = keyof typeof rabbitActions & Action;

/**
 * What one connection may do to its vhost, by RabbitMQ's table of operations ("Access Control"). The tenant's rules about
 * exchanges, queues and topics decide, and the patterns of RabbitMQ's permissions allow beside them: what a rule denies stays
 * denied.
 */
export class VhostAccess implements TopologyAccess {
  constructor(private readonly services: VhostAccessServices) {}

  /** Those of the settings that the tenant has now. */
  get #rabbit(): RabbitPermissions {
    const { scope, principal, clientId } = this.services;
    return rabbitPermissionsOf(principal, scope.vhost, clientId);
  }

  /** Another number whenever an answer may have changed. */
  get version(): number {
    const { authorizer, scope } = this.services;
    return authorizer.version(scope.tenant.name);
  }

  configure(kind: ResourceKind, name: string, action: 'create' | 'delete'): void {
    this.#check(kind, name, action);
  }

  write(kind: ResourceKind, name: string): void {
    this.#check(kind, name, 'produce');
  }

  read(kind: ResourceKind, name: string): void {
    this.#check(kind, name, 'consume');
  }

  publish(exchange: Exchange, routingKey: string): void {
    if (exchange.name === defaultExchangeName) this.#publishToQueue(routingKey);
    else this.write('exchange', exchange.name);
    if (exchange.routingType === 'topic') this.#checkTopic('write', exchange.name, routingKey);
  }

  readTopic(exchange: string, routingKey: string): void {
    this.#checkTopic('read', exchange, routingKey);
  }

  /** A rule that denies the queue denies the way there that needs no binding; one that allows it allows that way. */
  #publishToQueue(queue: string): void {
    const verdict = this.#judge('queue', queue, 'produce');
    if (verdict === 'allow') return;
    if (verdict === 'deny') throw this.#refusal('queue', queue, 'produce');
    this.write('exchange', defaultExchangeName);
  }

  #check(kind: ResourceKind, name: string, action: AmqpAction): void {
    const verdict = this.#judge(kind, name, action);
    if (verdict === 'allow') return;
    const rabbitAction = rabbitActions[action];
    if (verdict === 'none' && this.#rabbit.allows(rabbitAction, permissionName(kind, name))) return;
    throw this.#refusal(kind, name, action);
  }

  #judge(kind: ResourceKind, name: string, action: AmqpAction): Verdict {
    const { authorizer, scope, topicOf } = this.services;
    if (authorizer.hasPolicy(scope.tenant.name)) return this.#judgeByPolicy(kind, name, action);
    const own = this.#ask(kind, resourceName(scope.vhost, permissionName(kind, name)), action);
    if (kind === 'exchange' || own === 'deny' || name === '') return own;
    const topic = this.#ask('topic', resourceName(scope.vhost, topicOf(name)), action);
    return topic === 'none' ? own : topic;
  }

  /**
   * A policy says no to all that it does not know, and what it knows is topics: messages are read and written by what it
   * says of those, while what else is done with exchanges and queues may be allowed by RabbitMQ's permissions.
   */
  #judgeByPolicy(kind: ResourceKind, name: string, action: AmqpAction): Verdict {
    const { scope, topicOf } = this.services;
    if (this.#ask(kind, resourceName(scope.vhost, permissionName(kind, name)), action) === 'allow')
      return 'allow';
    if (kind === 'exchange') return 'none';
    const topic = this.#ask('topic', resourceName(scope.vhost, topicOf(name)), action);
    return topic === 'deny' && (action === 'create' || action === 'delete') ? 'none' : topic;
  }

  #ask(type: ResourceType, name: string, action: Action): Verdict {
    const { authorizer, principal, clientId } = this.services;
    return authorizer.judge(principal, action, { type, name }, clientId);
  }

  #checkTopic(action: 'write' | 'read', exchange: string, routingKey: string): void {
    if (this.#rabbit.allowsTopic(action, exchange, routingKey)) return;
    const { scope, principal, clientId } = this.services;
    const error = new Amqp091Error(
      'access-refused',
      `${action} access to topic '${routingKey}' in exchange topic '${exchange}' in vhost '${scope.vhost}' refused ` +
        `for user '${principal.user}'`,
    );
    const resource = { type: 'routing-key', name: `${resourceName(scope.vhost, exchange)} ${routingKey}` };
    throw asDenial(error, {
      act: {
        action: action === 'write' ? 'produce' : 'consume',
        resource,
        ...(clientId !== undefined && { clientId }),
      },
      ruleOf: () => 'topicPermissions of AMQP 0-9-1',
    });
  }

  #topicsOf(kind: ResourceKind, name: string): Resource[] {
    const { scope, topicOf } = this.services;
    if (kind === 'exchange' || name === '') return [];
    return [{ type: 'topic', name: resourceName(scope.vhost, topicOf(name)) }];
  }

  #refusal(kind: ResourceKind, name: string, asked: AmqpAction): Amqp091Error {
    const { authorizer, scope, principal, clientId } = this.services;
    const action: RabbitAction = rabbitActions[asked];
    const what = resourceText(kind, permissionName(kind, name), scope.vhost);
    const error = new Amqp091Error(
      'access-refused',
      `${action} access to ${what} refused for user '${principal.user}'`,
    );
    const resource = { type: kind, name: resourceName(scope.vhost, permissionName(kind, name)) };
    return asDenial(error, {
      act: { action: asked, resource, ...(clientId !== undefined && { clientId }) },
      ruleOf: () =>
        denyingRule(authorizer, principal, asked, [resource, ...this.#topicsOf(kind, name)], clientId),
    });
  }
}

function permissionName(kind: ResourceKind, name: string): string {
  return kind === 'exchange' && name === defaultExchangeName ? defaultExchangeResource : name;
}

/**
 * What rules call it: the name itself in the tenant's own namespace, `//<vhost>/<name>` in another, with the vhost
 * percent-encoded, but with `=` for `%`, which is a placeholder in rules. A name that looks like that is written so, too: no two things have one name.
 */
export function resourceName(vhost: string, name: string): string {
  if (vhost === ownVhost && !name.startsWith('//')) return name;
  return `//${encodeURIComponent(vhost).replaceAll('%', '=')}/${name}`;
}
