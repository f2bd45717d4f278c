import { AmqpErrorCondition } from '#libs/amqp-codec';
import { decodeName, encodeName, topicNameFault } from '#libs/auth';
import { AmqpError } from './amqp.errors.js';

/**
 * What an address of a client names, inside its tenant, in canonical form: one address object for one thing. `name` is
 * that of the Pulsar topic, inside the tenant's namespace, and what permissions are about.
 */
export type AmqpAddress =
  /** A Pulsar topic: each receiver has its own subscription or position. */
  | { readonly kind: 'topic'; readonly name: string }
  /** A Pulsar topic with the one Shared subscription {@link queueSubscription}. */
  | { readonly kind: 'queue'; readonly name: string }
  /** A named Shared subscription of a topic: `T::S`. */
  | { readonly kind: 'subscription'; readonly name: string; readonly subscription: string }
  /** A queue, or topic, that ends with the connection that made it. */
  | { readonly kind: 'temporary'; readonly name: string; readonly of: 'queue' | 'topic' };

/** The subscription that makes a queue of a Pulsar topic. AMQP 0-9-1 and 1.0 share it. */
export const queueSubscription = 'pulsegate.queue';

/** Longer ones are no names: what they cost is bounded before they are looked at. */
const addressCharsMax = 2_048;
const subscriptionCharsMax = 249;
const temporaryPrefix = 'amqp.temp-';
const temporaryName = /^amqp\.temp-(queue|topic)\.[a-z0-9-]+\.[0-9a-f-]{36}$/;
const subscriptionMark = '::';
const pulsarPrefix = 'persistent://';

/** How an address says what it is; without one, the capabilities `queue` and `topic` of its terminus say it. */
const prefixes: readonly { readonly text: string; readonly kind: 'queue' | 'topic'; percent: boolean }[] = [
  // RabbitMQ's addresses, version 2: percent-encoded.
  { text: '/queues/', kind: 'queue', percent: true },
  { text: '/topics/', kind: 'topic', percent: true },
  // As JMS providers write them.
  { text: 'queue://', kind: 'queue', percent: false },
  { text: 'topic://', kind: 'topic', percent: false },
];

/**
 * What an address names: `T`, `/topics/T`, `/queues/Q`, `T::S` (a subscription, as Artemis has it), each also with a full
 * Pulsar name of the tenant's namespace. A plain name is a topic unless the capabilities say that it is a queue.
 *
 * @param namespace `<pulsar tenant>/<namespace>` of the tenant
 * @throws AmqpError `amqp:invalid-field`, or `amqp:unauthorized-access` for what is outside the namespace
 */
export function parseAddress(text: string, capabilities: readonly string[], namespace: string): AmqpAddress {
  if (text.length > addressCharsMax) throw invalid(`it has more than ${addressCharsMax} characters`);
  const prefix = prefixes.find((each) => text.startsWith(each.text));
  const asked = askedKind(capabilities);
  const kind = prefix?.kind ?? asked ?? 'topic';
  if (asked !== undefined && asked !== kind) throw invalid(`it names a ${kind}, the capability a ${asked}`);
  if (prefix === undefined && text.startsWith('/'))
    throw invalid('what begins with "/" is /queues/<name> or /topics/<name>');
  const rest = prefix === undefined ? text : text.slice(prefix.text.length);
  const at = rest.indexOf(subscriptionMark, rest.startsWith(pulsarPrefix) ? pulsarPrefix.length : 0);
  const named = at < 0 ? rest : rest.slice(0, at);
  const name = topicName(prefix?.percent ? decodePercent(named) : named, namespace);
  if (at < 0) return addressOf(kind, name);
  if (kind === 'queue') throw invalid('a queue has no other subscriptions');
  // Only the connection that made it receives from it.
  if (addressOf(kind, name).kind === 'temporary')
    throw invalid('a temporary node has no other subscriptions');
  const subscription = rest.slice(at + subscriptionMark.length);
  return {
    ...{ kind: 'subscription', name },
    subscription: subscriptionName(prefix?.percent ? decodePercent(subscription) : subscription),
  };
}

