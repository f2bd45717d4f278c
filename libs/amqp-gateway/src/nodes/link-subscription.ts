import { type AmqpComposite, AmqpErrorCondition, type AmqpFields } from '#libs/amqp-codec';
import { encodeName } from '#libs/auth';
import { AmqpError } from '../amqp.errors.js';
import type { SubscriptionPlan } from './node-plan.js';

const nameCharsMax = 249;
/** Behind the name of a subscription, in the name of a link: Qpid JMS numbers the links of shared subscriptions so. */
const linkMark = '|';
/** Of a subscription that no client asked to be alone on: without a client id (Qpid JMS). */
const globalLink = '|global';

/** A property of an attach: the subscription of a topic by its name, as `T::S` names it in an address. */
const subscriptionProperty = 'x-opt-subscription';
/** `pulsegate.kind` of a subscription that ends with its last receiver. */
export const volatileKind = 'amqp-volatile';
/** How the name of one ends. */
export const volatileMark = '::volatile';

/** What an attach says about its receiver's subscription. */
export interface SubscriptionRequest {
  readonly containerId: string;
  readonly linkName: string;
  readonly source: Pick<AmqpComposite<'source'>, 'durable' | 'expiryPolicy' | 'capabilities'>;
}

/**
 * The Pulsar subscription of a receiver on a topic, undefined where it needs none. As Qpid JMS asks for them: a terminus
 * that outlives its link is a durable subscription, named by container and link; with the capability `shared` several links
 * share it, whose names differ behind a `|`; with `global` too it is named by the link alone. Names of different kinds
 * never meet: no part of one has a ":".
 */
export function linkSubscription(request: SubscriptionRequest): SubscriptionPlan | undefined {
  const { containerId, linkName, source } = request;
  const capabilities = source.capabilities ?? [];
  const durable = source.durable > 0 || source.expiryPolicy === 'never';
  const shared = capabilities.includes('shared');
  if (!durable && !shared) return undefined;
  const global = shared && capabilities.includes('global');
  const scoped = subscriptionName(containerId, shared ? beforeMark(linkName) : linkName, global);
  const name = durable ? scoped : `${scoped}${volatileMark}`;
  if (name.length > nameCharsMax) {
    const message = `container id and link name are too long for a subscription of ${nameCharsMax} characters`;
    throw new AmqpError(AmqpErrorCondition.INVALID_FIELD, message);
  }
  return {
    ...{ name, type: shared ? 'Shared' : 'Exclusive', position: 'latest' },
    properties: {
      'pulsegate.kind': durable ? 'amqp-subscription' : volatileKind,
      'pulsegate.amqp.container': global ? '' : containerId,
    },
    endsWhen: durable ? 'closed' : 'left',
    unmatched: 'ack',
  };
}

/**
 * The subscription that an attach names beside its address.
 *
 * @throws AmqpError `amqp:invalid-field`
 */
export function askedSubscription(properties: AmqpFields | undefined): string | undefined {
  const asked = properties?.get(subscriptionProperty);
  if (asked === undefined || asked.type === 'null') return undefined;
  if (asked.type === 'string') return asked.value;
  throw new AmqpError(AmqpErrorCondition.INVALID_FIELD, `${subscriptionProperty} is a string`);
}

/** Which subscription a link asks for that names no source: Qpid JMS, before it deletes one. */
export function namedSubscription(containerId: string, linkName: string): string {
  const global = linkName.endsWith(globalLink);
  return subscriptionName(containerId, global ? linkName.slice(0, -globalLink.length) : linkName, global);
}

function subscriptionName(containerId: string, name: string, global: boolean): string {
  return global ? encodeName(name) : `${encodeName(containerId)}:${encodeName(name)}`;
}

function beforeMark(linkName: string): string {
  const at = linkName.indexOf(linkMark);
  return at < 0 ? linkName : linkName.slice(0, at);
}
