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

/**
 * How long a source lives: `named`, by the name of its link, until that is closed; `node`, as what it receives from does,
 * whatever the link asks; `link`, no longer than that.
 */
export type SourceLife = 'named' | 'node' | 'link';

/** The same of its source. */
export function negotiatedSource(
  { durable, expiryPolicy, capabilities, distributionMode, filter }: AmqpComposite<'source'>,
  { address, dynamic, life, filters }: Granted & { life: SourceLife; filters: SourceFilters },
): AmqpComposite<'source'> {
  const inForce = new Map([...(filter ?? [])].filter(([name]) => filters.names.includes(name)));
  return {
    ...{ type: 'source', address, timeout: 0, dynamic },
    ...lifetimes[life]({ durable, expiryPolicy }),
    ...(dynamic && { dynamicNodeProperties }),
    ...(distributionMode !== undefined && { distributionMode }),
    ...(inForce.size > 0 && { filter: inForce }),
    outcomes,
    ...grantedOf(capabilities, sourceCapabilities),
  };
}

type Lifetime = Pick<AmqpComposite<'source'>, 'durable' | 'expiryPolicy'>;

const lifetimes: Readonly<Record<SourceLife, (asked: Lifetime) => Lifetime>> = {
  named: ({ durable }) => ({ durable: Math.max(1, durable), expiryPolicy: 'never' }),
  node: (asked) => asked,
  link: ({ expiryPolicy }) => ({
    durable: 0,
    expiryPolicy: expiryPolicy === 'never' ? 'link-detach' : expiryPolicy,
  }),
};

function grantedOf(
  asked: readonly string[] | undefined,
  known: readonly string[],
): { capabilities?: readonly string[] } {
  const granted = (asked ?? []).filter((capability) => known.includes(capability));
  return granted.length === 0 ? {} : { capabilities: granted };
}
