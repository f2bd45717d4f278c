import { type AmqpComposite, type AmqpFields, describedComposite } from '#libs/amqp-codec';
import type { SourceFilters } from '../selectors/source-filters.js';

/** Capabilities of termini that are granted where they are asked for. */
const sourceCapabilities = ['queue', 'topic', 'shared', 'global', 'temporary-queue', 'temporary-topic'];
const targetCapabilities = ['queue', 'topic', 'temporary-queue', 'temporary-topic'];
/** AMQP 3.4: what may become of a delivery. */
const outcomes = ['amqp:accepted:list', 'amqp:rejected:list', 'amqp:released:list', 'amqp:modified:list'];
/** The only life of a dynamic node (AMQP 3.5.10). */
const dynamicNodeProperties: AmqpFields = new Map([
  ['lifetime-policy', describedComposite({ type: 'delete-on-close' })],
]);

interface Granted {
  readonly address: string | undefined;
  /** The node was made for this link. */
  readonly dynamic: boolean;
}

/** What the client is told of its target: never more than what it has (AMQP 2.6.3). */
export function negotiatedTarget(
  { durable, expiryPolicy, capabilities }: AmqpComposite<'target'>,
  { address, dynamic }: Granted,
): AmqpComposite<'target'> {
  return {
    ...{ type: 'target', address, durable, expiryPolicy, timeout: 0, dynamic },
    ...(dynamic && { dynamicNodeProperties }),
    ...grantedOf(capabilities, targetCapabilities),
  };
}

/** The same of its source. @param outlives whether it is there again when the link is */
export function negotiatedSource(
  { durable, expiryPolicy, capabilities, distributionMode, filter }: AmqpComposite<'source'>,
  { address, dynamic, outlives, filters }: Granted & { outlives: boolean; filters: SourceFilters },
): AmqpComposite<'source'> {
  const inForce = new Map([...(filter ?? [])].filter(([name]) => filters.names.includes(name)));
  return {
    ...{ type: 'source', address, timeout: 0, dynamic },
    durable: outlives ? Math.max(1, durable) : 0,
    expiryPolicy: outlives ? 'never' : expiryPolicy === 'never' ? 'link-detach' : expiryPolicy,
    ...(dynamic && { dynamicNodeProperties }),
    ...(distributionMode !== undefined && { distributionMode }),
    ...(inForce.size > 0 && { filter: inForce }),
    outcomes,
    ...grantedOf(capabilities, sourceCapabilities),
  };
}

function grantedOf(
  asked: readonly string[] | undefined,
  known: readonly string[],
): { capabilities?: readonly string[] } {
  const granted = (asked ?? []).filter((capability) => known.includes(capability));
  return granted.length === 0 ? {} : { capabilities: granted };
}