/**
 * The subscription of a topic that is named beside its address.
 *
 * @throws AmqpError `amqp:invalid-field`
 */
export function subscriptionOf({ kind, name }: AmqpAddress, subscription: string): AmqpAddress {
  if (kind !== 'topic') throw invalid('only a topic has a subscription that is named beside it');
  return { kind: 'subscription', name, subscription: subscriptionName(subscription) };
}

/** An address that `parseAddress` reads, with any capabilities, as this one. */
export function formatAddress(address: AmqpAddress, namespace: string): string {
  const { kind, name } = address;
  if (kind === 'temporary') return name;
  const decoded = decodeName(name);
  const isPlain = decoded !== undefined && reservedFault(decoded) === undefined;
  const named = encodeURIComponent(isPlain ? decoded : `${pulsarPrefix}${namespace}/${name}`);
  if (kind === 'queue') return `/queues/${named}`;
  const subscription = kind === 'subscription' ? (decodeName(address.subscription) ?? '') : undefined;
  return `/topics/${named}${subscription === undefined ? '' : `${subscriptionMark}${encodeURIComponent(subscription)}`}`;
}

/** The name of a temporary node of a gateway. Nobody can guess it, so who knows it was told. */
export function temporaryNodeName(of: 'queue' | 'topic', instance: string, uuid: string): string {
  return `${temporaryPrefix}${of}.${instance}.${uuid}`;
}

/** Of which gateway a temporary node is; undefined: it is none. */
export function temporaryNodeInstance(name: string): string | undefined {
  return temporaryName.test(name) ? name.split('.')[2] : undefined;
}

function askedKind(capabilities: readonly string[]): 'queue' | 'topic' | undefined {
  if (capabilities.includes('queue')) return 'queue';
  return capabilities.includes('topic') ? 'topic' : undefined;
}

function addressOf(kind: 'queue' | 'topic', name: string): AmqpAddress {
  if (!name.startsWith(temporaryPrefix)) return { kind, name };
  const match = temporaryName.exec(name);
  if (match === null)
    throw invalid(`names that begin with "${temporaryPrefix}" are those of temporary nodes`);
  return { kind: 'temporary', name, of: match[1] as 'queue' | 'topic' };
}

/** Of a Pulsar topic, from how a client calls it. */
function topicName(text: string, namespace: string): string {
  if (!text.includes('://')) {
    if (text === '') throw invalid('a name is not empty');
    const name = encodeName(text);
    const fault = reservedFault(text) ?? topicNameFault(name);
    if (fault !== undefined) throw invalid(fault);
    return name;
  }
  const own = `${pulsarPrefix}${namespace}/`;
  // Not told apart: whether there is such a namespace is not the client's business.
  if (!text.startsWith(own)) {
    const message = 'the address is outside what the client may name';
    throw new AmqpError(AmqpErrorCondition.UNAUTHORIZED_ACCESS, message);
  }
  const name = text.slice(own.length);
  const fault = topicNameFault(name);
  if (fault !== undefined) throw invalid(fault);
  return name;
}

/** What Kafka's clients are refused too: an encoded name would be another topic than the one that is meant. */
function reservedFault(text: string): string | undefined {
  return topicNameFault(text.replaceAll(/[^A-Za-z0-9._-]/g, 'x'));
}

/** Of a Pulsar subscription: without the ":" that the gateway's own names have. */
function subscriptionName(text: string): string {
  if (text === '') throw invalid('the name of a subscription is not empty');
  const name = encodeName(text);
  if (name.length > subscriptionCharsMax) {
    throw invalid(`the name of a subscription has at most ${subscriptionCharsMax} characters`);
  }
  return name;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('it is not percent-encoded as it should be');
  }
}

function invalid(why: string): AmqpError {
  return new AmqpError(AmqpErrorCondition.INVALID_FIELD, `address: ${why}`);
}
